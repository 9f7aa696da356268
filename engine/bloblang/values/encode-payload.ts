/**
 * The payload that a root becomes: strings and bytes as they are, everything else as JSON.
 *
 * The JSON is canonical as far as that goes: keys sorted, no HTML escaping, numbers of the input as they were spelt.
 * The engine's own serialiser writes most of it, if need be from a copy with sorted keys.
 */
import { compareText } from './equality.ts'
import { formatFloat } from './format-float.ts'
import { keyOrderOf } from './key-order.ts'
import { type PreparedPayload, preparePayload } from './prepare-payload.ts'
import { formatTimestamp } from './timestamp.ts'
import { IntegralFloat, NumberText, type ObjectValue, Timestamp, type Value } from './value.ts'

export { sortedKeys } from './key-order.ts'

/** `prepared` is what `preparePayload` made of the value, where it was asked already. */
export function encodePayload(value: Value, prepared?: PreparedPayload): Uint8Array {
  if (value instanceof Uint8Array) return value
  return Buffer.from(typeof value === 'string' ? value : encodeJson(value, prepared))
}

export function encodeJson(value: Value, prepared?: PreparedPayload): string {
  const { native } = prepared ?? preparePayload(value)
  if (native !== undefined) {
    const text = JSON.stringify(native)
    // The native serialiser writes lone surrogates as escapes, and line separators as they are.
    if (!text.includes('\\ud') && !hasLineSeparator(text)) return text
  }
  return encodeExactly(value)
}

function encodeExactly(value: Value): string {
  switch (typeof value) {
    case 'string':
      return encodeString(value)
    case 'number':
      return formatFloat(value)
    case 'bigint':
    case 'boolean':
      return String(value)
  }
  if (value === null) return 'null'
  if (Array.isArray(value)) return encodeArray(value)
  if (value instanceof IntegralFloat) return formatFloat(value.value)
  if (value instanceof NumberText) return value.text
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`
  if (value instanceof Timestamp) return `"${formatTimestamp(value)}"`
  return encodeObject(value as ObjectValue)
}

function encodeArray(items: readonly Value[]): string {
  let text = '['
  for (let index = 0; index < items.length; index++) {
    if (index > 0) text += ','
    text += encodeExactly(items[index] as Value)
  }
  return `${text}]`
}

function encodeObject(value: ObjectValue): string {
  const keys = keyOrderOf(value)?.sorted ?? Object.keys(value).sort(compareText)
  let text = '{'
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as string
    if (index > 0) text += ','
    text += `${encodeString(key)}:${encodeExactly(value[key] as Value)}`
  }
  return `${text}}`
}

/** A JSON string with line separators escaped, and U+FFFD for a surrogate that stands alone. */
export function encodeString(text: string): string {
  // Short texts are looked at faster than they are handed to the native serialiser; long ones are not.
  if (text.length <= SHORT_TEXT_LENGTH_MAX && !NEEDS_ESCAPES.test(text)) return `"${text}"`
  const quoted = JSON.stringify(text.isWellFormed() ? text : text.toWellFormed())
  if (!hasLineSeparator(quoted)) return quoted
  return quoted.replace(/[\u2028\u2029]/g, (separator) =>
    separator === '\u2028' ? '\\u2028' : '\\u2029',
  )
}

const SHORT_TEXT_LENGTH_MAX = 64
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const NEEDS_ESCAPES = /["\\\u0000-\u001f\u2028\u2029\ud800-\udfff]/

function hasLineSeparator(text: string): boolean {
  return text.includes('\u2028') || text.includes('\u2029')
}
