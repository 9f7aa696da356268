/**
 * A file that acknowledgements wait for, which nothing else may hold up. The thread pool is shared with name look-ups,
 * compression and every read of a file, and a sync behind four slow ones takes a hundred times as long; so this file
 * uses it for neither.
 *
 * 1. A write goes to the page cache on the calling thread: a hundred kilobytes take tens of microseconds there, less
 *    than it takes to hand them to another thread. It is as short as the system made it.
 * 2. A sync goes to the one thread of the process that does nothing else: sync-thread.ts.
 */
import { writeSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { DiskFile } from './disk.ts'
import { RealFile } from './real-file.ts'
import { SyncThread, systemFailure } from './sync-thread.ts'

const EBADF = -9

const syncThread = new SyncThread()

export class JournalFile implements DiskFile {
  readonly #handle: FileHandle
  readonly #file: RealFile
  readonly #thread: SyncThread
  readonly #syncs = new Set<Promise<void>>()
  #closed = false

  constructor(handle: FileHandle, thread: SyncThread = syncThread) {
    this.#handle = handle
    this.#file = new RealFile(handle)
    this.#thread = thread
    thread.acquire()
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return this.#file.read(into, position)
  }

  async write(bytes: Uint8Array, position: number): Promise<number> {
    if (this.#closed) throw systemFailure(EBADF, 'write')
    return writeSync(this.#handle.fd, bytes, 0, bytes.length, position)
  }

  async sync(): Promise<void> {
    if (this.#closed) throw systemFailure(EBADF, 'fdatasync')
    const sync = this.#thread.sync(this.#handle.fd)
    this.#syncs.add(sync)
    try {
      await sync
    } finally {
      this.#syncs.delete(sync)
    }
  }

  size(): Promise<number> {
    return this.#file.size()
  }

  /** After its syncs: the number of a closed file is soon that of another, and their syncs would be taken for ours. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    try {
      await Promise.allSettled(this.#syncs)
      await this.#handle.close()
    } finally {
      this.#thread.release()
    }
  }
}
