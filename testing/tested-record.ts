/** A record as a test gets it back, of an output or of a stream. */
import type { Message } from '../engine/pipelines/message.ts'
import type { StoredRecord } from '../engine/pipelines/testing-kit/streams-in-memory.ts'
import type { Headers } from './given-records.ts'

export interface TestedRecord<Value = unknown> {
  /** The document; undefined where the content is no JSON. */
  readonly value: Value
  /** The content, as text. */
  readonly text: string
  readonly key?: string
  /** Of the record of a stream. */
  readonly headers?: Headers
  /** What an output was told besides, as far as it is known. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** Why a processor failed on it; it was delivered all the same. */
  readonly error?: string
}

/** In a stream. */
export interface StreamedRecord<Value = unknown> extends TestedRecord<Value> {
  readonly headers: Headers
  readonly shard: number
  readonly sequence: number
}

export function recordOfMessage(message: Message): TestedRecord {
  const error = message.failure()
  const key = message.metadata('headgate_key')
  const metadata = Object.fromEntries(
    [...message.metadataKeys()].map((name) => [name, message.metadata(name)]),
  )
  return {
    ...contentOf(message.content()),
    ...(typeof key === 'string' ? { key } : {}),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(error === undefined ? {} : { error: error.text }),
  }
}

export function recordOfStream(record: StoredRecord): StreamedRecord {
  const headers: Record<string, string | readonly string[]> = {}
  for (const { name, value } of record.headers) {
    const text = Buffer.from(value).toString()
    const before = headers[name]
    headers[name] = before === undefined ? text : [before, text].flat()
  }
  return {
    ...contentOf(record.data),
    ...(record.key === undefined ? {} : { key: Buffer.from(record.key).toString() }),
    headers,
    shard: record.shard,
    sequence: record.sequence,
  }
}

function contentOf(bytes: Uint8Array): { readonly value: unknown; readonly text: string } {
  const text = Buffer.from(bytes).toString()
  try {
    return { value: JSON.parse(text), text }
  } catch {
    return { value: undefined, text }
  }
}
