/**
 * Writes records into one growing buffer, and makes of it a batch whose body is summed once and never written again.
 *
 * The body is records back to back; a varint is little-endian base 128, low group first:
 *
 * | bytes | field |
 * |---|---|
 * | varint | length of the rest of the record |
 * | 1 | flags: 1 = has a key, 2 = has client info, 4 = has headers; others zero |
 * | varint, varint | only where the batch says so: sequence and arrival above the batch's own |
 * | varint, n | key |
 * | 1, n | client info, at most 16 bytes |
 * | varint, then each varint, n, varint, n | count of headers, then name (UTF-8) and value of each |
 * | the rest | data |
 */
import { crc32 } from 'node:zlib'
import { HeadgateError } from '../error.ts'
import { asBuffer, BATCH_HEADER_BYTES, writeHeader } from './batch-header.ts'
import { BATCH_RECORDS_MAX, WRITE_SET_BYTES_MAX } from './log.ts'
import {
  RECORD_CLIENT_INFO_BYTES_MAX,
  RECORD_DATA_BYTES_MAX,
  RECORD_HEADER_NAME_BYTES_MAX,
  RECORD_HEADER_VALUE_BYTES_MAX,
  RECORD_HEADERS_MAX,
  RECORD_KEY_BYTES_MAX,
  type RecordHeader,
  type RecordInput,
} from './record.ts'

export const RECORD_HAS_KEY = 1
export const RECORD_HAS_CLIENT_INFO = 2
export const RECORD_HAS_HEADERS = 4

/** A batch with its header is at most a write set. */
export const BATCH_BODY_BYTES_MAX: number = WRITE_SET_BYTES_MAX - BATCH_HEADER_BYTES

const INITIAL_BYTES = 4096
const NO_BUFFER = Buffer.alloc(0)

export class BatchEncoder {
  #buffer: Buffer
  #end = BATCH_HEADER_BYTES
  #count = 0

  /** Batches are short-lived, and the log copies them: small ones come from the platform's shared pool. */
  constructor(initialBytes: number = INITIAL_BYTES) {
    this.#buffer = Buffer.allocUnsafe(Math.max(initialBytes, BATCH_HEADER_BYTES))
  }

  get count(): number {
    return this.#count
  }

  /** Of the batch as it stands, header included. */
  get byteLength(): number {
    return this.#end
  }

  /** Throws RecordTooLarge, and then holds what it held before. */
  append(record: RecordInput): void {
    this.appendParts(record.key, record.headers, record.clientInfo, record.data)
  }

  /** As `append`, for callers that have the parts and no record. */
  appendParts(
    key: Uint8Array | undefined,
    headers: readonly RecordHeader[] | undefined,
    clientInfo: Uint8Array | undefined,
    data: Uint8Array,
  ): void {
    const named = headers !== undefined && headers.length > 0 ? headers : undefined
    const length = measureRecord(key, named, clientInfo, data)
    let at = this.#reserve(varintBytes(length) + length)
    const buffer = this.#buffer
    at = writeVarint(buffer, length, at)
    buffer[at++] =
      (key === undefined ? 0 : RECORD_HAS_KEY) |
      (clientInfo === undefined ? 0 : RECORD_HAS_CLIENT_INFO) |
      (named === undefined ? 0 : RECORD_HAS_HEADERS)
    if (key !== undefined) at = writeBytes(buffer, key, writeVarint(buffer, key.length, at))
    if (clientInfo !== undefined) {
      buffer[at++] = clientInfo.length
      at = writeBytes(buffer, clientInfo, at)
    }
    if (named !== undefined) at = writeHeaders(buffer, named, at)
    this.#end = writeBytes(buffer, data, at)
    this.#count++
  }

