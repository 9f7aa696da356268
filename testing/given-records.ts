/** Records that a test gives, and the messages that they are to a pipeline. */
import { HeadgateError } from '../engine/error.ts'
import type { RecordInput } from '../engine/log/record.ts'
import { type Batch, Message } from '../engine/pipelines/message.ts'

export type Headers = Readonly<Record<string, string | readonly string[]>>

/** Exactly one of `value`, `text` and `data`: a document, the content as it is, or its bytes in base64. */
export interface GivenRecord<Value = unknown> {
  readonly value?: Value
  readonly text?: string
  readonly data?: string
  readonly key?: string | undefined
  /** Of the record of a stream; a pipeline sees them as metadata. */
  readonly headers?: Headers
  /** What another input would tell of it, such as `kafka_topic`. */
  readonly metadata?: Readonly<Record<string, unknown>>
}

/** Each by itself, as a stream gives them; lists within the list are batches that go together. */
export type GivenRecords<Value = unknown> =
  | readonly GivenRecord<Value>[]
  | readonly (readonly GivenRecord<Value>[])[]

export function batchesOf(records: GivenRecords): readonly Batch[] {
  if (!Array.isArray(records)) {
    throw new HeadgateError('Usage', `expected a list of records, got ${kindOf(records)}`)
  }
  let index = 0
  return records.map((item: GivenRecords[number]) => {
    const batch = isBatch(item) ? item : [item]
    return batch.map((record) => messageOf(record, index++))
  })
}

function isBatch(item: GivenRecord | readonly GivenRecord[]): item is readonly GivenRecord[] {
  return Array.isArray(item)
}

function messageOf(record: GivenRecord, index: number): Message {
  const { key, headers = {}, metadata = {} } = record
  const found = new Map<string, unknown>(Object.entries(metadata))
  // The last of several with one name, as mappings see it.
  for (const [name, values] of Object.entries(headers)) found.set(name, [values].flat().at(-1))
  if (key !== undefined) found.set('headgate_key', key)
  return Message.fromBytes(bytesOf(record, index), found as Map<string, never>)
}

/** As a program would append it. */
export function recordInputOf(record: GivenRecord, index: number): RecordInput {
  const { key, headers = {} } = record
  return {
    data: bytesOf(record, index),
    key: key === undefined ? undefined : Buffer.from(key),
    headers: Object.entries(headers).flatMap(([name, values]) =>
      [values].flat().map((value) => ({ name, value: Buffer.from(value) })),
    ),
  }
}

function bytesOf(record: GivenRecord, index: number): Uint8Array {
  const { value, text, data } = record
  const given = [value, text, data].filter((one) => one !== undefined)
  if (given.length !== 1) {
    const got = given.length === 0 ? kindOf(record) : `${given.length} of them`
    const expected = `expected one of value, text and data in record ${index + 1}`
    const advice = given.length === 0 ? ': a document goes into { value: … }' : ''
    throw new HeadgateError('Usage', `${expected}, got ${got}${advice}`)
  }
  if (data !== undefined) return Buffer.from(data, 'base64')
  return Buffer.from(text ?? JSON.stringify(value))
}

function kindOf(given: unknown): string {
  if (typeof given !== 'object' || given === null) return String(given)
  const names = Object.keys(given)
  return names.length === 0 ? 'an empty object' : `an object with ${names.slice(0, 5).join(', ')}`
}
