/**
 * The frame: what one commit puts into the journal, all of it or nothing. Its header, 64 bytes, little-endian:
 *
 * | offset | bytes | field |
 * |---|---|---|
 * | 0 | 4 | magic, `HGF2` |
 * | 4 | 4 | epoch: of the use of the file; each use of any file has a higher one |
 * | 8 | 8 | salt: random, one for each opening of the directory |
 * | 16 | 8 | sequence of the frame, one more than that of the frame before |
 * | 24 | 8 | synced: every frame up to this sequence was durable when this one was written |
 * | 32 | 4 | length of the batches |
 * | 36 | 4 | count of the batches |
 * | 40 | 4 | length of the entries |
 * | 44 | 4 | crc32 of the entries |
 * | 48 | 4 | crc of the header of the frame before, whatever file that lies in; zero in the very first |
 * | 52 | 4 | flags: bit 0 = a part, bit 1 = the last part; others zero |
 * | 56 | 4 | zero |
 * | 60 | 4 | crc32 of bytes 0 to 59 |
 *
 * Then the batches back to back, each with its own two crcs and stamped with the sequence of the frame; then the
 * entries, JSON, a list of changes in their order, where a number stands for as many of the batches; then zeros up to
 * a multiple of 4096. Batches are summed by their encoder and not once more here.
 *
 * A set that is too large for one frame is laid out as one all the same, header included, and its bytes are then cut.
 * Each piece is the body of a frame that is a part: a length of batches that is the length of the piece, a count that
 * is the index of the part from 0, no entries, and the crc32 of the piece at 44. Parts take sequences of their own;
 * the header within has the sequence of the first, and so have the batches.
 *
 * Recovery: a frame counts when its header and all of its content fit their crcs and it continues the one before by
 * sequence and crc, either right behind it or at the start of a file of a higher epoch; a part counts when its last
 * part does. Where no such frame lies, a later frame, or the superblock, may say that it was synced: then durable data
 * is damaged. Without such a promise that is the torn end of the journal, and what lies behind it never happened. What
 * a former use left in a file has a lower epoch, or the salt of another opening, and does not continue anything.
 */
import { crc32 } from 'node:zlib'
import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  corrupt,
  readHeader,
  readUint64,
  verifyBody,
  writeUint64,
} from '../batch-header.ts'
import type { ControlChange } from '../change.ts'
import { HEADER_CRC_AT, headerCrc } from '../header-crc.ts'

export const FRAME_ALIGN_BYTES = 4096
export const FRAME_HEADER_BYTES = 64
export const FRAME_FLAG_PART = 1
export const FRAME_FLAG_LAST = 2

const MAGIC = 0x32464748

/** A number stands for as many of the frame's batches, in their order among the other entries. */
export type FrameEntry = number | ControlChange

/** Where a frame lies and what it follows. */
export interface FramePlace {
  readonly epoch: number
  readonly salt: number
  readonly sequence: number
  readonly synced: number
  readonly previousCrc: number
}

/** What lies behind the header. */
export interface FrameLayout {
  readonly batchesBytes: number
  /** In a part: its index. */
  readonly batchCount: number
  readonly entriesBytes: number
  /** In a part: of the piece. */
  readonly entriesCrc: number
  readonly flags: number
}

export interface FrameHeader extends FramePlace, FrameLayout {
  readonly crc: number
}

export interface FrameBatch {
  readonly header: BatchHeader
  /** Where the batch starts in the frame. */
  readonly start: number
  readonly byteLength: number
}

export interface FrameContent {
  readonly entries: readonly FrameEntry[]
  readonly batches: readonly FrameBatch[]
}

