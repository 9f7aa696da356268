/** The metadata of a message from Kafka: its headers, and where it came from, made when somebody reads it. */
import type { KafkaRecord } from '@platformatic/kafka'
import type { Value } from '../../bloblang/values/value.ts'
import type { MetadataView } from '../../pipelines/message.ts'

export interface RecordPlace {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly timestampMs: bigint
  /** How many were behind it in its partition when it was fetched. */
  readonly lag: number
}

const decoder = new TextDecoder()

const FIELDS: Readonly<Record<string, (place: RecordPlace, record: KafkaRecord) => Value>> = {
  kafka_key: (_, { key }) => textOf(key),
  kafka_topic: ({ topic }) => topic,
  kafka_partition: ({ partition }) => partition,
  kafka_offset: ({ offset }) => Number(offset),
  kafka_lag: ({ lag }) => lag,
  kafka_timestamp_ms: ({ timestampMs }) => Number(timestampMs),
  kafka_timestamp_unix: ({ timestampMs }) => Number(timestampMs / 1000n),
  kafka_tombstone_message: (_, { value }) => value === null,
}

export class KafkaMetadata implements MetadataView {
  readonly #place: RecordPlace
  readonly #record: KafkaRecord
  readonly #multi: boolean

  /** With `multi`, headers are lists of all that stand under a name; else the last one counts. */
  constructor(place: RecordPlace, record: KafkaRecord, multi: boolean) {
    this.#place = place
    this.#record = record
    this.#multi = multi
  }

  get(key: string): Value | undefined {
    const field = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined
    if (field !== undefined) return field(this.#place, this.#record)
    const values = this.#record.headers.flatMap(([name, value]) =>
      textOf(name) === key ? [textOf(value)] : [],
    )
    if (this.#multi) return values.length === 0 ? undefined : values
    return values.at(-1)
  }

  keys(): Iterable<string> {
    const names = this.#record.headers.map(([name]) => textOf(name))
    return new Set([...names, ...Object.keys(FIELDS)])
  }
}

function textOf(bytes: Uint8Array | null): string {
  return bytes === null ? '' : decoder.decode(bytes)
}
