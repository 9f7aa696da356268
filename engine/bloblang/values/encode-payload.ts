/**
 * The payload that a root becomes: strings and bytes as they are, everything else as JSON.
 *
 * The JSON is canonical as far as that goes: keys sorted, no HTML escaping, numbers of the input as they were spelt.
 * Documents of plain JSON values whose keys are already sorted, by far the most, take the engine's own serialiser.
 */
import { MappingError } from '../mapping-error.ts'
import { compareText } from './equality.ts'
import { formatFloat } from './format-float.ts'
import { formatTimestamp } from './timestamp.ts'
import { IntegralFloat, NumberText, type ObjectValue, Timestamp, type Value } from './value.ts'

export function encodePayload(value: Value): Uint8Array {
  if (value instanceof Uint8Array) return value
  return Buffer.from(typeof value === 'string' ? value : encodeJson(value))
}

/** Deeper values are refused: whoever reads the result would have to recurse as deep. */
export const ENCODE_DEPTH_MAX = 1_000

export function encodeJson(value: Value): string {
  if (isPlain(value, 0)) {
    const text = JSON.stringify(value)
    if (!NEEDS_OUR_ESCAPES.test(text)) return text
  }
  return encodeExactly(value, 0)
}

/** What the native serialiser writes otherwise: line separators as they are, lone surrogates as escapes. */
const NEEDS_OUR_ESCAPES = /[\u2028\u2029]|\\ud[89a-f]/

/** True when the native serialiser writes the value just as we would. */
function isPlain(value: Value, depth: number): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  if (typeof value !== 'object' || depth > ENCODE_DEPTH_MAX) return false
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (!isPlain(value[index] as Value, depth + 1)) return false
    }
    return true
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  // A key `toJSON` holds a value of ours and never a function, so it cannot divert the serialiser.
  let before = ''
  for (const key in value as ObjectValue) {
    if (key < before || HAS_SURROGATE.test(key)) return false
    before = key
    if (!isPlain((value as ObjectValue)[key] as Value, depth + 1)) return false
  }
  return true
}

const HAS_SURROGATE = /[\ud800-\udfff]/

function encodeExactly(value: Value, depth: number): string {
  if (depth > ENCODE_DEPTH_MAX) throw new MappingError('the document is nested too deeply')
  switch (typeof value) {
    case 'string':
      return encodeString(value)
    case 'number':
      return encodeFloat(value)
    case 'bigint':
    case 'boolean':
      return String(value)
  }
  if (value === null) return 'null'
  if (Array.isArray(value)) return encodeArray(value, depth)
  if (value instanceof IntegralFloat) return encodeFloat(value.value)
  if (value instanceof NumberText) return value.text
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`
  if (value instanceof Timestamp) return `"${formatTimestamp(value)}"`
  return encodeObject(value as ObjectValue, depth)
}

function encodeArray(items: readonly Value[], depth: number): string {
  let text = '['
  for (let index = 0; index < items.length; index++) {
    if (index > 0) text += ','
    text += encodeExactly(items[index] as Value, depth + 1)
  }
  return `${text}]`
}

function encodeObject(value: ObjectValue, depth: number): string {
  const keys = sortedKeys(value)
  let text = '{'
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as string
    if (index > 0) text += ','
    text += encodeKey(key)
    text += encodeExactly(value[key] as Value, depth + 1)
  }
  return `${text}}`
}

/** Streams repeat their keys; a stream of ever new keys must not fill the memory. */
const encodedKeys = new Map<string, string>()
const ENCODED_KEYS_MAX = 10_000
const ENCODED_KEY_LENGTH_MAX = 100

function encodeKey(key: string): string {
  const known = encodedKeys.get(key)
  if (known !== undefined) return known
  const encoded = `${encodeString(key)}:`
  if (key.length <= ENCODED_KEY_LENGTH_MAX && encodedKeys.size < ENCODED_KEYS_MAX) {
    encodedKeys.set(key, encoded)
  }
  return encoded
}

/** Few keys are sorted by insertion, which beats the general sort by far. */
const INSERTION_SORT_MAX = 24

export function sortedKeys(value: ObjectValue): string[] {
  const keys = Object.keys(value)
  if (keys.length > INSERTION_SORT_MAX) return keys.sort(compareText)
  for (let index = 1; index < keys.length; index++) {
    const key = keys[index] as string
    let place = index
    while (place > 0 && comesBefore(key, keys[place - 1] as string)) {
      keys[place] = keys[place - 1] as string
      place--
    }
    keys[place] = key
  }
  return keys
}

/** The first letters nearly always decide. */
function comesBefore(left: string, right: string): boolean {
  const first = left.charCodeAt(0)
  const second = right.charCodeAt(0)
  if (first !== second && first < 0xd800 && second < 0xd800) return first < second
  return compareText(left, right) < 0
}

function encodeFloat(value: number): string {
  if (!Number.isFinite(value)) {
    throw new MappingError(`a number that is ${formatNonFinite(value)} cannot be written as JSON`)
  }
  return formatFloat(value)
}

function formatNonFinite(value: number): string {
  return Number.isNaN(value) ? 'NaN' : 'infinite'
}

/** A JSON string with line separators escaped, and U+FFFD for a surrogate that stands alone. */
export function encodeString(text: string): string {
  if (!NEEDS_ESCAPES.test(text)) return `"${text}"`
  const whole = text.isWellFormed() ? text : text.toWellFormed()
  return JSON.stringify(whole).replace(/[\u2028\u2029]/g, (separator) =>
    separator === '\u2028' ? '\\u2028' : '\\u2029',
  )
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const NEEDS_ESCAPES = /["\\\u0000-\u001f\u2028\u2029\ud800-\udfff]/
