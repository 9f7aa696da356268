/**
 * The header of a batch: 64 bytes, little-endian, with a checksum of its own, so that the log can stamp where the
 * batch lies without touching the body that its encoder has summed. The body is `batch-encoder.ts`'s.
 *
 * | offset | bytes | field |
 * |---|---|---|
 * | 0 | 4 | magic, `HGB1` |
 * | 4 | 1 | format version, 1 |
 * | 5 | 1 | flags: bit 0 = each record carries deltas of sequence and arrival; others zero |
 * | 6 | 2 | shard |
 * | 8 | 4 | incarnation of the stream |
 * | 12 | 4 | count of records |
 * | 16 | 8 | sequence of the first record |
 * | 24 | 8 | arrival of the first record, microseconds since 1970 |
 * | 32 | 8 | frame that committed the batch |
 * | 40 | 4 | length of the body in bytes |
 * | 44 | 4 | crc32 of the body |
 * | 48 | 4 | span: sequence of the last record less that of the first |
 * | 52 | 8 | zero |
 * | 60 | 4 | crc32 of bytes 0 to 59 |
 *
 * Without deltas the records are numbered from the first one on and share its arrival, so span = count - 1. A batch
 * fresh from its encoder has zero for everything that the log stamps. Recovery: a header whose magic, version, zero
 * bytes or crc is wrong is no header, and nothing that it says is used.
 */
import { crc32 } from 'node:zlib'
import { HeadgateError } from '../error.ts'
import { HEADER_CRC_AT, headerCrc } from './header-crc.ts'
import { BATCH_RECORDS_MAX, WRITE_SET_BYTES_MAX } from './log.ts'

export const BATCH_HEADER_BYTES = 64
export const BATCH_FORMAT_VERSION = 1
export const BATCH_FLAG_DELTAS = 1

const MAGIC = 0x31424748

export interface BatchHeader {
  readonly flags: number
  readonly shard: number
  readonly incarnation: number
  readonly count: number
  readonly baseSequence: number
  readonly arrivalUs: number
  readonly frame: number
  readonly bodyBytes: number
  readonly bodyCrc: number
  /** Sequence of the last record less that of the first; zero in an empty batch. */
  readonly span: number
}

/** What the log knows and the encoder does not. */
export interface BatchStamp {
  readonly shard: number
  readonly incarnation: number
  readonly baseSequence: number
  readonly arrivalUs: number
  readonly frame: number
}

/** Writes a whole header at the start of `bytes`. */
export function writeHeader(bytes: Buffer, header: BatchHeader): void {
  bytes.fill(0, 0, BATCH_HEADER_BYTES)
  bytes.writeUInt32LE(MAGIC, 0)
  bytes[4] = BATCH_FORMAT_VERSION
  bytes[5] = header.flags
  put32(bytes, header.count, 12)
  put32(bytes, header.bodyBytes, 40)
  put32(bytes, header.bodyCrc, 44)
  put32(bytes, header.span, 48)
  stampHeader(bytes, header)
}

/** Says where the batch at `at` lies, and sums the header anew; the body stays as it is. */
export function stampHeader(bytes: Buffer, stamp: BatchStamp, at = 0): void {
  bytes[at + 6] = stamp.shard
  bytes[at + 7] = stamp.shard >>> 8
  put32(bytes, stamp.incarnation, at + 8)
  writeUint64(bytes, stamp.baseSequence, at + 16)
  writeUint64(bytes, stamp.arrivalUs, at + 24)
  writeUint64(bytes, stamp.frame, at + 32)
  put32(bytes, headerCrc(bytes, at), at + HEADER_CRC_AT)
}

/** Throws LogCorrupt unless a sound header lies at `at` and the buffer holds its whole body. */
export function readHeader(source: Uint8Array, at = 0): BatchHeader {
  const bytes = asBuffer(source)
  const header = peekHeader(bytes, at)
  const held = bytes.length - at - BATCH_HEADER_BYTES
  if (header.bodyBytes > held) throw corrupt(`a body of ${header.bodyBytes} bytes`, `${held}`)
  return header
}

