/**
 * Walks the records of one or more batches that lie back to back, without an object for each: the cursor itself is
 * the record, until `next` is called again.
 *
 * Every length is checked against what is there, so bad bytes give LogCorrupt and nothing else. It does not sum the
 * bodies: the log has done so when it read them from a file.
 */

import { RECORD_HAS_CLIENT_INFO, RECORD_HAS_HEADERS, RECORD_HAS_KEY } from './batch-encoder.ts'
import {
  asBuffer,
  BATCH_FLAG_DELTAS,
  BATCH_HEADER_BYTES,
  type BatchHeader,
  corrupt,
  readHeader,
} from './batch-header.ts'
import { type LogRecord, RECORD_HEADERS_MAX, type RecordHeader } from './record.ts'

const RECORD_FLAGS = RECORD_HAS_KEY | RECORD_HAS_CLIENT_INFO | RECORD_HAS_HEADERS
const NO_HEADERS: readonly RecordHeader[] = []

export class RecordCursor {
  readonly #bytes: Buffer
  readonly #from: number
  #header: BatchHeader | undefined
  #index = 0
  #at = 0
  #bodyEnd = 0
  #flags = 0
  #recordStart = 0
  #keyStart = 0
  #keyEnd = 0
  #infoStart = 0
  #infoEnd = 0
  #headersStart = 0
  #dataStart = 0
  #dataEnd = 0

  /** Of the record that `next` came to. */
  sequence = 0
  arrivalUs = 0

  /** Records whose sequence is below `from` are passed over. */
  constructor(bytes: Uint8Array, from = 0) {
    this.#bytes = asBuffer(bytes)
    this.#from = from
  }

  /** Goes to the following record; false at the end of the bytes. Throws LogCorrupt. */
  next(): boolean {
    while (this.#step()) {
      if (this.sequence >= this.#from) return true
    }
    return false
  }

  get key(): Uint8Array | undefined {
    if ((this.#flags & RECORD_HAS_KEY) === 0) return undefined
    return this.#bytes.subarray(this.#keyStart, this.#keyEnd)
  }

  get clientInfo(): Uint8Array | undefined {
    if ((this.#flags & RECORD_HAS_CLIENT_INFO) === 0) return undefined
    return this.#bytes.subarray(this.#infoStart, this.#infoEnd)
  }

  get data(): Uint8Array {
    return this.#bytes.subarray(this.#dataStart, this.#dataEnd)
  }

  get headers(): readonly RecordHeader[] {
    if ((this.#flags & RECORD_HAS_HEADERS) === 0) return NO_HEADERS
    const headers: RecordHeader[] = []
    this.#walkHeaders(this.#headersStart, headers)
    return headers
  }

  /** The record as an object that stays valid as long as the bytes do. */
  record(): LogRecord {
    return {
      sequence: this.sequence,
      arrivalUs: this.arrivalUs,
      key: this.key,
      clientInfo: this.clientInfo,
      headers: this.headers,
      data: this.data,
    }
  }

  /** Where the whole encoded record lies in the bytes, for one that is passed on as it is. */
  get encodedStart(): number {
    return this.#recordStart
  }

  get encodedEnd(): number {
    return this.#dataEnd
  }

  #step(): boolean {
    while (this.#header === undefined || this.#index === this.#header.count) {
      if (this.#at !== this.#bodyEnd) throw corrupt('the end of a batch', 'more bytes')
      if (this.#at === this.#bytes.length) return false
      this.#header = readHeader(this.#bytes, this.#at)
      this.#index = 0
      this.#at += BATCH_HEADER_BYTES
      this.#bodyEnd = this.#at + this.#header.bodyBytes
    }
    this.#readRecord(this.#header)
    this.#index++
    return true
  }

  #readRecord(header: BatchHeader): void {
    this.#recordStart = this.#at
    this.#dataEnd = this.#bodyEnd
    const length = this.#varint()
    const end = this.#at + length
    if (length === 0 || end > this.#bodyEnd) throw corrupt('a record within its batch', `${length}`)
    this.#dataEnd = end
    this.#flags = this.#bytes[this.#at++] ?? 0
    if ((this.#flags & ~RECORD_FLAGS) !== 0) throw corrupt('known record flags', `${this.#flags}`)
    if ((header.flags & BATCH_FLAG_DELTAS) === 0) {
      this.sequence = header.baseSequence + this.#index
      this.arrivalUs = header.arrivalUs
    } else {
      this.#readDeltas(header)
    }
    if ((this.#flags & RECORD_HAS_KEY) !== 0) {
      const bytes = this.#varint()
      this.#keyStart = this.#at
      this.#keyEnd = this.#skip(bytes)
    }
    if ((this.#flags & RECORD_HAS_CLIENT_INFO) !== 0) {
      const bytes = this.#bytes[this.#skip(1) - 1] ?? 0
      this.#infoStart = this.#at
      this.#infoEnd = this.#skip(bytes)
    }
    if ((this.#flags & RECORD_HAS_HEADERS) !== 0) {
      this.#headersStart = this.#at
      this.#at = this.#walkHeaders(this.#at, undefined)
    }
    this.#dataStart = this.#at
    this.#at = end
  }

  #readDeltas(header: BatchHeader): void {
    const sequence = header.baseSequence + this.#varint()
    if (this.#index > 0 && sequence <= this.sequence) throw corrupt('a rising sequence', 'none')
    if (sequence > header.baseSequence + header.span) {
      throw corrupt('a sequence within the span', `${sequence}`)
    }
    this.sequence = sequence
    this.arrivalUs = header.arrivalUs + this.#varint()
  }

  /** Reads the headers from `start` into `into`, when given; returns where they end. */
  #walkHeaders(start: number, into: RecordHeader[] | undefined): number {
    const back = this.#at
    this.#at = start
    const count = this.#varint()
    if (count > RECORD_HEADERS_MAX) throw corrupt('headers within their limit', `${count}`)
    for (let index = 0; index < count; index++) {
      const nameStart = this.#varintThenHere()
      const nameEnd = this.#skip(this.#length)
      const valueStart = this.#varintThenHere()
      const valueEnd = this.#skip(this.#length)
      into?.push({
        name: this.#bytes.toString('utf8', nameStart, nameEnd),
        value: this.#bytes.subarray(valueStart, valueEnd),
      })
    }
    const end = this.#at
    this.#at = back
    return end
  }

  #length = 0

  /** Reads a length into `#length` and returns where what it measures starts. */
  #varintThenHere(): number {
    this.#length = this.#varint()
    return this.#at
  }

  /** Passes `bytes` within the record; returns where they end. */
  #skip(bytes: number): number {
    if (bytes > this.#dataEnd - this.#at)
      throw corrupt('a part within its record', `${bytes} bytes`)
    this.#at += bytes
    return this.#at
  }

  #varint(): number {
    let value = 0
    let scale = 1
    for (let count = 0; count < 8; count++) {
      if (this.#at >= this.#dataEnd) throw corrupt('a whole number', 'the end')
      const byte = this.#bytes[this.#at++] ?? 0
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break
        return value
      }
      scale *= 0x80
    }
    throw corrupt('a number below 2^53', 'a longer one')
  }
}

/** All records from sequence `from` on, of one or more batches back to back. Throws LogCorrupt. */
export function decodeRecords(bytes: Uint8Array, from = 0): LogRecord[] {
  const cursor = new RecordCursor(bytes, from)
  const records: LogRecord[] = []
  while (cursor.next()) records.push(cursor.record())
  return records
}
