/**
 * Messages of a stream's records. Where a record came from and its headers are metadata, made when somebody reads it;
 * the data stays a view on the bytes that the log gave.
 */
import type { Value } from '../bloblang/values/value.ts'
import type { RecordCursor } from '../log/batch.ts'
import type { RecordHeader } from '../log/record.ts'
import { Message, type MetadataView, type SourceRecord } from './message.ts'

/** What all records of one shard have in common. */
export interface RecordOrigin {
  /** As the config names it. */
  readonly stream: string
  readonly incarnation: number
  readonly shard: number
}

const OWN_KEYS = [
  'headgate_stream',
  'headgate_shard',
  'headgate_sequence',
  'headgate_arrival',
] as const

const decoder = new TextDecoder()

/** The record that the cursor stands at. */
export function messageOfRecord(cursor: RecordCursor, origin: RecordOrigin): Message {
  const { sequence, arrivalUs, key, headers, clientInfo, data } = cursor
  const record = { key, headers, clientInfo }
  return Message.fromBytes(data, new RecordMetadata(origin, sequence, arrivalUs, record))
}

type RecordMeta = SourceRecord & { readonly headers: readonly RecordHeader[] }

class RecordMetadata implements MetadataView {
  readonly #origin: RecordOrigin
  readonly #sequence: number
  readonly #arrivalUs: number
  readonly record: RecordMeta

  constructor(origin: RecordOrigin, sequence: number, arrivalUs: number, record: RecordMeta) {
    this.#origin = origin
    this.#sequence = sequence
    this.#arrivalUs = arrivalUs
    this.record = record
  }

  get(key: string): Value | undefined {
    switch (key) {
      case 'headgate_stream':
        return this.#origin.stream
      case 'headgate_incarnation':
        // For idempotency keys; not listed, for it means nothing to people.
        return this.#origin.incarnation
      case 'headgate_shard':
        return this.#origin.shard
      case 'headgate_sequence':
        return this.#sequence
      case 'headgate_arrival':
        return formatArrival(this.#arrivalUs)
      case 'headgate_key':
        return this.record.key === undefined ? undefined : decoder.decode(this.record.key)
      default:
        return this.#header(key)
    }
  }

  *keys(): Iterable<string> {
    yield* OWN_KEYS
    if (this.record.key !== undefined) yield 'headgate_key'
    for (const name of new Set(this.record.headers.map((header) => header.name))) yield name
  }

  /** The last of several with one name. */
  #header(name: string): Value | undefined {
    const { headers } = this.record
    // Asked for each record whose trace may have to go on, so nothing is made here.
    for (let index = headers.length - 1; index >= 0; index--) {
      const header = headers[index]
      if (header?.name === name) return decoder.decode(header.value)
    }
    return undefined
  }
}

/** RFC 3339 in microseconds. */
export function formatArrival(arrivalUs: number): string {
  const ms = Math.floor(arrivalUs / 1000)
  const us = String(arrivalUs - ms * 1000).padStart(3, '0')
  return new Date(ms).toISOString().replace('Z', `${us}Z`)
}
