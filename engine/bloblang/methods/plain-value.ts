/** A value as JSON.parse would give it, for libraries that know no other values. Numbers may lose what a double lacks. */
import { isArray, isContainer, isNumber } from '../values/kind-of.ts'
import { toFloat, toNumeric } from '../values/number.ts'
import { setKey } from '../values/set-key.ts'
import { formatTimestamp } from '../values/timestamp.ts'
import { type ObjectValue, Timestamp, type Value } from '../values/value.ts'

export type PlainValue =
  | null
  | boolean
  | number
  | string
  | PlainValue[]
  | { [key: string]: PlainValue }

export function toPlain(value: Value): PlainValue {
  if (isNumber(value)) return toFloat(toNumeric(value))
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Timestamp) return formatTimestamp(value)
  if (!isContainer(value)) return value
  if (isArray(value)) return value.map(toPlain)
  const plain: ObjectValue = {}
  for (const [key, item] of Object.entries(value)) setKey(plain, key, toPlain(item))
  return plain as { [key: string]: PlainValue }
}
