/** What the operators do with two values. */
import { MappingError } from '../mapping-error.ts'
import { TEXT_LENGTH_MAX } from '../methods/repeat.ts'
import type { Comparison } from '../syntax/tree.ts'
import { compareText, deepEqual } from '../values/equality.ts'
import { decodeText, isNumber, kindOf, mismatch } from '../values/kind-of.ts'
import {
  compareNumbers,
  isFloat,
  makeFloat,
  makeInteger,
  type Numeric,
  toFloat,
  toNumeric,
  truncate,
} from '../values/number.ts'
import { isMarker, type Result } from '../values/result.ts'
import { Timestamp, type Value } from '../values/value.ts'

export type Arithmetic = '+' | '-' | '*' | '/' | '%'

const VERBS: Readonly<Record<Arithmetic, string>> = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '%': 'modulo',
}

/** Labels are asked for only when something is wrong. */
export interface Origins {
  readonly left: string
  readonly right: string
}

export function calculate(
  operator: Arithmetic,
  left: Result,
  right: Result,
  origins: Origins,
): Value {
  if (typeof left === 'number' && typeof right === 'number') return onNumbers(operator, left, right)
  if (isNumber(left) && isNumber(right))
    return onNumbers(operator, toNumeric(left), toNumeric(right))
  if (operator === '+') {
    const sum = concatenate(left, right)
    if (sum !== undefined) return sum
  }
  throw incompatible(VERBS[operator], left, right, origins)
}

function concatenate(left: Result, right: Result): Value | undefined {
  if (typeof left === 'string') {
    if (typeof right === 'string') return join(left, right)
    if (right instanceof Uint8Array) return join(left, decodeText(right))
  }
  if (left instanceof Uint8Array && (typeof right === 'string' || right instanceof Uint8Array)) {
    return Buffer.concat([left, typeof right === 'string' ? Buffer.from(right) : right])
  }
  return undefined
}

function join(left: string, right: string): string {
  if (left.length + right.length > TEXT_LENGTH_MAX) {
    throw new MappingError(`expected a text of at most ${TEXT_LENGTH_MAX} characters`, true)
  }
  return left + right
}

function onNumbers(operator: Arithmetic, left: Numeric, right: Numeric): Value {
  if (operator === '/') {
    if (toFloat(right) === 0) throw new MappingError('attempted to divide by zero', true)
    return makeFloat(toFloat(left) / toFloat(right))
  }
  if (operator === '%') return remainder(left, right)
  if (isFloat(left) || isFloat(right)) {
    return makeFloat(onFloats(operator, toFloat(left), toFloat(right)))
  }
  if (typeof left === 'number' && typeof right === 'number') {
    const result = onFloats(operator, left, right)
    if (Number.isSafeInteger(result)) return result === 0 ? 0 : result
  }
  return onIntegers(operator, BigInt(left as number | bigint), BigInt(right as number | bigint))
}

function remainder(left: Numeric, right: Numeric): Value {
  const divisor = truncate(right)
  if (divisor === 0n) throw new MappingError('attempted to divide by zero', true)
  return makeInteger(truncate(left) % divisor)
}

function onFloats(operator: '+' | '-' | '*', left: number, right: number): number {
  if (operator === '+') return left + right
  return operator === '-' ? left - right : left * right
}

function onIntegers(operator: '+' | '-' | '*', left: bigint, right: bigint): Value {
  if (operator === '+') return makeInteger(left + right)
  return makeInteger(operator === '-' ? left - right : left * right)
}

/** `-x` is `0 - x`, but for floats, where that would lose the sign of zero. */
export function negate(value: Result, label: string): Value {
  if (!isNumber(value)) throw mismatchFrom('number', value, label)
  const numeric = toNumeric(value)
  return isFloat(numeric) ? makeFloat(-toFloat(numeric)) : onNumbers('-', 0, numeric)
}

function mismatchFrom(expected: string, value: Result, label: string): MappingError {
  return new MappingError(`${mismatch(expected, value).message} from ${label}`, true)
}

function incompatible(verb: string, left: Result, right: Result, origins: Origins): MappingError {
  const first = `${kindOf(left)} (from ${origins.left})`
  const second = `${kindOf(right)} (from ${origins.right})`
  return new MappingError(`cannot ${verb} types ${first} and ${second}`, true)
}

export function compare(
  operator: Comparison,
  left: Result,
  right: Result,
  origins: Origins,
): boolean {
  if (operator === '==') return equals(left, right)
  if (operator === '!=') return !equals(left, right)
  if (typeof left === 'number' && typeof right === 'number') return inOrder(operator, left - right)
  if (isNumber(left) && isNumber(right)) {
    return inOrder(operator, compareNumbers(toNumeric(left), toNumeric(right)))
  }
  const first = textOf(left)
  const second = textOf(right)
  if (first !== undefined && second !== undefined)
    return inOrder(operator, compareText(first, second))
  if (left instanceof Timestamp && right instanceof Timestamp) {
    return inOrder(operator, Number(left.epochNs - right.epochNs))
  }
  throw incompatible('compare', left, right, origins)
}

function inOrder(operator: Comparison, order: number): boolean {
  switch (operator) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    default:
      return order >= 0
  }
}

function textOf(value: Result): string | undefined {
  if (typeof value === 'string') return value
  return value instanceof Uint8Array ? decodeText(value) : undefined
}

/** The left operand decides: a bool takes numbers for bools, a number takes nothing but numbers. */
export function equals(left: Result, right: Result): boolean {
  if (typeof left === 'boolean' && isNumber(right))
    return left === (toFloat(toNumeric(right)) !== 0)
  if (isMarker(left) || isMarker(right)) return left === right
  return deepEqual(left, right)
}

/** What counts as a bool beside `&&` and `||`: numbers do, null and text do not. */
export function truth(value: Result, label: string): boolean {
  if (typeof value === 'boolean') return value
  if (isNumber(value)) return toFloat(toNumeric(value)) !== 0
  throw mismatchFrom('bool', value, label)
}

/** The condition of an `if` within a query: null counts as false, and nothing else stands for a bool. */
export function condition(value: Result, label: string): boolean {
  return value === null ? false : strictCondition(value, label)
}

/** The condition of an `if` around statements, and the operand of `!`. */
export function strictCondition(value: Result, label: string): boolean {
  if (typeof value === 'boolean') return value
  throw mismatchFrom('bool', value, label)
}
