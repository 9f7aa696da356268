/**
 * Finds out what a journal holds: reads its files in order, and tells a torn end, which never happened, from damage to
 * what was durable, which nothing here may remove.
 */
import { join } from 'node:path'
import { HeadgateError } from '../error.ts'
import type { Disk, DiskFile } from '../ports/disk.ts'
import type { FrameContent, FrameHeader } from './frame.ts'
import { isPromised, type ScanEnd, scanFrames } from './journal-scan.ts'
import type { ClosedFile, Snapshot } from './snapshot.ts'

export interface RecoveredFile {
  readonly epoch: number
  readonly file: DiskFile
  /** How much of it counts. */
  readonly bytes: number
}

export interface Recovered {
  /** In order; the last one is where the journal ended. */
  readonly files: readonly RecoveredFile[]
  /** The last good frame. */
  readonly last: FrameHeader | undefined
  /** The last file ends with its last good frame and can be written on. */
  readonly clean: boolean
  readonly problem: HeadgateError | undefined
}

export interface RecoveryOptions {
  readonly disk: Disk
  readonly directory: string
  /** Called for each frame that counts, in order. */
  onFrame(content: FrameContent, epoch: number, position: number): void
}

export function journalPath(directory: string, epoch: number): string {
  return join(directory, `${String(epoch).padStart(8, '0')}.journal`)
}

export async function recoverJournal(options: RecoveryOptions): Promise<Recovered> {
  const { disk, directory } = options
  const recovery = new Recovery(options)
  const names = await disk.directories.list(directory)
  const epochs = names
    .map((name) => Number(/^(\d{8})\.journal$/.exec(name)?.[1]))
    .filter((epoch) => epoch > 0)
    .sort((left, right) => left - right)
  const closed = await recovery.findClosed(epochs)
  if (closed !== undefined) {
    for (const file of closed) if (!(await recovery.readClosed(file, epochs))) break
    await recovery.readLast(epochs.at(-1))
    await recovery.removeOthers(epochs, closed)
  }
  return recovery.result
}

class Recovery {
  readonly #options: RecoveryOptions
  readonly #files: RecoveredFile[] = []
  #last: FrameHeader | undefined
  #clean = false
  #problem: HeadgateError | undefined

  constructor(options: RecoveryOptions) {
    this.#options = options
  }

  get result(): Recovered {
    const [files, last, clean, problem] = [this.#files, this.#last, this.#clean, this.#problem]
    return { files, last, clean, problem }
  }

  /**
   * What the newest snapshot says is needed. A newest file without one was being made when the process ended, and is
   * dropped from `epochs` and from the disk.
   */
  async findClosed(epochs: number[]): Promise<readonly ClosedFile[] | undefined> {
    for (let epoch = epochs.at(-1); epoch !== undefined; epoch = epochs.at(-1)) {
      const file = await this.#open(epoch, 'read')
      try {
        const snapshot = await readSnapshot(file, epoch)
        if (snapshot !== undefined) return snapshot.closed
        if (await isPromised(file, epoch, 0, 0)) {
          this.#damage(epoch, 0)
          return undefined
        }
      } finally {
        await file.close()
      }
      await this.#remove(epoch)
      epochs.pop()
    }
    return []
  }

  /** False when the file is not what the snapshot says: nothing behind it can be trusted to follow. */
  async readClosed({ epoch, bytes }: ClosedFile, epochs: readonly number[]): Promise<boolean> {
    if (!epochs.includes(epoch)) {
      this.#problem = damaged(journalPath(this.#options.directory, epoch), 'is missing')
      return false
    }
    const file = await this.#open(epoch, 'read')
    const end = await this.#scan(file, epoch, bytes)
    this.#files.push({ epoch, file, bytes: end.position })
    if (end.position < bytes) this.#damage(epoch, end.position)
    return this.#problem === undefined
  }

  async readLast(epoch: number | undefined): Promise<void> {
    if (epoch === undefined || this.#problem !== undefined) return
    const file = await this.#open(epoch, 'update')
    const end = await this.#scan(file, epoch, Number.MAX_SAFE_INTEGER)
    this.#files.push({ epoch, file, bytes: end.position })
    this.#last = end.last
    this.#clean = end.clean
    if (end.clean) return
    const sequence = (end.last?.sequence ?? 0) + 1
    if (await isPromised(file, epoch, end.position, sequence)) this.#damage(epoch, end.position)
  }

  /** Files that no snapshot names any more: a removal that a crash undid. */
  async removeOthers(epochs: readonly number[], closed: readonly ClosedFile[]): Promise<void> {
    if (this.#problem !== undefined) return
    const needed = new Set(closed.map(({ epoch }) => epoch))
    for (const epoch of epochs.slice(0, -1)) if (!needed.has(epoch)) await this.#remove(epoch)
  }

  #scan(file: DiskFile, epoch: number, limit: number): Promise<ScanEnd> {
    const { onFrame } = this.#options
    return scanFrames(file, epoch, limit, (content, position) => onFrame(content, epoch, position))
  }

  #open(epoch: number, mode: 'update' | 'read'): Promise<DiskFile> {
    const { disk, directory } = this.#options
    return disk.files.open(journalPath(directory, epoch), mode)
  }

  async #remove(epoch: number): Promise<void> {
    const { disk, directory } = this.#options
    await disk.files.remove(journalPath(directory, epoch))
    await disk.directories.sync(directory)
  }

  #damage(epoch: number, position: number): void {
    const path = journalPath(this.#options.directory, epoch)
    this.#problem = damaged(path, `is damaged at byte ${position}`)
  }
}

async function readSnapshot(file: DiskFile, epoch: number): Promise<Snapshot | undefined> {
  let snapshot: Snapshot | undefined
  let frames = 0
  const stop = new Error('one frame is enough')
  try {
    await scanFrames(file, epoch, Number.MAX_SAFE_INTEGER, ({ entries }) => {
      const [entry] = entries
      if (frames++ > 0) throw stop
      if (typeof entry === 'object' && entry.kind === 'snapshot') snapshot = entry
    })
  } catch (error) {
    if (error !== stop) throw error
  }
  return snapshot
}

function damaged(path: string, how: string): HeadgateError {
  return new HeadgateError('LogCorrupt', `LogCorrupt: ${path}, which was durable, ${how}`, {
    hint: 'Nothing was changed. Restore the data directory from a copy; what lies before can be read.',
  })
}
