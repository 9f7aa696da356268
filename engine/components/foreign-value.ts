/**
 * Values for libraries that know what JSON.parse gives, and back.
 *
 * Objects have no prototype, so that `constructor` is no key of theirs. A whole number that a double cannot hold stays
 * what it is, as a bigint: a library that only hands it on does not round it.
 */
import { isArray, isContainer, isNumber } from '../bloblang/values/kind-of.ts'
import { makeFloat, toNumeric } from '../bloblang/values/number.ts'
import { setKey } from '../bloblang/values/set-key.ts'
import { formatTimestamp } from '../bloblang/values/timestamp.ts'
import { type ObjectValue, Timestamp, type Value } from '../bloblang/values/value.ts'

export type ForeignValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | ForeignValue[]
  | { [key: string]: ForeignValue }

export function toForeign(value: Value): ForeignValue {
  if (isNumber(value)) {
    const numeric = toNumeric(value)
    return typeof numeric === 'object' ? numeric.value : numeric
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString()
  if (value instanceof Timestamp) return formatTimestamp(value)
  if (!isContainer(value)) return value
  if (isArray(value)) return value.map(toForeign)
  const object = Object.create(null) as { [key: string]: ForeignValue }
  for (const [key, item] of Object.entries(value)) object[key] = toForeign(item)
  return object
}

export function fromForeign(value: unknown): Value {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return value
    case 'number':
      return Number.isSafeInteger(value) ? value : makeFloat(value)
    case 'object':
      break
    default:
      return null
  }
  if (value === null || value instanceof Uint8Array || value instanceof Timestamp) return value
  if (value instanceof Date) return new Timestamp(BigInt(value.getTime()) * 1_000_000n, 'UTC')
  if (Array.isArray(value)) return value.map(fromForeign)
  const object: ObjectValue = {}
  for (const [key, item] of Object.entries(value)) setKey(object, key, fromForeign(item))
  return object
}