/** As `readHeader`, where the body need not be at hand. */
export function peekHeader(bytes: Buffer, at: number): BatchHeader {
  if (at < 0 || bytes.length - at < BATCH_HEADER_BYTES) {
    throw corrupt(`a header of ${BATCH_HEADER_BYTES} bytes`, `${Math.max(bytes.length - at, 0)}`)
  }
  if (get32(bytes, at) !== MAGIC) throw corrupt('the mark of a batch', 'other bytes')
  const crc = headerCrc(bytes, at)
  if (get32(bytes, at + HEADER_CRC_AT) !== crc) throw corrupt('a header that fits its crc', 'none')
  return judge(
    {
      flags: bytes[at + 5] ?? 0,
      shard: (bytes[at + 6] ?? 0) | ((bytes[at + 7] ?? 0) << 8),
      incarnation: get32(bytes, at + 8),
      count: get32(bytes, at + 12),
      baseSequence: readUint64(bytes, at + 16),
      arrivalUs: readUint64(bytes, at + 24),
      frame: readUint64(bytes, at + 32),
      bodyBytes: get32(bytes, at + 40),
      bodyCrc: get32(bytes, at + 44),
      span: get32(bytes, at + 48),
    },
    bytes,
    at,
  )
}

/**
 * How many records an encoder of this process just made a batch of. The header is not summed: it has been in nobody
 * else's hands, and the log sums it anew. Throws LogCorrupt for what is not one batch that the log may number.
 */
export function countFresh(source: Uint8Array): number {
  const bytes = asBuffer(source)
  if (bytes.length < BATCH_HEADER_BYTES || get32(bytes, 0) !== MAGIC) {
    throw corrupt('the mark of a batch', 'other bytes')
  }
  if (bytes[5] !== 0)
    throw corrupt('a batch that the log may number', 'one with numbers of its own')
  const count = get32(bytes, 12)
  if (bytes.length !== BATCH_HEADER_BYTES + get32(bytes, 40)) {
    throw corrupt('one batch', `${bytes.length} bytes`)
  }
  if (count > BATCH_RECORDS_MAX || get32(bytes, 48) !== Math.max(count - 1, 0)) {
    throw corrupt('a batch within its limits', `${count} records`)
  }
  return count
}

/** Throws LogCorrupt unless the body that follows the header at `at` is the one that was encoded. */
export function verifyBody(source: Uint8Array, header: BatchHeader, at = 0): void {
  const start = at + BATCH_HEADER_BYTES
  const crc = crc32(source.subarray(start, start + header.bodyBytes))
  if (crc !== header.bodyCrc) throw corrupt('a body that fits its crc', `crc ${crc}`)
}

/** One above the sequence of the last record. */
export function nextSequence(header: BatchHeader): number {
  return header.count === 0 ? header.baseSequence : header.baseSequence + header.span + 1
}

/** A number of up to 2^53 - 1 in eight bytes, as two halves: the only place where 64 bits exist. */
export function writeUint64(bytes: Buffer, value: number, at: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new HeadgateError('Internal', `expected a whole number from 0 to 2^53 - 1, got ${value}`)
  }
  const high = Math.floor(value / 2 ** 32)
  put32(bytes, value - high * 2 ** 32, at)
  put32(bytes, high, at + 4)
}

function put32(bytes: Uint8Array, value: number, at: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}

export function readUint64(bytes: Buffer, at: number): number {
  const value = get32(bytes, at + 4) * 2 ** 32 + get32(bytes, at)
  if (value > Number.MAX_SAFE_INTEGER) throw corrupt('a number below 2^53', `${value}`)
  return value
}

export function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function corrupt(expected: string, got: string): HeadgateError {
  return new HeadgateError('LogCorrupt', `expected ${expected}, got ${got}`, {
    hint: 'Restore the data directory from a copy, or report how the bytes came about.',
  })
}

function judge(header: BatchHeader, bytes: Buffer, at: number): BatchHeader {
  const version = bytes[at + 4] ?? 0
  if (version !== BATCH_FORMAT_VERSION) {
    throw corrupt(`batch format ${BATCH_FORMAT_VERSION}`, `${version}`)
  }
  const zeros = get32(bytes, at + 52) + get32(bytes, at + 56)
  if ((header.flags & ~BATCH_FLAG_DELTAS) !== 0 || zeros !== 0) {
    throw corrupt('zero in what this version does not use', 'something else')
  }
  // Bounds what a reader allocates for one batch, whatever the bytes say.
  if (header.count > BATCH_RECORDS_MAX || header.bodyBytes > WRITE_SET_BYTES_MAX) {
    throw corrupt('a batch within its limits', `${header.count} records`)
  }
  const plain = (header.flags & BATCH_FLAG_DELTAS) === 0
  const spanLeast = Math.max(header.count - 1, 0)
  if (header.span < spanLeast || (plain && header.span !== spanLeast)) {
    throw corrupt(`a span of ${spanLeast}`, `${header.span}`)
  }
  return header
}

function get32(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
  return (low | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0
}
