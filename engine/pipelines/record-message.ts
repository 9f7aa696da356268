/**
 * Messages of a stream's records. Where a record came from and its headers are metadata, made when somebody reads it;
 * the data stays a view on the bytes that the log gave.
 */
import type { Value } from '../bloblang/values/value.ts'
import type { RecordCursor } from '../log/batch.ts'
import type { RecordHeader } from '../log/record.ts'
import { Message, type MetadataView } from './message.ts'

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
  const { sequence, arrivalUs, key, headers, data } = cursor
  return Message.fromBytes(data, new RecordMetadata(origin, sequence, arrivalUs, key, headers))
}

class RecordMetadata implements MetadataView {
  readonly #origin: RecordOrigin
  readonly #sequence: number
  readonly #arrivalUs: number
  readonly #key: Uint8Array | undefined
  readonly #headers: readonly RecordHeader[]

  constructor(
    origin: RecordOrigin,
    sequence: number,
    arrivalUs: number,
    key: Uint8Array | undefined,
    headers: readonly RecordHeader[],
  ) {
    this.#origin = origin
    this.#sequence = sequence
    this.#arrivalUs = arrivalUs
    this.#key = key
    this.#headers = headers
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
        return this.#key === undefined ? undefined : decoder.decode(this.#key)
      default:
        return this.#header(key)
    }
  }

  *keys(): Iterable<string> {
    yield* OWN_KEYS
    if (this.#key !== undefined) yield 'headgate_key'
    for (const name of new Set(this.#headers.map((header) => header.name))) yield name
  }

  /** The last of several with one name. */
  #header(name: string): Value | undefined {
    const header = this.#headers.findLast((candidate) => candidate.name === name)
    return header === undefined ? undefined : decoder.decode(header.value)
  }
}

/** RFC 3339 in microseconds. */
export function formatArrival(arrivalUs: number): string {
  const ms = Math.floor(arrivalUs / 1000)
  const us = String(arrivalUs - ms * 1000).padStart(3, '0')
  return new Date(ms).toISOString().replace('Z', `${us}Z`)
}
