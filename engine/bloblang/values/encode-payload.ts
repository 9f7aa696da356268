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

/** Streams repeat their keys; a stream of ever new keys must not fill the memory. */
const KNOWN_KEYS_MAX = 10_000
const KNOWN_KEY_LENGTH_MAX = 100

export function encodeJson(value: Value): string {
  if (isPlain(value, 0)) {
    const text = JSON.stringify(value)
    // The native serialiser writes lone surrogates as escapes, and line separators as they are.
    if (!text.includes('\\ud') && !hasLineSeparator(text)) return text
  }
  return encodeExactly(value, 0)
}

/**
 * Throws what `encodePayload` would throw for the value, so that who made it hears of it, and not whoever writes it.
 */
export function assertPayload(value: Value, depth = 0): undefined {
  switch (typeof value) {
    case 'string':
    case 'bigint':
    case 'boolean':
      return
    case 'number':
      return Number.isFinite(value) ? undefined : refuseNonFinite(value)
  }
  if (value === null) return
  if (depth > ENCODE_DEPTH_MAX) throw tooDeep()
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const item = value[index] as Value
      if (typeof item !== 'string') assertPayload(item, depth + 1)
    }
    return
  }
  if (value instanceof IntegralFloat) return assertPayload(value.value)
  if (value instanceof NumberText || value instanceof Uint8Array || value instanceof Timestamp) {
    return
  }
  for (const key in value as ObjectValue) {
    const item = (value as ObjectValue)[key] as Value
    if (typeof item !== 'string') assertPayload(item, depth + 1)
  }
}

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
    if (key < before || !(plainKeys.has(key) || isPlainKey(key))) return false
    before = key
    const item = (value as ObjectValue)[key] as Value
    if (typeof item !== 'string' && !isPlain(item, depth + 1)) return false
  }
  return true
}

/** Keys whose order is that of their code units. */
const plainKeys = new Set<string>()

function isPlainKey(key: string): boolean {
  if (HAS_SURROGATE.test(key)) return false
  if (key.length <= KNOWN_KEY_LENGTH_MAX && plainKeys.size < KNOWN_KEYS_MAX) plainKeys.add(key)
  return true
}

const HAS_SURROGATE = /[\ud800-\udfff]/

function encodeExactly(value: Value, depth: number): string {
  if (depth > ENCODE_DEPTH_MAX) throw tooDeep()
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

const encodedKeys = new Map<string, string>()

function encodeKey(key: string): string {
  const known = encodedKeys.get(key)
  if (known !== undefined) return known
  const encoded = `${encodeString(key)}:`
  if (key.length <= KNOWN_KEY_LENGTH_MAX && encodedKeys.size < KNOWN_KEYS_MAX) {
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
  return Number.isFinite(value) ? formatFloat(value) : refuseNonFinite(value)
}

function refuseNonFinite(value: number): never {
  const what = Number.isNaN(value) ? 'NaN' : 'infinite'
  throw new MappingError(`a number that is ${what} cannot be written as JSON`)
}

function tooDeep(): MappingError {
  return new MappingError('the document is nested too deeply')
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
