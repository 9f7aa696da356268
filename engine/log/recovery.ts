/**
 * Finds out what a journal holds: reads its files in order, and tells a torn end, which never happened, from damage to
 * what was durable, which nothing here may remove. What is sound behind damage is found again and counts.
 */
import { join } from 'node:path'
import type { HeadgateError } from '../error.ts'
import type { Disk, DiskFile } from '../ports/disk.ts'
import type { FrameContent, FrameHeader } from './frame.ts'
import { findFrame, isPromised, type ScanEnd, scanFrames } from './journal-scan.ts'
import type { Snapshot } from './snapshot.ts'

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
  /** Durable data is damaged: the journal may be read, and not written. */
  readonly problem: HeadgateError | undefined
}

export interface RecoveryOptions {
  readonly disk: Disk
  readonly directory: string
  /** Called for each frame that counts, in order. */
  onFrame(content: FrameContent, epoch: number, position: number): void
  /** Called between the frames before and behind the damage. */
  onDamage(path: string, from: number, to: number, missing: boolean): void
  /** Called after damage, with what the next file says was there when it began: streams may have come within it. */
  onAhead(snapshot: Snapshot): void
  /** What `onDamage` came to. */
  problem(): HeadgateError | undefined
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
  const needed = await recovery.findNeeded(epochs)
  for (const [index, file] of needed.entries()) {
    await recovery.read(file, epochs, needed.slice(index + 1))
  }
  await recovery.removeOthers(epochs, needed)
  return recovery.result
}

/** A file to be read, and how much of it counts where a later snapshot says so. */
interface NeededFile {
  readonly epoch: number
  readonly bytes: number | undefined
}

class Recovery {
  readonly #options: RecoveryOptions
  readonly #files: RecoveredFile[] = []
  #end: ScanEnd | undefined
  #damaged = false

  constructor(options: RecoveryOptions) {
    this.#options = options
  }

  get result(): Recovered {
    const { last, clean = false } = this.#end ?? {}
    return { files: this.#files, last, clean, problem: this.#options.problem() }
  }

  /**
   * What the newest snapshot says is needed, then the newest file itself. A newest file without a snapshot was being
   * made when the process ended, and is dropped from `epochs` and from the disk; but one that was used since is
   * damaged at its head, and what the files before it say counts.
   */
  async findNeeded(epochs: number[]): Promise<readonly NeededFile[]> {
    const headless: NeededFile[] = []
    for (let epoch = epochs.at(-1); epoch !== undefined; ) {
      const file = await this.#open(epoch, 'read')
      try {
        const snapshot = await readSnapshot(file, epoch)
        if (snapshot !== undefined) {
          return [...snapshot.closed, { epoch, bytes: undefined }, ...headless]
        }
        if (await isPromised(file, epoch, 0, 0)) headless.unshift({ epoch, bytes: undefined })
        else if (headless.length > 0) headless.unshift({ epoch, bytes: await file.size() })
      } finally {
        await file.close()
      }
      if (headless[0]?.epoch !== epoch) {
        await this.#remove(epoch)
        epochs.splice(epochs.indexOf(epoch), 1)
      }
      epoch = epochs.findLast((earlier) => headless.every((file) => earlier < file.epoch))
    }
    return headless
  }

  async read(
    { epoch, bytes }: NeededFile,
    epochs: readonly number[],
    later: readonly NeededFile[],
  ): Promise<void> {
    if (!epochs.includes(epoch)) {
      this.#damage(epoch, 0, bytes ?? 0, true)
      return
    }
    const file = await this.#open(epoch, epoch === epochs.at(-1) ? 'update' : 'read')
    const limit = bytes ?? Number.MAX_SAFE_INTEGER
    let end = await this.#scan(file, epoch, limit, 0)
    while (await isDamaged(file, epoch, bytes, end)) {
      const from = end.position
      const resumedAt = await findFrame(file, epoch, limit, from, end.last)
      this.#damage(epoch, from, resumedAt ?? bytes ?? (await file.size()), false)
      if (resumedAt === undefined) break
      await this.#lookAhead(later.filter((file) => epochs.includes(file.epoch)))
      const { last } = end
      end = await this.#scan(file, epoch, limit, resumedAt)
      end = { ...end, last: end.last ?? last }
    }
    this.#files.push({ epoch, file, bytes: end.position })
    this.#end = end
  }

  /** Files that no snapshot names any more: a removal that a crash undid. */
  async removeOthers(epochs: readonly number[], needed: readonly NeededFile[]): Promise<void> {
    if (this.#damaged) return
    const kept = new Set(needed.map(({ epoch }) => epoch))
    for (const epoch of epochs) if (!kept.has(epoch)) await this.#remove(epoch)
  }

  async #lookAhead(later: readonly NeededFile[]): Promise<void> {
    for (const { epoch } of later) {
      const file = await this.#open(epoch, 'read')
      const snapshot = await readSnapshot(file, epoch).finally(() => file.close())
      if (snapshot === undefined) continue
      this.#options.onAhead(snapshot)
      return
    }
  }

  #scan(file: DiskFile, epoch: number, limit: number, resumedAt: number): Promise<ScanEnd> {
    const onFrame = (content: FrameContent, position: number): void =>
      this.#options.onFrame(content, epoch, position)
    return scanFrames(file, epoch, limit, onFrame, resumedAt)
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

  #damage(epoch: number, from: number, to: number, missing: boolean): void {
    this.#damaged = true
    this.#options.onDamage(journalPath(this.#options.directory, epoch), from, to, missing)
  }
}

/** Less than a snapshot counted, or something that a later frame says was durable. */
async function isDamaged(
  file: DiskFile,
  epoch: number,
  bytes: number | undefined,
  { position, last, clean }: ScanEnd,
): Promise<boolean> {
  if (bytes !== undefined) return position < bytes
  return !clean && (await isPromised(file, epoch, position, (last?.sequence ?? 0) + 1))
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
