/**
 * Bloblang values as threads can hand them on: a structured clone forgets the class of an object.
 *
 * Format: text, numbers, true, false, null, undefined and big integers are themselves, bytes are a copy of their own.
 * All else is an array that begins with what it is: `['array', …]`, `['object', key, value, …]`, `['float', number]`,
 * `['number', text]`, `['time', nanoseconds, zone]`.
 */
import { setKey } from '../../bloblang/values/set-key.ts'
import {
  IntegralFloat,
  NumberText,
  type ObjectValue,
  Timestamp,
  type Value,
} from '../../bloblang/values/value.ts'

export type WireValue = null | boolean | number | bigint | string | Uint8Array | WireList

/** Begins with the text that says what it is. */
interface WireList extends ReadonlyArray<WireValue> {}

export function encodeValue(value: Value): WireValue {
  if (typeof value !== 'object' || value === null) return value
  // A view would take all of its buffer along.
  if (value instanceof Uint8Array) return Uint8Array.from(value)
  if (value instanceof IntegralFloat) return ['float', value.value]
  if (value instanceof NumberText) return ['number', value.text]
  if (value instanceof Timestamp) return ['time', value.epochNs, value.zone]
  if (isList(value)) return ['array', ...value.map(encodeValue)]
  const entries = Object.entries(value).flatMap(([key, item]) => [key, encodeValue(item)])
  return ['object', ...entries]
}

export function decodeValue(value: WireValue): Value {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const [kind, ...parts] = value
  const [first, second] = parts
  switch (kind) {
    case 'float':
      return new IntegralFloat(Number(first))
    case 'number':
      return new NumberText(String(first))
    case 'time':
      return new Timestamp(first as bigint, String(second))
    case 'array':
      return parts.map(decodeValue)
    default:
      return decodeObject(parts)
  }
}

function decodeObject(parts: readonly WireValue[]): ObjectValue {
  const object: ObjectValue = {}
  for (let index = 0; index < parts.length; index += 2) {
    setKey(object, String(parts[index]), decodeValue(parts[index + 1] ?? null))
  }
  return object
}

function isList(value: readonly Value[] | ObjectValue): value is readonly Value[] {
  return Array.isArray(value)
}
