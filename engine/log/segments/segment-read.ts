/**
 * Reads batches of one segment. The usual way is one read of a piece whose batches are checked where they lie; where
 * something does not fit, a walk from header to header finds out what is lost and what is not.
 */
import { crc32 } from 'node:zlib'
import {
  BATCH_FLAG_DELTAS,
  BATCH_HEADER_BYTES,
  type BatchHeader,
  nextSequence,
} from '../batch-header.ts'
import type { ReadResult } from '../log.ts'
import { RecordCursor } from '../record-cursor.ts'
import type { FileLease } from './descriptor-cache.ts'
import { lostRecords, type Segment } from './segment.ts'
import { INDEX_STEP_BYTES, type IndexPlace, type SegmentIndex } from './segment-index.ts'
import { batchBytes, LOOK_BYTES, SegmentScan, soundHeader } from './segment-scan.ts'

export interface OpenSegment {
  readonly segment: Segment
  readonly lease: FileLease
  readonly index: SegmentIndex
}

/** Whole batches from the one that holds `from`, or the next above; undefined where the segment has none. */
export async function readSegment(
  open: OpenSegment,
  from: number,
  bytesMax: number,
): Promise<ReadResult | undefined> {
  const start = open.index.floor(from, open.segment.base)
  return (await readPiece(open, start, from, bytesMax)) ?? readCarefully(open, start, from)
}

/** Sequences that are lost count as records: reading them says so. */
export async function findSequenceIn(
  open: OpenSegment,
  sequence: number,
): Promise<number | undefined> {
  const { segment, lease, index } = open
  const scan = new SegmentScan(lease, segment, LOOK_BYTES)
  for await (const step of scan.walk(index.floor(sequence, segment.base), index)) {
    if (step.kind === 'lost') {
      if (sequence < step.next) return Math.max(sequence, step.from)
      continue
    }
    const { header, position } = step
    if (nextSequence(header) <= sequence) continue
    const plain = Math.max(sequence, header.baseSequence)
    if ((header.flags & BATCH_FLAG_DELTAS) === 0) return plain
    const bytes = await readBatch(open, position, header)
    if (bytes === undefined) return plain
    const cursor = new RecordCursor(bytes, sequence)
    if (cursor.next()) return cursor.sequence
  }
  return undefined
}

/** The first record that arrived at or after the time. What is lost right before it may be it. */
export async function findTimeIn(
  open: OpenSegment,
  arrivalUs: number,
): Promise<number | undefined> {
  const { segment, lease, index } = open
  const scan = new SegmentScan(lease, segment, LOOK_BYTES)
  let early: (() => Promise<number | undefined>) | undefined
  for await (const step of scan.walk(index.before(arrivalUs, segment.base), index)) {
    if (step.kind === 'lost') {
      early = async () => step.from
      continue
    }
    const { header, position } = step
    if (header.arrivalUs >= arrivalUs) return (await early?.()) ?? header.baseSequence
    // Only a batch with deltas holds records that arrived later than it says.
    const mixed = (header.flags & BATCH_FLAG_DELTAS) !== 0
    early = mixed ? () => findTimeInBatch(open, position, header, arrivalUs) : undefined
  }
  return early?.()
}

async function findTimeInBatch(
  open: OpenSegment,
  position: number,
  header: BatchHeader,
  arrivalUs: number,
): Promise<number | undefined> {
  const bytes = await readBatch(open, position, header)
  if (bytes === undefined) return header.baseSequence
  const cursor = new RecordCursor(bytes)
  while (cursor.next()) {
    if (cursor.arrivalUs >= arrivalUs) return cursor.sequence
  }
  return undefined
}

/** Undefined where anything is not as it should be before the first batch is had. */
async function readPiece(
  { segment, lease }: OpenSegment,
  start: IndexPlace,
  from: number,
  bytesMax: number,
): Promise<ReadResult | undefined> {
  const wanted = Math.max(bytesMax, BATCH_HEADER_BYTES) + INDEX_STEP_BYTES
  let bytes = await readPart(
    lease,
    start.position,
    Math.min(wanted, segment.bytes - start.position),
  )
  let position = start.position
  let at = 0
  let sequence = start.sequence
  let header = soundHeader(bytes, at, segment, position, sequence)
  while (header !== undefined && nextSequence(header) <= from) {
    at += batchBytes(header)
    sequence = nextSequence(header)
    header = soundHeader(bytes, at, segment, position + at, sequence)
  }
  if (header === undefined) return undefined
  if (at + batchBytes(header) > bytes.length) {
    position += at
    at = 0
    bytes = await readPart(lease, position, batchBytes(header))
  }
  return takeBatches(bytes, at, position, segment, sequence, from, bytesMax)
}

function takeBatches(
  bytes: Buffer,
  start: number,
  position: number,
  segment: Segment,
  sequenceLeast: number,
  from: number,
  bytesMax: number,
): ReadResult | undefined {
  let end = start
  let next = sequenceLeast
  for (;;) {
    const header = soundHeader(bytes, end, segment, position + end, next)
    if (header === undefined || !isWhole(bytes, end, header)) break
    if (end > start && end + batchBytes(header) - start > bytesMax) break
    end += batchBytes(header)
    next = nextSequence(header)
  }
  return end === start ? undefined : { bytes: bytes.subarray(start, end), from, next }
}

async function readCarefully(
  open: OpenSegment,
  start: IndexPlace,
  from: number,
): Promise<ReadResult | undefined> {
  const { segment, lease, index } = open
  const scan = new SegmentScan(lease, segment, LOOK_BYTES)
  let sound = start
  while (!(await scan.holds(sound))) {
    // What is lost began before, and the message is to name all of it.
    const before = index.floor(sound.sequence - 1, segment.base)
    if (before.position >= sound.position) break
    sound = before
  }
  for await (const step of scan.walk(sound, index)) {
    if (step.kind === 'lost') {
      if (from < step.next) throw lostRecords(segment, step.from, step.next)
      continue
    }
    const next = nextSequence(step.header)
    if (next <= from) continue
    const bytes = await readBatch(open, step.position, step.header)
    if (bytes === undefined) throw lostRecords(segment, step.header.baseSequence, next)
    return { bytes, from, next }
  }
  return undefined
}

/** Undefined where it is not the batch that its header promised. */
async function readBatch(
  { lease }: OpenSegment,
  position: number,
  header: BatchHeader,
): Promise<Buffer | undefined> {
  const bytes = await readPart(lease, position, batchBytes(header))
  return isWhole(bytes, 0, header) ? bytes : undefined
}

function isWhole(bytes: Buffer, at: number, header: BatchHeader): boolean {
  const end = at + batchBytes(header)
  if (end > bytes.length) return false
  return crc32(bytes.subarray(at + BATCH_HEADER_BYTES, end)) === header.bodyCrc
}

/** The caller hands the bytes on, so they are not from a buffer that is used again. */
async function readPart(lease: FileLease, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(Math.max(length, 0))
  return bytes.subarray(0, await lease.read(bytes, position))
}
