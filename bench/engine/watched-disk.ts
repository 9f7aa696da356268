/** The real disk, with every call told: how many syncs there were and of how many bytes, and what goes on while idle. */
import type { Disk, DiskDirectories, DiskFile, DiskFiles } from '../../engine/ports/disk.ts'
import { realDisk } from '../../engine/ports/real-disk.ts'

export interface DiskCall {
  readonly kind: 'open' | 'name' | 'read' | 'write' | 'sync'
  /** On the file or directory that acknowledgements wait for. */
  readonly journal: boolean
  readonly bytes: number
}

export interface DiskCounts {
  syncs: number
  writes: number
  writtenBytes: number
  readBytes: number
}

export class WatchedDisk implements Disk {
  /** Called before each call, as it is made. */
  onCall: ((call: DiskCall) => void) | undefined
  journal: DiskCounts = noCounts()
  /** Everything but the journal. */
  rest: DiskCounts = noCounts()

  readonly files: DiskFiles = {
    open: async (path, mode) => {
      const journal = isJournal(path)
      this.tell({ kind: mode === 'create' ? 'name' : 'open', journal, bytes: 0 })
      return new WatchedFile(await realDisk.files.open(path, mode), this, journal)
    },
    rename: (from, to) => {
      this.tell({ kind: 'name', journal: isJournal(to), bytes: 0 })
      return realDisk.files.rename(from, to)
    },
    remove: (path) => {
      this.tell({ kind: 'name', journal: isJournal(path), bytes: 0 })
      return realDisk.files.remove(path)
    },
  }

  readonly directories: DiskDirectories = {
    make: (path) => realDisk.directories.make(path),
    list: (path) => realDisk.directories.list(path),
    sync: (path) => {
      this.tell({ kind: 'name', journal: isJournal(path), bytes: 0 })
      return realDisk.directories.sync(path)
    },
    lock: (path) => realDisk.directories.lock(path),
    space: (path) => realDisk.directories.space(path),
  }

  reset(): void {
    this.journal = noCounts()
    this.rest = noCounts()
  }

  counts(journal: boolean): DiskCounts {
    return journal ? this.journal : this.rest
  }

  tell(call: DiskCall): void {
    const counts = this.counts(call.journal)
    if (call.kind === 'sync') counts.syncs++
    if (call.kind === 'write') {
      counts.writes++
      counts.writtenBytes += call.bytes
    }
    this.onCall?.(call)
  }
}

class WatchedFile implements DiskFile {
  readonly #file: DiskFile
  readonly #disk: WatchedDisk
  readonly #journal: boolean
  /** Frames in it that no sync covers yet. */
  #framesUnsynced = false

  constructor(file: DiskFile, disk: WatchedDisk, journal: boolean) {
    this.#file = file
    this.#disk = disk
    this.#journal = journal
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    this.#disk.tell({ kind: 'read', journal: this.#journal, bytes: 0 })
    const count = await this.#file.read(into, position)
    this.#disk.counts(this.#journal).readBytes += count
    return count
  }

  write(bytes: Uint8Array, position: number): Promise<number> {
    // What fills a journal's file with zeros ahead is no frame, and no acknowledgement waits for it.
    const journal = this.#journal && bytes[0] !== 0
    this.#framesUnsynced ||= journal
    this.#disk.tell({ kind: 'write', journal, bytes: bytes.length })
    return this.#file.write(bytes, position)
  }

  sync(): Promise<void> {
    this.#disk.tell({ kind: 'sync', journal: this.#framesUnsynced, bytes: 0 })
    this.#framesUnsynced = false
    return this.#file.sync()
  }

  size(): Promise<number> {
    return this.#file.size()
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

function isJournal(path: string): boolean {
  return /[\\/]journal([\\/]|$)/.test(path)
}

function noCounts(): DiskCounts {
  return { syncs: 0, writes: 0, writtenBytes: 0, readBytes: 0 }
}
