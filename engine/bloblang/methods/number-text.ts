/** Numbers in texts, as Go's strconv reads them: a decimal float, or a whole number with a prefix of its base. */
import { expectText, isNumber, mismatch } from '../values/kind-of.ts'
import { toFloat, toNumeric } from '../values/number.ts'
import type { Result } from '../values/result.ts'

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

export function parseFloatText(value: Result): number {
  if (isNumber(value)) return toFloat(toNumeric(value))
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) throw mismatch('number', value)
  const text = expectText(value)
  if (!DECIMAL.test(text)) throw mismatch('number', value)
  return Number(text)
}

const INTEGER = /^([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|\d+)$/
/** Longer texts cannot be a number of 64 bits, whatever their base. */
const INTEGER_TEXT_MAX = 70

export function parseWholeText(value: Result): bigint {
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) throw mismatch('number', value)
  const text = expectText(value)
  const match = text.length > INTEGER_TEXT_MAX ? null : INTEGER.exec(text.replaceAll(GROUPING, ''))
  if (match === null) throw mismatch('number', value)
  const digits = match[2] ?? ''
  // Go reads a leading zero as octal, and refuses one before an 8 or a 9.
  if (/^0\d+$/.test(digits) && !/^0[0-7]+$/.test(digits)) throw mismatch('number', value)
  const magnitude = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits)
  return match[1] === '-' ? -magnitude : magnitude
}

/** Go lets an underscore stand between two digits when the base is read from the text. */
const GROUPING = /(?<=[0-9a-fA-FxXbBoO])_(?=[0-9a-fA-F])/g
