/** Walks the frames of one journal file for recovery, and judges what lies behind the last good one. */
import type { DiskFile } from '../ports/disk.ts'
import {
  alignFrame,
  FRAME_ALIGN_BYTES,
  FRAME_HEADER_BYTES,
  type FrameContent,
  type FrameHeader,
  frameBytes,
  readFrame,
  readFrameHeader,
} from './frame.ts'

const WINDOW_BYTES = 4 * 1024 * 1024

export interface ScanEnd {
  /** Where the first thing that is no good frame lies. */
  readonly position: number
  /** The last good frame. */
  readonly last: FrameHeader | undefined
  /** True where nothing at all follows. */
  readonly clean: boolean
}

export type OnFrame = (content: FrameContent, position: number) => void

/** Gives each good frame up to `limit`, in order; from the start of the file, or from a frame behind damage. */
export async function scanFrames(
  file: DiskFile,
  epoch: number,
  limit: number,
  onFrame: OnFrame,
  resumedAt = 0,
): Promise<ScanEnd> {
  const window = new ScanWindow(file, Math.min(await file.size(), limit))
  let last: FrameHeader | undefined
  let position = resumedAt
  while (position < window.size) {
    const header = headerAt(await window.read(position, FRAME_HEADER_BYTES))
    const resumed = position === resumedAt && resumedAt > 0
    if (header === undefined || (!resumed && !follows(header, last, epoch))) break
    const end = position + frameBytes(header)
    // The padding belongs to the frame: without it the file was cut.
    if (alignFrame(end) > window.size) break
    const content = contentOf(await window.read(position, end - position), header)
    if (content === undefined) break
    onFrame(content, position)
    last = header
    position = alignFrame(end)
  }
  return { position, last, clean: position === window.size }
}

/**
 * Where the first frame behind the damage at `position` begins that belongs to the file for certain: records may hold
 * what looks like a frame, but not with the salt of the file, which nobody outside knows.
 */
export async function findFrame(
  file: DiskFile,
  epoch: number,
  limit: number,
  position: number,
  last: FrameHeader | undefined,
): Promise<number | undefined> {
  const window = new ScanWindow(file, Math.min(await file.size(), limit))
  const known = last ?? headerAt(await window.read(0, FRAME_HEADER_BYTES))
  if (known === undefined || known.epoch !== epoch) return undefined
  for (let at = position + FRAME_ALIGN_BYTES; at < window.size; at += FRAME_ALIGN_BYTES) {
    const header = headerAt(await window.read(at, FRAME_HEADER_BYTES))
    if (header === undefined || header.epoch !== epoch || header.salt !== known.salt) continue
    if (header.sequence > known.sequence) return at
  }
  return undefined
}

/** Whether a frame behind `position` says that the one of `sequence` was durable. */
export async function isPromised(
  file: DiskFile,
  epoch: number,
  position: number,
  sequence: number,
): Promise<boolean> {
  const window = new ScanWindow(file, await file.size())
  for (let at = position + FRAME_ALIGN_BYTES; at < window.size; at += FRAME_ALIGN_BYTES) {
    const header = headerAt(await window.read(at, FRAME_HEADER_BYTES))
    if (header !== undefined && header.epoch === epoch && header.synced >= sequence) return true
  }
  return false
}

function follows(header: FrameHeader, last: FrameHeader | undefined, epoch: number): boolean {
  if (header.epoch !== epoch) return false
  if (last === undefined) return header.previousCrc === 0
  const { salt, sequence, previousCrc } = header
  return salt === last.salt && sequence === last.sequence + 1 && previousCrc === last.crc
}

function headerAt(bytes: Buffer): FrameHeader | undefined {
  try {
    return readFrameHeader(bytes)
  } catch {
    return undefined
  }
}

function contentOf(frame: Buffer, header: FrameHeader): FrameContent | undefined {
  try {
    return readFrame(frame, header)
  } catch {
    return undefined
  }
}

/** Reads a file in large pieces; what it gives is valid until the next read. */
class ScanWindow {
  readonly size: number
  readonly #file: DiskFile
  #bytes: Buffer = Buffer.alloc(0)
  #start = 0

  constructor(file: DiskFile, size: number) {
    this.#file = file
    this.size = size
  }

  async read(position: number, length: number): Promise<Buffer> {
    const wanted = Math.min(length, this.size - position)
    if (position < this.#start || position + wanted > this.#start + this.#bytes.length) {
      const bytes = Buffer.allocUnsafeSlow(
        Math.min(Math.max(wanted, WINDOW_BYTES), this.size - position),
      )
      this.#bytes = bytes.subarray(0, await readFully(this.#file, bytes, position))
      this.#start = position
    }
    return this.#bytes.subarray(position - this.#start, position - this.#start + wanted)
  }
}

/** Reads until `into` is full or the file ends; returns how much that was. */
export async function readFully(
  file: DiskFile,
  into: Uint8Array,
  position: number,
): Promise<number> {
  let done = 0
  while (done < into.length) {
    const count = await file.read(into.subarray(done), position + done)
    if (count === 0) break
    done += count
  }
  return done
}
