/**
 * The frame: what one group commit puts into a journal file, all of it or nothing.
 *
 * | offset | bytes | field (little-endian) |
 * |---|---|---|
 * | 0 | 4 | magic, `HGF1` |
 * | 4 | 4 | epoch: the number of the file |
 * | 8 | 8 | salt: random, one for each file |
 * | 16 | 8 | sequence of the frame, one more than that of the frame before |
 * | 24 | 8 | synced: every frame up to this sequence was durable when this one was written |
 * | 32 | 4 | length of the entries |
 * | 36 | 4 | crc32 of the entries |
 * | 40 | 4 | length of the batches |
 * | 44 | 4 | count of the batches |
 * | 48 | 4 | crc of the header of the frame before; zero in the first of a file |
 * | 52 | 8 | zero |
 * | 60 | 4 | crc32 of bytes 0 to 59 |
 *
 * Then the entries (JSON, see `JournalEntry`), the batches back to back, each with its own two crcs, and zeros up to
 * a multiple of 4096. Batches are summed by their encoder and not once more here.
 *
 * Recovery: a frame counts when its header, its entries and each of its batches fit their crcs, and it continues the
 * one before. Where one does not, a later frame that says it was synced proves that durable data is damaged; without
 * such a promise the frame is the torn end of the file, and it and all after it never happened.
 */
import { crc32 } from 'node:zlib'
import {
  asBuffer,
  BATCH_HEADER_BYTES,
  type BatchHeader,
  corrupt,
  readHeader,
  readUint64,
  stampHeader,
  verifyBody,
  writeUint64,
} from './batch-header.ts'
import type { AppendChange, Change, ControlChange } from './change.ts'
import type { Snapshot } from './snapshot.ts'

export const FRAME_ALIGN_BYTES = 4096
export const FRAME_HEADER_BYTES = 64

const MAGIC = 0x31464748
const CRC_AT = 60

/** A number stands for as many of the frame's batches, in their order among the other entries. */
export type JournalEntry =
  | number
  | ControlChange
  | Snapshot
  | { readonly kind: 'opened'; readonly opens: number }

export interface FrameHeader {
  readonly epoch: number
  readonly salt: number
  readonly sequence: number
  readonly synced: number
  readonly entriesBytes: number
  readonly entriesCrc: number
  readonly batchesBytes: number
  readonly batchCount: number
  readonly previousCrc: number
  readonly crc: number
}

export type FramePlace = Pick<FrameHeader, 'epoch' | 'salt' | 'sequence' | 'synced' | 'previousCrc'>

export interface EncodedFrame {
  /** Padded; ready to be written at a multiple of the alignment. */
  readonly bytes: Buffer
  readonly crc: number
  /** Where each batch starts in `bytes`, in the order of the appends among the changes. */
  readonly batchStarts: readonly number[]
}

/** Copies each batch once, into the buffer that is written, and stamps it there. */
export function encodeFrame(
  place: FramePlace,
  changes: readonly (Change | JournalEntry)[],
): EncodedFrame {
  const { entries, appends } = partEntries(changes)
  const json = Buffer.from(JSON.stringify(entries))
  let end = FRAME_HEADER_BYTES + json.length
  const batchesStart = end
  for (const { batch } of appends) end += batch.length
  const bytes = Buffer.allocUnsafeSlow(alignFrame(end))
  bytes.fill(0, end)
  bytes.set(json, FRAME_HEADER_BYTES)
  const batchStarts: number[] = []
  let at = batchesStart
  const frame = place.sequence
  for (const { batch, shard, incarnation, baseSequence, arrivalUs } of appends) {
    batchStarts.push(at)
    bytes.set(batch, at)
    stampHeader(bytes, { shard, incarnation, baseSequence, arrivalUs, frame }, at)
    at += batch.length
  }
  const crc = writeFrameHeader(bytes, {
    ...place,
    entriesBytes: json.length,
    entriesCrc: crc32(json),
    batchesBytes: end - batchesStart,
    batchCount: appends.length,
  })
  return { bytes, crc, batchStarts }
}