/** Writes the header at the start of `bytes`; returns its crc. */
export function writeFrameHeader(bytes: Buffer, header: FramePlace & FrameLayout): number {
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt32LE(header.epoch, 4)
  writeUint64(bytes, header.salt, 8)
  writeUint64(bytes, header.sequence, 16)
  writeUint64(bytes, header.synced, 24)
  bytes.writeUInt32LE(header.batchesBytes, 32)
  bytes.writeUInt32LE(header.batchCount, 36)
  bytes.writeUInt32LE(header.entriesBytes, 40)
  bytes.writeUInt32LE(header.entriesCrc, 44)
  bytes.writeUInt32LE(header.previousCrc, 48)
  bytes.writeUInt32LE(header.flags, 52)
  bytes.writeUInt32LE(0, 56)
  const crc = headerCrc(bytes, 0)
  bytes.writeUInt32LE(crc, HEADER_CRC_AT)
  return crc
}

/** Undefined where no sound frame header lies. */
export function readFrameHeader(bytes: Buffer, at = 0): FrameHeader | undefined {
  if (bytes.length - at < FRAME_HEADER_BYTES || bytes.readUInt32LE(at) !== MAGIC) return undefined
  const crc = headerCrc(bytes, at)
  if (bytes.readUInt32LE(at + HEADER_CRC_AT) !== crc || bytes.readUInt32LE(at + 56) !== 0) {
    return undefined
  }
  try {
    return {
      epoch: bytes.readUInt32LE(at + 4),
      salt: readUint64(bytes, at + 8),
      sequence: readUint64(bytes, at + 16),
      synced: readUint64(bytes, at + 24),
      batchesBytes: bytes.readUInt32LE(at + 32),
      batchCount: bytes.readUInt32LE(at + 36),
      entriesBytes: bytes.readUInt32LE(at + 40),
      entriesCrc: bytes.readUInt32LE(at + 44),
      previousCrc: bytes.readUInt32LE(at + 48),
      flags: bytes.readUInt32LE(at + 52),
      crc,
    }
  } catch {
    return undefined
  }
}

/** Bytes of the frame without its padding. */
export function frameBytes({ batchesBytes, entriesBytes }: FrameHeader): number {
  return FRAME_HEADER_BYTES + batchesBytes + entriesBytes
}

export function alignFrame(bytes: number): number {
  return Math.ceil(bytes / FRAME_ALIGN_BYTES) * FRAME_ALIGN_BYTES
}

/** The content of a whole frame, which lies at the start of `bytes`. Throws LogCorrupt when any crc does not fit. */
export function readFrame(bytes: Buffer, header: FrameHeader): FrameContent {
  const entriesStart = FRAME_HEADER_BYTES + header.batchesBytes
  const json = bytes.subarray(entriesStart, frameBytes(header))
  if (json.length !== header.entriesBytes || crc32(json) !== header.entriesCrc) {
    throw corrupt('entries that fit their crc', 'others')
  }
  const batches = readBatches(bytes.subarray(0, entriesStart), header.sequence)
  const entries = JSON.parse(json.toString()) as FrameEntry[]
  let count = 0
  for (const entry of entries) if (typeof entry === 'number') count += entry
  if (batches.length !== header.batchCount || count !== header.batchCount) {
    throw corrupt(`${header.batchCount} batches`, `${batches.length}`)
  }
  return { entries, batches }
}

/** The piece that a part holds. Throws LogCorrupt when its crc does not fit. */
export function readPart(bytes: Buffer, header: FrameHeader): Buffer {
  const piece = bytes.subarray(FRAME_HEADER_BYTES, frameBytes(header))
  if (header.entriesBytes !== 0 || crc32(piece) !== header.entriesCrc) {
    throw corrupt('a part that fits its crc', 'another one')
  }
  return piece
}

function readBatches(bytes: Buffer, frame: number): FrameBatch[] {
  const batches: FrameBatch[] = []
  for (let start = FRAME_HEADER_BYTES; start < bytes.length; ) {
    const header = readHeader(bytes, start)
    verifyBody(bytes, header, start)
    if (header.frame !== frame) throw corrupt(`a batch of frame ${frame}`, `${header.frame}`)
    const byteLength = BATCH_HEADER_BYTES + header.bodyBytes
    batches.push({ header, start, byteLength })
    start += byteLength
  }
  return batches
}
