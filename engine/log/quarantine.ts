/** Puts aside what cannot be explained, for a person to look at: nothing here, or anywhere, removes it. */
import { basename, dirname, join } from 'node:path'
import type { Disk } from '../ports/disk.ts'
import type { Logger } from '../ports/logger.ts'
import type { DataPaths } from './data-directory.ts'

/** Under their names, with a number where one of that name lies there. */
export async function quarantine(
  disk: Disk,
  paths: DataPaths,
  files: readonly string[],
  logger?: Logger,
): Promise<void> {
  if (files.length === 0) return
  const taken = new Set(await disk.directories.list(paths.quarantine))
  for (const file of files) {
    const name = freeName(`${basename(dirname(file))}-${basename(file)}`, taken)
    taken.add(name)
    await disk.files.rename(file, join(paths.quarantine, name))
    logger?.warn('A file that nothing explains was put aside', { file, name })
  }
  await disk.directories.sync(paths.quarantine)
  for (const directory of new Set(files.map((file) => dirname(file)))) {
    await disk.directories.sync(directory)
  }
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name
  for (let count = 1; taken.has(free); count++) free = `${name}.${count}`
  return free
}
