/**
 * Makes a data directory out of a backup: copies it, verifies the copy to the last byte, and gives it its name only then.
 */
import { dirname, join } from 'node:path'
import type { Disk } from '../ports/disk.ts'
import { putInPlace, refuseHolding, refuseUnsound, removeTree } from './backup.ts'
import { copyFile } from './copy-file.ts'
import { dataPaths } from './data-directory.ts'

export interface RestoreOptions {
  readonly disk: Disk
  readonly backup: string
  /** It is made. */
  readonly directory: string
  /** Files at the root to take along besides the engine's own. */
  readonly files: readonly string[]
}

const OWN_FILES = ['superblock.0', 'superblock.1'] as const
const MARKER = 'format.json'

/** Gives how many bytes were copied. The caller holds the backup's lock, or knows that nobody writes there. */
export async function restoreBackup(options: RestoreOptions): Promise<number> {
  const { disk, backup, directory } = options
  await refuseHolding(disk, directory)
  const incomplete = `${directory}.incomplete`
  await refuseHolding(disk, incomplete)
  await refuseUnsound(disk, backup)
  try {
    const bytes = await copyAll(options, incomplete)
    await refuseUnsound(disk, incomplete)
    await putInPlace(disk, incomplete, directory)
    return bytes
  } catch (error) {
    await removeTree(disk, incomplete).catch(() => {})
    throw error
  }
}

/** The marker last: without it, what lies there is no data directory. */
async function copyAll(
  { disk, backup, files }: RestoreOptions,
  incomplete: string,
): Promise<number> {
  const from = dataPaths(backup)
  const { root, ...parts } = dataPaths(incomplete)
  for (const path of Object.values(parts)) await disk.directories.make(path)
  let bytes = 0
  for (const part of ['journal', 'checkpoint'] as const) {
    bytes += await copyFiles(disk, from[part], parts[part])
  }
  for (const directory of await disk.directories.list(from.streams)) {
    const target = join(parts.streams, directory)
    await disk.directories.make(target)
    bytes += await copyFiles(disk, join(from.streams, directory), target)
  }
  await disk.directories.sync(parts.streams)
  const names = await disk.directories.list(backup)
  const wanted = [...OWN_FILES, ...files].filter((name) => names.includes(name))
  for (const name of [...wanted, MARKER]) {
    bytes += await copyFile(disk, join(backup, name), join(root, name))
    await disk.directories.sync(root)
  }
  await disk.directories.sync(dirname(root))
  return bytes
}

async function copyFiles(disk: Disk, from: string, to: string): Promise<number> {
  let bytes = 0
  for (const name of await disk.directories.list(from)) {
    bytes += await copyFile(disk, join(from, name), join(to, name))
  }
  await disk.directories.sync(to)
  return bytes
}
