/**
 * Finds out what a journal holds behind a point, and changes nothing: gives its sets in order, and tells a torn end,
 * which never happened, from damage to what was durable. What is sound behind damage is found again and given too.
 *
 * Records can hold what looks like a frame. So behind a break only frames count whose salt is that of the point or
 * of a frame at the very start of a file, where only the journal writes: nobody outside knows it.
 */
import type { Disk } from '../../ports/disk.ts'
import type { TailFrame } from '../tail.ts'
import { FRAME_ALIGN_BYTES, type FrameContent, type FrameHeader } from './frame.ts'
import { FrameWalk, startsSet, WalkedFile } from './frame-walk.ts'
import type { JournalPoint } from './journal.ts'
import { absentSlot, journalPath, journalSlots } from './journal-path.ts'

export interface RecoverOptions {
  readonly disk: Disk
  readonly directory: string
  /** Everything before it is known already. */
  readonly from: JournalPoint
  /** Known from elsewhere: every frame up to this sequence was durable. */
  readonly durableSequence: number
  /** What one commit wrote; the place is that of its first byte. The bytes may be kept: frames that lie side by side share memory. */
  onFrame(content: FrameContent, frame: TailFrame, place: JournalPlace): void
  /** Called between the frames before and behind the damage. A file that is missing is named as it would be made again. */
  onDamage(path: string, from: number, to: number, missing: boolean): void
}

export interface JournalPlace {
  readonly path: string
  readonly position: number
}

export interface JournalEnd {
  /** Of the next frame. */
  readonly sequence: number
  readonly previousCrc: number
  /** The highest that any frame has. */
  readonly epochLast: number
  /** Something was begun behind the end, and never happened. */
  readonly torn: boolean
  readonly damaged: boolean
  /** How much was given: sets, and their bytes on the disk. */
  readonly frames: number
  readonly bytes: number
}

export async function recoverJournal(options: RecoverOptions): Promise<JournalEnd> {
  const recovery = new Recovery(options)
  try {
    await recovery.open()
    return await recovery.run()
  } finally {
    await recovery.close()
  }
}

/** A frame that lies behind a break. */
interface LaterFrame {
  readonly file: WalkedFile
  readonly position: number
  readonly header: FrameHeader
}

class Recovery {
  readonly #options: RecoverOptions
  readonly #files: WalkedFile[] = []
  readonly #walk: FrameWalk
  #slots: readonly number[] = []
  #epochLast: number
  #frames = 0
  #bytes = 0

  constructor(options: RecoverOptions) {
    this.#options = options
    this.#walk = new FrameWalk(this.#files, options.from)
    this.#epochLast = options.from.epoch
  }

  async open(): Promise<void> {
    const { disk, directory, from } = this.#options
    this.#slots = journalSlots(await disk.directories.list(directory))
    for (const slot of this.#slots) {
      const file = await WalkedFile.open(disk, journalPath(directory, slot))
      this.#files.push(file)
      // The start of the file is not needed any more: it may be damaged.
      const header = file.head ?? (await file.headerAt(from.position))
      if (header?.epoch !== from.epoch || header.salt !== from.salt) continue
      file.epoch = from.epoch
      file.walked = from.position
    }
  }

  async close(): Promise<void> {
    for (const file of this.#files) await file.close()
  }

  async run(): Promise<JournalEnd> {
    await this.#replay()
    const later = await this.#survey()
    const promised = later.reduce(
      (highest, { header }) => Math.max(highest, header.synced),
      this.#options.durableSequence,
    )
    const walk = this.#walk
    const damaged = promised >= walk.point.sequence
    let lost = false
    while (promised >= walk.point.sequence && !lost) {
      const { sequence } = walk.point
      const next = later.find(({ header }) => header.sequence > sequence && startsSet(header))
      this.#reportDamage(next)
      if (next === undefined) {
        lost = true
      } else {
        const { file, position, header } = next
        file.epoch = header.epoch
        const { epoch, previousCrc, salt } = header
        walk.point = { epoch, position, sequence: header.sequence, previousCrc, salt }
        await this.#replay()
      }
    }
    const { sequence, previousCrc } = walk.point
    return {
      sequence: lost ? promised + 1 : sequence,
      previousCrc,
      epochLast: this.#epochLast,
      torn: !lost && later.some(({ header }) => header.sequence >= sequence),
      damaged,
      frames: this.#frames,
      bytes: this.#bytes,
    }
  }

  async #replay(): Promise<void> {
    for (;;) {
      const set = await this.#walk.next()
      if (set === undefined) return
      const { content, frame, file, position, byteLength } = set
      this.#options.onFrame(content, frame, { path: file.path, position })
      this.#frames++
      this.#bytes += byteLength
    }
  }

  /** Every frame that lies behind the break, in order; looks through all that was not followed. */
  async #survey(): Promise<readonly LaterFrame[]> {
    const { point } = this.#walk
    const salts = new Set([this.#options.from.salt, ...this.#files.map(({ head }) => head?.salt)])
    const later: LaterFrame[] = []
    for (const file of this.#files) {
      if (file.head !== undefined) this.#epochLast = Math.max(this.#epochLast, file.head.epoch)
      const start = Math.ceil(file.walked / FRAME_ALIGN_BYTES) * FRAME_ALIGN_BYTES
      for (let position = start; position < file.size; position += FRAME_ALIGN_BYTES) {
        const header = await file.headerAt(position)
        if (header === undefined || !salts.has(header.salt)) continue
        this.#epochLast = Math.max(this.#epochLast, header.epoch)
        if (header.sequence < point.sequence || header.epoch < point.epoch) continue
        later.push({ file, position, header })
      }
    }
    return later.sort((left, right) => left.header.sequence - right.header.sequence)
  }

  /** From where the walk ended to the frame that it goes on with, or to the end of all. */
  #reportDamage(next: LaterFrame | undefined): void {
    const { onDamage, directory } = this.#options
    const { epoch, position } = this.#walk.point
    const broken = this.#files.find((file) => file.epoch === epoch)
    if (broken !== undefined && next?.file === broken && next.header.epoch === epoch) {
      onDamage(broken.path, position, next.position, false)
      return
    }
    const known = broken === undefined ? epoch - 1 : epoch
    const missing =
      next === undefined ? Number(broken === undefined) : next.header.epoch - known - 1
    if (missing > 0) {
      const slot = absentSlot(this.#slots)
      const headless = this.#files.find((file) => file.epoch === undefined)
      // Without a gap among the slots it may still be there, with nothing left at its start that tells.
      if (slot < this.#slots.length || headless === undefined) {
        onDamage(journalPath(directory, slot), 0, 0, true)
      } else {
        onDamage(headless.path, 0, headless.size, false)
      }
    } else if (broken !== undefined && (next === undefined || next.position === 0)) {
      onDamage(broken.path, Math.min(position, broken.size), broken.size, false)
    }
    if (next !== undefined && next.position > 0) onDamage(next.file.path, 0, next.position, false)
  }
}
