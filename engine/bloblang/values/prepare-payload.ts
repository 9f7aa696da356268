/**
 * A value made ready to be written as JSON by the native serialiser: sorted, measured, and with nothing in it that the
 * serialiser does not know.
 *
 * Whoever makes a payload asks, so that who made it hears of a failure; what was made goes with the value to whoever
 * writes it, so that nobody walks it twice. Parts that can be written as they are are not copied.
 */
import { MappingError } from '../mapping-error.ts'
import { type KeyOrder, NO_KEYS } from './key-order.ts'
import { formatTimestamp } from './timestamp.ts'
import { IntegralFloat, NumberText, type ObjectValue, Timestamp, type Value } from './value.ts'

export interface PreparedPayload {
  /** What the native serialiser writes as we would write the value; undefined where it cannot. */
  readonly native: unknown
}

/** Deeper values are refused: whoever reads the result would have to recurse as deep. */
export const ENCODE_DEPTH_MAX = 1_000

/**
 * A payload has at most so many characters, keys, numbers and brackets together. A mapping can make a value that holds
 * the same part many times over and takes no memory until it is written.
 */
export const PAYLOAD_SIZE_MAX = 67_108_864

declare global {
  interface JSON {
    /** Text that the serialiser writes as it is. */
    rawJSON(text: string): object
  }
}

let size = 0
let isNative = true

/** Throws on what no message can carry: numbers that are none, and values that are too deep or too large. */
export function preparePayload(value: Value): PreparedPayload {
  size = 0
  isNative = true
  const native = prepare(value, 0)
  return { native: isNative ? native : undefined }
}

function prepare(value: Value, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      grow(value.length)
      return value
    case 'number':
      return prepareNumber(value)
    case 'boolean':
      grow(1)
      return value
    case 'bigint':
      grow(1)
      return JSON.rawJSON(String(value))
  }
  grow(1)
  if (value === null) return value
  if (depth > ENCODE_DEPTH_MAX) throw tooDeep()
  if (Array.isArray(value)) return prepareArray(value, depth)
  if (value.constructor === Object) {
    return prepareObject(value as ObjectValue, depth)
  }
  if (value instanceof IntegralFloat) return prepareNumber(value.value)
  if (value instanceof NumberText) {
    grow(value.text.length)
    return JSON.rawJSON(value.text)
  }
  if (value instanceof Uint8Array) {
    grow(value.length)
    return Buffer.from(value).toString('base64')
  }
  if (value instanceof Timestamp) return formatTimestamp(value)
  return prepareObject(value as ObjectValue, depth)
}

function prepareNumber(value: number): number {
  if (!Number.isFinite(value)) throw refuseNonFinite(value)
  // The native serialiser forgets the sign of zero.
  if (Object.is(value, -0)) isNative = false
  grow(1)
  return value
}

function prepareArray(items: readonly Value[], depth: number): unknown {
  grow(items.length)
  let copy: unknown[] | undefined
  for (let index = 0; index < items.length; index++) {
    const item = items[index] as Value
    if (typeof item === 'string') {
      grow(item.length)
      continue
    }
    const prepared = prepare(item, depth + 1)
    if (prepared === item) continue
    copy ??= [...items]
    copy[index] = prepared
  }
  return copy ?? items
}

function prepareObject(value: ObjectValue, depth: number): unknown {
  let order: KeyOrder | undefined = NO_KEYS
  let copy: Record<string, unknown> | undefined
  for (const key in value) {
    order = order?.after(key)
    const member = value[key] as Value
    if (typeof member === 'string') {
      grow(key.length + member.length)
      continue
    }
    size += key.length
    const prepared = prepare(member, depth + 1)
    if (prepared === member) continue
    copy ??= { ...value }
    // The key is the copy's own already, so that `__proto__` is written like any other.
    copy[key] = prepared
  }
  const found = copy ?? value
  if (order?.isSorted === true) return found
  const sorted = order?.arrange(found)
  if (sorted !== undefined) return sorted
  isNative = false
  return found
}

function grow(by: number): void {
  size += by
  if (size > PAYLOAD_SIZE_MAX) {
    throw new MappingError(
      `expected a payload of at most ${PAYLOAD_SIZE_MAX} characters and parts, got a larger one`,
    )
  }
}

function refuseNonFinite(value: number): MappingError {
  const what = Number.isNaN(value) ? 'NaN' : 'infinite'
  return new MappingError(`a number that is ${what} cannot be written as JSON`)
}

function tooDeep(): MappingError {
  return new MappingError('the document is nested too deeply')
}
