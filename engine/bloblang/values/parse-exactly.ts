/**
 * JSON that keeps every number as it is spelt, for documents whose numbers native parsing would change.
 *
 * The native parser hands over the source text of each number, so this is a reviver and no second grammar. Numbers
 * that print as they were spelt stay plain.
 */
import { INT64_MAX, INT64_MIN } from './number.ts'
import { NumberText, type Value } from './value.ts'

type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown

const keepNumber: Reviver = (_key, value, context) => {
  if (typeof value !== 'number' || context.source === undefined) return value
  return exactNumber(value, context.source)
}

export function parseExactly(text: string): Value {
  return JSON.parse(text, keepNumber as (key: string, value: unknown) => unknown) as Value
}

function exactNumber(value: number, source: string): Value {
  if (!Object.is(value, -0) && String(value) === source) {
    if (Number.isSafeInteger(value) || !Number.isInteger(value)) return value
  }
  if (!WHOLE.test(source) || source === '-0') return new NumberText(source)
  const whole = BigInt(source)
  return whole >= INT64_MIN && whole <= INT64_MAX ? whole : new NumberText(source)
}

/** Longer whole numbers cannot be int64s, and converting them would cost the square of their length. */
const WHOLE = /^-?\d{1,19}$/
