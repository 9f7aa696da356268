/**
 * Leaves records out of a batch. Those that stay keep sequence, arrival and every byte of what the producer gave; where
 * they do not follow each other any more, the batch tells the sequence and arrival of each.
 */
import { crc32 } from 'node:zlib'
import { BATCH_BODY_BYTES_MAX } from '../batch-encoder.ts'
import {
  asBuffer,
  BATCH_FLAG_DELTAS,
  BATCH_HEADER_BYTES,
  type BatchHeader,
  readHeader,
  writeHeader,
} from '../batch-header.ts'
import { RecordCursor } from '../record-cursor.ts'

interface KeptRecord {
  readonly sequence: number
  readonly arrivalUs: number
  readonly flags: number
  /** What follows flags and deltas. */
  readonly rest: Buffer
}

/** The longest number of sequences or microseconds takes eight bytes; flags and length come to it. */
const RECORD_OVERHEAD_BYTES_MAX = 8 + 8 + 8 + 1

/** The one batch itself where all stay, none where none does; two only where deltas make one too long. */
export function withoutRecords(
  batch: Uint8Array,
  isKept: (record: RecordCursor) => boolean,
): readonly Buffer[] {
  const source = asBuffer(batch)
  const header = readHeader(source)
  const kept: KeptRecord[] = []
  const cursor = new RecordCursor(source)
  while (cursor.next()) if (isKept(cursor)) kept.push(keptRecord(source, header, cursor))
  if (kept.length === header.count) return [source]
  return encode(header, kept)
}

function encode(header: BatchHeader, kept: readonly KeptRecord[]): readonly Buffer[] {
  const [first] = kept
  const last = kept.at(-1)
  if (first === undefined || last === undefined) return []
  const span = last.sequence - first.sequence
  const plain = span === kept.length - 1 && first.arrivalUs === last.arrivalUs
  const bytesMost = kept.reduce((sum, { rest }) => sum + rest.length + RECORD_OVERHEAD_BYTES_MAX, 0)
  if (bytesMost > BATCH_BODY_BYTES_MAX && kept.length > 1) {
    const middle = Math.ceil(kept.length / 2)
    return [...encode(header, kept.slice(0, middle)), ...encode(header, kept.slice(middle))]
  }
  const bytes = Buffer.allocUnsafe(BATCH_HEADER_BYTES + bytesMost)
  let at = BATCH_HEADER_BYTES
  for (const record of kept) at = writeRecord(bytes, at, record, plain ? undefined : first)
  const whole = bytes.subarray(0, at)
  writeHeader(whole, {
    ...header,
    flags: plain ? 0 : BATCH_FLAG_DELTAS,
    count: kept.length,
    baseSequence: first.sequence,
    arrivalUs: first.arrivalUs,
    bodyBytes: at - BATCH_HEADER_BYTES,
    bodyCrc: crc32(whole.subarray(BATCH_HEADER_BYTES)),
    span,
  })
  return [whole]
}

function keptRecord(source: Buffer, header: BatchHeader, cursor: RecordCursor): KeptRecord {
  let at = afterVarint(source, cursor.encodedStart)
  const flags = source[at++] ?? 0
  if ((header.flags & BATCH_FLAG_DELTAS) !== 0) at = afterVarint(source, afterVarint(source, at))
  const { sequence, arrivalUs, encodedEnd } = cursor
  return { sequence, arrivalUs, flags, rest: source.subarray(at, encodedEnd) }
}

/** With deltas above `first`, where it is given. */
function writeRecord(
  bytes: Buffer,
  start: number,
  { sequence, arrivalUs, flags, rest }: KeptRecord,
  first: KeptRecord | undefined,
): number {
  const deltas =
    first === undefined
      ? []
      : [...varint(sequence - first.sequence), ...varint(arrivalUs - first.arrivalUs)]
  let at = start
  for (const byte of varint(1 + deltas.length + rest.length)) bytes[at++] = byte
  bytes[at++] = flags
  for (const byte of deltas) bytes[at++] = byte
  return at + rest.copy(bytes, at)
}

function varint(value: number): readonly number[] {
  const groups: number[] = []
  let left = value
  for (; left >= 0x80; left = Math.floor(left / 0x80)) groups.push((left % 0x80) | 0x80)
  groups.push(left)
  return groups
}

function afterVarint(bytes: Buffer, start: number): number {
  let at = start
  while (((bytes[at] ?? 0) & 0x80) !== 0) at++
  return at + 1
}
