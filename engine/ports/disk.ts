/**
 * The disk as the engine sees it: positions and syncs are explicit, nothing is retried, and a write may be short.
 *
 * What is written is durable only after `sync` of its file, and a new, renamed or removed name only after `sync` of
 * its directory. Failures are the platform's errors with their `code` (EIO, ENOSPC, ENOENT).
 */

export interface Disk {
  readonly files: DiskFiles
  readonly directories: DiskDirectories
}

export interface DiskFiles {
  /**
   * `create` refuses a file that exists; the others one that does not. `journal` is `update` for the file that
   * acknowledgements wait for: its syncs wait behind no other user of the disk or of the thread pool.
   */
  open(path: string, mode: 'create' | 'update' | 'read' | 'journal'): Promise<DiskFile>
  /** Replaces what has the new name. */
  rename(from: string, to: string): Promise<void>
  /** A file, or a directory that is empty. */
  remove(path: string): Promise<void>
}

export interface DiskDirectories {
  /** With its parents; one that exists is fine. Each is durable once the directory that it is in was synced. */
  make(path: string): Promise<void>
  /** The names in it, those of directories too, in any order. */
  list(path: string): Promise<readonly string[]>
  sync(path: string): Promise<void>
  /**
   * Throws DataDirectoryInUse while another process, or another part of this one, holds it. Leaves a file `lock.db`
   * there.
   */
  lock(path: string): Promise<Disposable>
  /** Of the disk that the directory lies on. */
  space(path: string): Promise<DiskSpace>
}

export interface DiskSpace {
  readonly freeBytes: number
  readonly totalBytes: number
}

export interface DiskFile {
  /** Fills as much as is there; 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>
  /** How many bytes were written: at least one, perhaps not all. */
  write(bytes: Uint8Array, position: number): Promise<number>
  /** Once it failed, what was written since the last success is lost for good: never ask again. */
  sync(): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}
