/** Holds the lock of a data directory for a look at it from outside, without making or changing anything there. */
import { HeadgateError } from '../../error.ts'
import type { Disk } from '../../ports/disk.ts'
import { LOCK_FILE } from '../../ports/real-disk.ts'

/** Throws DataDirectoryInUse, and DataDirectoryUnusable where there is none. */
export async function whileUnused<Result>(
  disk: Disk,
  directory: string,
  look: () => Promise<Result>,
): Promise<Result> {
  const names = await namesIn(disk, directory)
  if (!names.includes('format.json') && !names.includes('superblock.0')) {
    throw notOne(directory, names.length === 0 ? 'an empty one' : 'one that holds something else')
  }
  // Without the file nobody ever had it open: a backup, for one.
  using _lock = names.includes(LOCK_FILE) ? await disk.directories.lock(directory) : undefined
  return await look()
}

async function namesIn(disk: Disk, directory: string): Promise<readonly string[]> {
  try {
    return await disk.directories.list(directory)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw notOne(directory, 'nothing there')
    }
    throw error
  }
}

function notOne(directory: string, got: string): HeadgateError {
  return new HeadgateError(
    'DataDirectoryUnusable',
    `expected a data directory of Headgate in ${directory}, got ${got}`,
    { hint: 'Name the directory that was given to headgate up --data-dir.' },
  )
}
