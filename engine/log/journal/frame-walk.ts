/**
 * Follows the frames of a journal from a point on, from file to file, as far as each continues the one before. It
 * finds; what it means that there is no more is judged by recovery.
 */
import type { Disk, DiskFile } from '../../ports/disk.ts'
import { corrupt } from '../batch-header.ts'
import type { TailFrame } from '../tail.ts'
import {
  alignFrame,
  FRAME_FLAG_LAST,
  FRAME_FLAG_PART,
  FRAME_HEADER_BYTES,
  type FrameContent,
  type FrameHeader,
  frameBytes,
  readFrame,
  readFrameHeader,
  readPart,
} from './frame.ts'
import { FRAME_BODY_BYTES_MAX, type JournalPoint } from './journal.ts'
import { ScanWindow } from './scan-window.ts'

/** A journal file as recovery sees it. */
export class WalkedFile {
  readonly path: string
  readonly size: number
  /** The frame at its start, where a sound header lies there. Only the journal writes there, so it can be trusted. */
  readonly head: FrameHeader | undefined
  /** What the file is used for, where that is known. */
  epoch: number | undefined
  /** Up to here it was followed. */
  walked = 0
  readonly #file: DiskFile
  readonly #window: ScanWindow

  private constructor(path: string, file: DiskFile, size: number, start: Buffer) {
    this.path = path
    this.#file = file
    this.size = size
    this.head = readFrameHeader(start)
    this.epoch = this.head?.epoch
    this.#window = new ScanWindow(file, size)
  }

  static async open(disk: Disk, path: string): Promise<WalkedFile> {
    const file = await disk.files.open(path, 'read')
    try {
      const start = Buffer.alloc(FRAME_HEADER_BYTES)
      const count = await file.read(start, 0)
      return new WalkedFile(path, file, await file.size(), start.subarray(0, count))
    } catch (error) {
      await file.close()
      throw error
    }
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async headerAt(position: number): Promise<FrameHeader | undefined> {
    return readFrameHeader(await this.read(position, FRAME_HEADER_BYTES))
  }

  /** Less than asked for at the end of the file. Most often it is at hand, and no promise is made. */
  read(position: number, length: number): Buffer | Promise<Buffer> {
    return this.#window.peek(position, length) ?? this.#window.read(position, length)
  }
}

/** One frame on the disk: a whole one, or a part. */
interface FoundFrame {
  readonly file: WalkedFile
  readonly position: number
  readonly header: FrameHeader
  /** With its padding. */
  readonly bytes: Buffer
}

/** What one commit wrote. */
export interface FoundSet {
  readonly content: FrameContent
  readonly frame: TailFrame
  readonly file: WalkedFile
  readonly position: number
  /** On the disk. */
  readonly byteLength: number
}

export class FrameWalk {
  /** Where the next frame goes. */
  point: JournalPoint
  readonly #files: readonly WalkedFile[]

  constructor(files: readonly WalkedFile[], point: JournalPoint) {
    this.#files = files
    this.point = point
  }

  /** The next set, all of it; undefined where none lies. */
  async next(): Promise<FoundSet | undefined> {
    const first = await this.#find(this.point)
    if (first === undefined) return undefined
    const found = [first]
    for (let last = first; isUnfinished(last.header); ) {
      const next = await this.#find(pointBehind(last))
      if (next === undefined) return undefined
      found.push(next)
      last = next
    }
    const set = contentOf(found)
    if (set === undefined) return undefined
    let byteLength = 0
    for (const frame of found) {
      byteLength += frame.bytes.length
      frame.file.walked = frame.position + frame.bytes.length
      this.point = pointBehind(frame)
    }
    return { ...set, file: first.file, position: first.position, byteLength }
  }

  /** Right there, or at the start of a file that was used later: of two, the last one is what counts. */
  async #find(point: JournalPoint): Promise<FoundFrame | undefined> {
    const file = this.#files.find(({ epoch }) => epoch === point.epoch)
    const here = file && (await frameAt(file, point.position, point))
    if (here !== undefined) return here
    let next: WalkedFile | undefined
    for (const file of this.#files) {
      const { head } = file
      if (head === undefined || head.epoch <= (next?.epoch ?? point.epoch)) continue
      if (head.sequence === point.sequence && head.previousCrc === point.previousCrc) next = file
    }
    if (next?.head === undefined) return undefined
    const { epoch, salt } = next.head
    return await frameAt(next, 0, { ...point, epoch, salt })
  }
}

export function startsSet({ flags, batchCount }: FrameHeader): boolean {
  return (flags & FRAME_FLAG_PART) === 0 || batchCount === 0
}

function isUnfinished({ flags }: FrameHeader): boolean {
  return (flags & FRAME_FLAG_PART) !== 0 && (flags & FRAME_FLAG_LAST) === 0
}

function pointBehind({ header, position, bytes }: FoundFrame): JournalPoint {
  return {
    epoch: header.epoch,
    position: position + bytes.length,
    sequence: header.sequence + 1,
    previousCrc: header.crc,
    salt: header.salt,
  }
}

async function frameAt(
  file: WalkedFile,
  position: number,
  point: JournalPoint,
): Promise<FoundFrame | undefined> {
  const header = await file.headerAt(position)
  if (header === undefined || !continues(header, point)) return undefined
  const length = alignFrame(frameBytes(header))
  // The padding belongs to the frame: without it the file was cut.
  if (frameBytes(header) - FRAME_HEADER_BYTES > FRAME_BODY_BYTES_MAX) return undefined
  if (position + length > file.size) return undefined
  const bytes = await file.read(position, length)
  return bytes.length < length ? undefined : { file, position, header, bytes }
}

function continues(header: FrameHeader, point: JournalPoint): boolean {
  return (
    header.epoch === point.epoch &&
    header.salt === point.salt &&
    header.sequence === point.sequence &&
    header.previousCrc === point.previousCrc
  )
}

/** Undefined where a crc does not fit, or the parts are not those of one set. */
function contentOf(found: readonly FoundFrame[]): Pick<FoundSet, 'content' | 'frame'> | undefined {
  const [first] = found
  if (first === undefined) return undefined
  const { sequence, salt } = first.header
  try {
    const whole = (first.header.flags & FRAME_FLAG_PART) === 0
    const bytes = whole ? first.bytes : joinParts(found)
    const header = whole ? first.header : readFrameHeader(bytes)
    if (header?.sequence !== sequence || header.salt !== salt) return undefined
    return { content: readFrame(bytes, header), frame: { sequence, bytes, isShared: true } }
  } catch {
    return undefined
  }
}

function joinParts(parts: readonly FoundFrame[]): Buffer {
  const pieces = parts.map(({ bytes, header }, index) => {
    if ((header.flags & FRAME_FLAG_PART) === 0 || header.batchCount !== index) {
      throw corrupt(`part ${index} of a set`, 'another frame')
    }
    return readPart(bytes, header)
  })
  return Buffer.concat(pieces)
}