  /** Takes over a record that another batch without deltas holds at `start` to `end`, as it is. */
  appendEncoded(source: Uint8Array, start: number, end: number): void {
    const at = this.#reserve(end - start)
    asBuffer(source).copy(this.#buffer, at, start, end)
    this.#end = at + end - start
    this.#count++
  }

  /** The batch so far; the encoder is empty afterwards and shares no bytes with what it gave. */
  finish(): Buffer {
    if (this.#buffer === NO_BUFFER) this.#buffer = Buffer.allocUnsafe(BATCH_HEADER_BYTES)
    const batch = this.#buffer.subarray(0, this.#end)
    writeHeader(batch, {
      flags: 0,
      shard: 0,
      incarnation: 0,
      count: this.#count,
      baseSequence: 0,
      arrivalUs: 0,
      frame: 0,
      bodyBytes: this.#end - BATCH_HEADER_BYTES,
      bodyCrc: crc32(batch.subarray(BATCH_HEADER_BYTES)),
      span: Math.max(this.#count - 1, 0),
    })
    // Most encoders make one batch: the next buffer comes with the next record.
    this.#buffer = NO_BUFFER
    this.#end = BATCH_HEADER_BYTES
    this.#count = 0
    return batch
  }

  /** Room for `bytes` more; returns where they go. */
  #reserve(bytes: number): number {
    const end = this.#end + bytes
    if (this.#count >= BATCH_RECORDS_MAX) {
      throw tooLarge('a batch', BATCH_RECORDS_MAX, this.#count + 1, 'records')
    }
    if (end - BATCH_HEADER_BYTES > BATCH_BODY_BYTES_MAX) {
      throw tooLarge('a batch', BATCH_BODY_BYTES_MAX, end - BATCH_HEADER_BYTES)
    }
    if (end > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(end, this.#buffer.length * 2, INITIAL_BYTES))
      this.#buffer.copy(grown, 0, 0, this.#end)
      this.#buffer = grown
    }
    return this.#end
  }
}

/** One batch of the given records, in their order. */
export function encodeBatch(records: readonly RecordInput[]): Buffer {
  const encoder = new BatchEncoder(estimateBytes(records))
  for (const record of records) encoder.append(record)
  return encoder.finish()
}

/** Bytes of the record after its length, once every part is known to be within its limit. */
function measureRecord(
  key: Uint8Array | undefined,
  headers: readonly RecordHeader[] | undefined,
  clientInfo: Uint8Array | undefined,
  data: Uint8Array,
): number {
  let length = 1 + data.length
  if (data.length > RECORD_DATA_BYTES_MAX) {
    throw tooLarge('the data of a record', RECORD_DATA_BYTES_MAX, data.length)
  }
  if (key !== undefined) {
    if (key.length > RECORD_KEY_BYTES_MAX) throw tooLarge('a key', RECORD_KEY_BYTES_MAX, key.length)
    length += varintBytes(key.length) + key.length
  }
  if (clientInfo !== undefined) {
    if (clientInfo.length > RECORD_CLIENT_INFO_BYTES_MAX) {
      throw tooLarge('client info', RECORD_CLIENT_INFO_BYTES_MAX, clientInfo.length)
    }
    length += 1 + clientInfo.length
  }
  return headers === undefined ? length : length + measureHeaders(headers)
}

function measureHeaders(headers: readonly RecordHeader[]): number {
  if (headers.length > RECORD_HEADERS_MAX) {
    throw tooLarge('a record', RECORD_HEADERS_MAX, headers.length, 'headers')
  }
  let length = varintBytes(headers.length)
  for (const { name, value } of headers) {
    const nameBytes = Buffer.byteLength(name)
    if (nameBytes > RECORD_HEADER_NAME_BYTES_MAX) {
      throw tooLarge('the name of a header', RECORD_HEADER_NAME_BYTES_MAX, nameBytes)
    }
    if (value.length > RECORD_HEADER_VALUE_BYTES_MAX) {
      throw tooLarge('the value of a header', RECORD_HEADER_VALUE_BYTES_MAX, value.length)
    }
    length += varintBytes(nameBytes) + nameBytes + varintBytes(value.length) + value.length
  }
  return length
}

function writeHeaders(buffer: Buffer, headers: readonly RecordHeader[], start: number): number {
  let at = writeVarint(buffer, headers.length, start)
  for (const { name, value } of headers) {
    at = writeVarint(buffer, Buffer.byteLength(name), at)
    at += buffer.write(name, at, 'utf8')
    at = writeBytes(buffer, value, writeVarint(buffer, value.length, at))
  }
  return at
}

/** For one allocation in the usual case; too little only costs a copy. */
function estimateBytes(records: readonly RecordInput[]): number {
  let bytes = BATCH_HEADER_BYTES
  for (const record of records) {
    bytes += 32 + record.data.length + (record.key?.length ?? 0)
    if (record.headers === undefined) continue
    for (const { name, value } of record.headers) bytes += 8 + name.length + value.length
  }
  return Math.min(bytes, WRITE_SET_BYTES_MAX)
}

function writeBytes(buffer: Buffer, bytes: Uint8Array, at: number): number {
  buffer.set(bytes, at)
  return at + bytes.length
}

function writeVarint(buffer: Buffer, value: number, start: number): number {
  let at = start
  let left = value
  while (left >= 0x80) {
    buffer[at++] = (left & 0x7f) | 0x80
    left = Math.floor(left / 0x80)
  }
  buffer[at++] = left
  return at
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let left = value; left >= 0x80; left = Math.floor(left / 0x80)) bytes++
  return bytes
}

function tooLarge(what: string, max: number, got: number, unit = 'bytes'): HeadgateError {
  return new HeadgateError(
    'RecordTooLarge',
    `expected ${what} of at most ${max} ${unit}, got ${got}`,
  )
}
