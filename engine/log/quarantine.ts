/** Puts aside what cannot be explained, for a person to look at: nothing here, or anywhere, removes it. */
import { basename, dirname, join } from 'node:path'
import type { Disk } from '../ports/disk.ts'
import type { Logger } from '../ports/logger.ts'
import { copyFile } from './copy-file.ts'
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

/** Copies of what is about to be changed; what is not there is passed over. Gives the names that they got. */
export async function quarantineCopies(
  disk: Disk,
  paths: DataPaths,
  files: readonly string[],
): Promise<readonly string[]> {
  await disk.directories.make(paths.quarantine)
  const taken = new Set(await disk.directories.list(paths.quarantine))
  const copies: string[] = []
  for (const file of files) {
    if (!(await isThere(disk, file))) continue
    const name = freeName(`${basename(dirname(file))}-${basename(file)}`, taken)
    taken.add(name)
    copies.push(name)
    await copyFile(disk, file, join(paths.quarantine, name))
  }
  await disk.directories.sync(paths.quarantine)
  await disk.directories.sync(paths.root)
  return copies
}

async function isThere(disk: Disk, file: string): Promise<boolean> {
  return (await disk.directories.list(dirname(file))).includes(basename(file))
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name
  for (let count = 1; taken.has(free); count++) free = `${name}.${count}`
  return free
}
