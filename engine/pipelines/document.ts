/** Content to document and back: what the messages of a pipeline need of JSON, in Bloblang's values. */
import type { Value } from '../bloblang/values/value.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Throws when the content is not one JSON document. */
export function documentOf(content: Uint8Array): Value {
  return JSON.parse(decoder.decode(content)) as Value
}

/** Text and bytes as they are; anything else as JSON with sorted keys. */
export function payloadOf(value: Value): Uint8Array {
  if (typeof value === 'string') return encoder.encode(value)
  if (value instanceof Uint8Array) return value
  return encoder.encode(JSON.stringify(value))
}