/** Undefined where no sound frame header lies. */
export function readFrameHeader(bytes: Buffer, at = 0): FrameHeader | undefined {
  if (bytes.length - at < FRAME_HEADER_BYTES || bytes.readUInt32LE(at) !== MAGIC) return undefined
  const crc = crc32(bytes.subarray(at, at + CRC_AT))
  if (bytes.readUInt32LE(at + CRC_AT) !== crc) return undefined
  return {
    epoch: bytes.readUInt32LE(at + 4),
    salt: readUint64(bytes, at + 8),
    sequence: readUint64(bytes, at + 16),
    synced: readUint64(bytes, at + 24),
    entriesBytes: bytes.readUInt32LE(at + 32),
    entriesCrc: bytes.readUInt32LE(at + 36),
    batchesBytes: bytes.readUInt32LE(at + 40),
    batchCount: bytes.readUInt32LE(at + 44),
    previousCrc: bytes.readUInt32LE(at + 48),
    crc,
  }
}

/** Bytes of the frame without its padding. */
export function frameBytes({ entriesBytes, batchesBytes }: FrameHeader): number {
  return FRAME_HEADER_BYTES + entriesBytes + batchesBytes
}

export function alignFrame(bytes: number): number {
  return Math.ceil(bytes / FRAME_ALIGN_BYTES) * FRAME_ALIGN_BYTES
}

export interface FrameBatch {
  readonly header: BatchHeader
  /** Where the batch starts in the frame. */
  readonly start: number
  readonly bytes: number
}

export interface FrameContent {
  readonly entries: readonly JournalEntry[]
  readonly batches: readonly FrameBatch[]
}

/** The content of a whole frame. Throws LogCorrupt when any crc does not fit. */
export function readFrame(frame: Uint8Array, header: FrameHeader): FrameContent {
  const bytes = asBuffer(frame)
  const json = bytes.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + header.entriesBytes)
  if (crc32(json) !== header.entriesCrc) throw corrupt('entries that fit their crc', 'others')
  const end = frameBytes(header)
  const whole = bytes.subarray(0, end)
  const batches: FrameBatch[] = []
  for (let at = FRAME_HEADER_BYTES + header.entriesBytes; at < end; ) {
    const batch = readHeader(whole, at)
    verifyBody(whole, batch, at)
    if (batch.frame !== header.sequence) throw corrupt('a batch of this frame', `${batch.frame}`)
    const length = BATCH_HEADER_BYTES + batch.bodyBytes
    batches.push({ header: batch, start: at, bytes: length })
    at += length
  }
  if (batches.length !== header.batchCount) throw corrupt('all batches', `${batches.length}`)
  return { entries: JSON.parse(json.toString()) as JournalEntry[], batches }
}

function partEntries(changes: readonly (Change | JournalEntry)[]): {
  entries: JournalEntry[]
  appends: AppendChange[]
} {
  const entries: JournalEntry[] = []
  const appends: AppendChange[] = []
  let run = 0
  for (const change of changes) {
    if (typeof change !== 'number' && change.kind === 'append') {
      appends.push(change)
      run++
      continue
    }
    if (run > 0) entries.push(run)
    run = 0
    entries.push(change)
  }
  if (run > 0) entries.push(run)
  return { entries, appends }
}

function writeFrameHeader(bytes: Buffer, header: Omit<FrameHeader, 'crc'>): number {
  bytes.fill(0, 0, FRAME_HEADER_BYTES)
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt32LE(header.epoch, 4)
  writeUint64(bytes, header.salt, 8)
  writeUint64(bytes, header.sequence, 16)
  writeUint64(bytes, header.synced, 24)
  bytes.writeUInt32LE(header.entriesBytes, 32)
  bytes.writeUInt32LE(header.entriesCrc, 36)
  bytes.writeUInt32LE(header.batchesBytes, 40)
  bytes.writeUInt32LE(header.batchCount, 44)
  bytes.writeUInt32LE(header.previousCrc, 48)
  const crc = crc32(bytes.subarray(0, CRC_AT))
  bytes.writeUInt32LE(crc, CRC_AT)
  return crc
}
