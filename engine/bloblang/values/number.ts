/** Numbers as Bloblang calculates with them: int64 while both operands are whole, float64 otherwise. */
import { mismatch } from './kind-of.ts'
import type { Result } from './result.ts'
import { IntegralFloat, NumberText, type Value } from './value.ts'

/** A number that can be calculated with: an int64 (number or bigint) or a float64 (fraction or IntegralFloat). */
export type Numeric = number | bigint | IntegralFloat

export const INT64_MIN: bigint = -(2n ** 63n)
export const INT64_MAX: bigint = 2n ** 63n - 1n

/** The value of a float64 result. */
export function makeFloat(value: number): Numeric {
  return Number.isInteger(value) || !Number.isFinite(value) ? new IntegralFloat(value) : value
}

/** The value of an int64 result; what does not fit wraps, as 64-bit integers do. */
export function makeInteger(value: bigint): number | bigint {
  const wrapped = BigInt.asIntN(64, value)
  const plain = Number(wrapped)
  return Number.isSafeInteger(plain) ? plain : wrapped
}

/** A whole float that was computed, as an int64 when it fits and as the float that it is otherwise. */
export function makeWhole(value: number): Numeric {
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value
  if (!Number.isFinite(value)) return new IntegralFloat(value)
  const whole = BigInt(value)
  return whole < INT64_MIN || whole > INT64_MAX ? new IntegralFloat(value) : makeInteger(whole)
}

/** A number of the input becomes an int64 if it fits, else a float64, when somebody calculates with it. */
export function toNumeric(value: Result): Numeric {
  if (typeof value === 'number' || typeof value === 'bigint' || value instanceof IntegralFloat) {
    return value
  }
  if (value instanceof NumberText) return numericOfText(value.text)
  throw mismatch('number', value)
}

const WHOLE = /^-?\d+$/

export function numericOfText(text: string): Numeric {
  if (WHOLE.test(text) && text.length <= 20) {
    const whole = BigInt(text)
    if (whole >= INT64_MIN && whole <= INT64_MAX) return makeInteger(whole)
  }
  return makeFloat(Number(text))
}

export function isFloat(value: Numeric): boolean {
  return typeof value === 'object' || (typeof value === 'number' && !Number.isInteger(value))
}

/** The float64 of a number; large int64s round. */
export function toFloat(value: Numeric): number {
  if (typeof value === 'number') return value
  return typeof value === 'bigint' ? Number(value) : value.value
}

/** The int64 of a number; a float loses its fraction. */
export function truncate(value: Numeric): bigint {
  if (typeof value === 'bigint') return value
  const float = Math.trunc(toFloat(value))
  if (!Number.isFinite(float)) return INT64_MIN
  return BigInt.asIntN(64, BigInt(float))
}

/** Negative, zero or positive; exact over int64 and float64, NaN equals nothing. */
export function compareNumbers(left: Numeric, right: Numeric): number {
  const first = typeof left === 'object' ? left.value : left
  const second = typeof right === 'object' ? right.value : right
  if (first < second) return -1
  if (first > second) return 1
  // biome-ignore lint/suspicious/noDoubleEquals: a bigint and a number of the same value are equal
  return first == second ? 0 : Number.NaN
}

/** An argument that counts something: whole, and small enough to be exact. */
export function expectSafeInteger(value: Result): number {
  const numeric = toNumeric(value)
  const plain = toFloat(numeric)
  if (typeof numeric === 'bigint' || !Number.isSafeInteger(plain)) throw mismatch('integer', value)
  return plain
}

export function isValueNumber(value: Value): value is Numeric | NumberText {
  return (
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    value instanceof IntegralFloat ||
    value instanceof NumberText
  )
}
