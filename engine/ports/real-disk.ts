/** The operating system's file system, and a lock that the kernel frees when the process ends, however it ends. */
import { mkdir, open, readdir, rename, rmdir, statfs, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { HeadgateError } from '../error.ts'
import type { Disk, DiskDirectories, DiskFiles } from './disk.ts'
import { JournalFile } from './journal-file.ts'
import { RealFile } from './real-file.ts'

export const LOCK_FILE = 'lock.db'
const FLAGS = { create: 'wx+', update: 'r+', read: 'r', journal: 'r+' } as const

export class RealDisk implements Disk {
  readonly files: DiskFiles = {
    open: async (path, mode) => {
      const handle = await open(path, FLAGS[mode], 0o600)
      return mode === 'journal' ? new JournalFile(handle) : new RealFile(handle)
    },
    rename: (from, to) => rename(from, to),
    remove,
  }

  readonly directories: DiskDirectories = {
    make: async (path) => {
      await mkdir(path, { recursive: true, mode: 0o700 })
    },
    list: (path) => readdir(path),
    sync: syncDirectory,
    lock: async (path) => lockDirectory(path),
    space: async (path) => {
      const { bavail, blocks, bsize } = await statfs(path)
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
    },
  }
}

export const realDisk: Disk = new RealDisk()

/** Asked of a directory, `unlink` says EISDIR on Linux and EPERM elsewhere. */
async function remove(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EISDIR' && code !== 'EPERM') throw error
    await rmdir(path)
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** An exclusive transaction that is never ended: process ids and boot ids mean nothing across containers. */
function lockDirectory(path: string): Disposable {
  const database = new DatabaseSync(join(path, LOCK_FILE))
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    const busy = error instanceof Error && /locked|busy/i.test(error.message)
    if (!busy) {
      throw new HeadgateError('DataDirectoryUnusable', `cannot lock data directory ${path}`, {
        cause: error,
        hint: 'Look at its permissions and the space on its disk.',
      })
    }
    throw dataDirectoryInUse(path, error)
  }
  return { [Symbol.dispose]: () => database.isOpen && database.close() }
}

export function dataDirectoryInUse(path: string, cause?: unknown): HeadgateError {
  return new HeadgateError(
    'DataDirectoryInUse',
    `expected data directory ${path} to be free, got one that another process holds`,
    { cause, hint: 'Stop the other process, or choose another data directory.' },
  )
}
