/** Puts frames into the journal's files: where each goes, what it follows, and what is known to be durable. */
import { crc32 } from 'node:zlib'
import { HeadgateError } from '../../error.ts'
import type { Disk } from '../../ports/disk.ts'
import type { Logger } from '../../ports/logger.ts'
import type { FrameBuffers } from '../frame-buffers.ts'
import {
  alignFrame,
  FRAME_ALIGN_BYTES,
  FRAME_FLAG_LAST,
  FRAME_FLAG_PART,
  FRAME_HEADER_BYTES,
  type FrameLayout,
  type FramePlace,
  writeFrameHeader,
} from './frame.ts'
import { type ClosedFrame, GrowingFrame } from './frame-builder.ts'
import {
  FRAME_BODY_BYTES_MAX,
  type FrameBuilder,
  type Journal,
  type JournalPoint,
  type JournalSizes,
} from './journal.ts'
import { JournalFiles } from './journal-files.ts'
import { writeOrRefuse } from './write-or-refuse.ts'

export interface JournalOptions {
  readonly disk: Disk
  readonly directory: string
  readonly logger?: Logger
  /** Of files that are made; one that is there keeps its size. */
  readonly sizes: JournalSizes
  readonly start: JournalStart
  /** Memory for frames. */
  readonly buffers: FrameBuffers
}

/** Where a journal goes on, in files that hold nothing any more that no durable checkpoint holds. */
export interface JournalStart extends Omit<JournalPoint, 'position'> {
  /** Above all that were ever used. */
  readonly epoch: number
}

export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { disk, directory, logger, sizes, start, buffers } = options
  const { epoch } = start
  return new DiskJournal(
    await JournalFiles.open({ disk, directory, logger, sizes, epoch }),
    start,
    buffers,
  )
}

class DiskJournal implements Journal {
  readonly #files: JournalFiles
  readonly #buffers: FrameBuffers
  readonly #salt: number
  /** Of the frame, or part, that is written next. */
  #sequence: number
  #previousCrc: number
  #writtenSequence: number
  #syncedSequence: number
  #open: FrameBuilder | undefined
  #expectedBytes = 0
  #syncing: Promise<void> = Promise.resolve()
  #failure: unknown

  constructor(
    files: JournalFiles,
    { salt, sequence, previousCrc }: JournalStart,
    buffers: FrameBuffers,
  ) {
    this.#files = files
    this.#buffers = buffers
    this.#salt = salt
    this.#sequence = sequence
    this.#previousCrc = previousCrc
    this.#writtenSequence = sequence - 1
    this.#syncedSequence = sequence - 1
  }

  get point(): JournalPoint {
    const previousCrc = this.#previousCrc
    return { ...this.#files.place, sequence: this.#sequence, previousCrc, salt: this.#salt }
  }

  get syncedSequence(): number {
    return this.#syncedSequence
  }

  get usedBytes(): number {
    return this.#files.usedBytes
  }

  get capacityBytes(): number {
    return this.#files.capacityBytes
  }

  begin(): FrameBuilder {
    this.#open = new GrowingFrame(this.#sequence, this.#expectedBytes, this.#buffers)
    return this.#open
  }

  fits({ byteLength }: FrameBuilder): boolean {
    const pieceBytesMax = this.#bodyBytesMax
    return byteLength - FRAME_HEADER_BYTES <= pieceBytesMax
      ? this.#files.hasRoom(1, alignFrame(byteLength))
      : this.#files.hasRoom(
          Math.ceil(byteLength / pieceBytesMax),
          alignFrame(FRAME_HEADER_BYTES + pieceBytesMax),
        )
  }

  async write(frame: FrameBuilder): Promise<Buffer> {
    this.#refuseAfterFailure()
    if (frame !== this.#open || !(frame instanceof GrowingFrame)) {
      throw new HeadgateError('Internal', 'expected the frame begun last, got another one')
    }
    this.#open = undefined
    const closed = frame.close()
    try {
      if (closed.byteLength - FRAME_HEADER_BYTES <= this.#bodyBytesMax) {
        await this.#append(closed.bytes, closed.layout)
      } else {
        await this.#appendParts(closed)
      }
    } catch (error) {
      if (!isDiskFullError(error)) this.#failure = error
      throw error
    }
    this.#writtenSequence = this.#sequence - 1
    // Frames of a steady load differ a little in size.
    this.#expectedBytes = alignFrame(closed.byteLength * 1.25)
    return closed.bytes
  }

  sync(): Promise<void> {
    const written = this.#writtenSequence
    this.#syncing = this.#syncing.then(async () => {
      this.#refuseAfterFailure()
      try {
        await this.#files.sync()
      } catch (error) {
        this.#failure = error
        throw error
      }
      this.#syncedSequence = written
    })
    return this.#syncing
  }

  release(point: JournalPoint): void {
    this.#files.release(point)
  }

  stopReleasing(reason: unknown): void {
    this.#files.stopReleasing(reason)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#files[Symbol.asyncDispose]()
  }

  /** Frames of at most a quarter of a file leave little of it unused. */
  get #bodyBytesMax(): number {
    const quarter = this.#files.smallestBytes / 4
    const frameBytes = quarter - (quarter % FRAME_ALIGN_BYTES)
    return Math.min(FRAME_BODY_BYTES_MAX, frameBytes - FRAME_HEADER_BYTES)
  }

  async #append(bytes: Buffer, layout: FrameLayout): Promise<void> {
    const file = await this.#files.reserve(bytes.length)
    const crc = writeFrameHeader(bytes, { ...this.#placeIn(file.epoch), ...layout })
    await writeOrRefuse(file.file, bytes, file.end)
    this.#files.wrote(file, bytes.length)
    this.#sequence++
    this.#previousCrc = crc
  }

  async #appendParts({ bytes, byteLength, layout }: ClosedFrame): Promise<void> {
    const pieceBytesMax = this.#bodyBytesMax
    const parts = Math.ceil(byteLength / pieceBytesMax)
    await this.#files.reserveAll(parts, alignFrame(FRAME_HEADER_BYTES + pieceBytesMax))
    writeFrameHeader(bytes, { ...this.#placeIn(this.#files.place.epoch), ...layout })
    for (let index = 0; index < parts; index++) {
      const start = index * pieceBytesMax
      const piece = bytes.subarray(start, Math.min(start + pieceBytesMax, byteLength))
      const last = index === parts - 1 ? FRAME_FLAG_LAST : 0
      try {
        await this.#append(partOf(piece), {
          batchesBytes: piece.length,
          batchCount: index,
          entriesBytes: 0,
          entriesCrc: crc32(piece),
          flags: FRAME_FLAG_PART | last,
        })
      } catch (error) {
        // Something was taken before: it is too late to say that nothing happened.
        throw index > 0 && isDiskFullError(error) ? error.cause : error
      }
    }
  }

  #placeIn(epoch: number): FramePlace {
    return {
      epoch,
      salt: this.#salt,
      sequence: this.#sequence,
      synced: this.#syncedSequence,
      previousCrc: this.#previousCrc,
    }
  }

  #refuseAfterFailure(): void {
    if (this.#failure !== undefined) throw this.#failure
  }
}

function isDiskFullError(error: unknown): error is HeadgateError {
  return error instanceof HeadgateError && error.code === 'DiskFull'
}

/** A frame with the piece behind a header that is still to be written. */
function partOf(piece: Buffer): Buffer {
  const end = FRAME_HEADER_BYTES + piece.length
  const bytes = Buffer.allocUnsafeSlow(alignFrame(end))
  piece.copy(bytes, FRAME_HEADER_BYTES)
  return bytes.fill(0, end)
}
