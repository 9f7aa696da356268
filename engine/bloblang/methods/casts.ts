/** Methods that make a number of a certain width, and fail where it does not fit. */
import type { MethodDefinition } from '../definition.ts'
import { MappingError } from '../mapping-error.ts'
import { isNumber } from '../values/kind-of.ts'
import { isFloat, makeFloat, type Numeric, toFloat, toNumeric } from '../values/number.ts'
import type { Result } from '../values/result.ts'
import type { Value } from '../values/value.ts'
import { valueText } from '../values/value-text.ts'
import { parseFloatText, parseWholeText } from './number-text.ts'

const casts = { category: 'numbers', status: 'stable', parameters: [] } as const

function integerCast(bits: number, signed: boolean): MethodDefinition {
  const min = signed ? -(2n ** BigInt(bits - 1)) : 0n
  const max = 2n ** BigInt(signed ? bits - 1 : bits) - 1n
  const name = `${signed ? 'int' : 'uint'}${bits}`
  return {
    name,
    ...casts,
    description: `The value as a whole number from ${min} to ${max}. Text may have a prefix of its base; a fraction fails, so round first.`,
    examples: [
      { mapping: `root = ["0x1F".${name}(), "0b11".${name}(), 5.0.${name}()]`, output: '[31,3,5]' },
      { mapping: `root = "${max}".${name}()`, output: `${max}` },
      {
        mapping: `root = "${min - 1n}".${name}()`,
        error: `expected a whole number from ${min} to ${max}, got ${min - 1n}`,
      },
      { mapping: `root = 5.5.${name}()`, error: 'expected a whole number, got 5.5' },
    ],
    build: () => (target) => {
      const whole = isNumber(target) ? wholeNumber(toNumeric(target)) : parseWholeText(target)
      if (whole < min || whole > max) {
        throw new MappingError(`expected a whole number from ${min} to ${max}, got ${whole}`)
      }
      const plain = Number(whole)
      return Number.isSafeInteger(plain) ? plain : whole
    },
  }
}

function wholeNumber(numeric: Numeric): bigint {
  if (!isFloat(numeric)) return BigInt(numeric as number | bigint)
  const float = toFloat(numeric)
  if (!Number.isInteger(float)) {
    throw new MappingError(`expected a whole number, got ${valueText(numeric)}`)
  }
  return BigInt(float)
}

function floatCast(
  name: string,
  description: string,
  output: string,
  cast: (value: number) => number,
): MethodDefinition {
  return {
    name,
    ...casts,
    description,
    examples: [
      { mapping: `root = "6.674282313423543e-11".${name}()`, output },
      { mapping: `root = this.a.${name}()`, input: '{"a":true}', error: 'expected number value' },
    ],
    build: () => (target) => makeFloat(cast(finite(target, cast))),
  }
}

/** A text such as 1e999 has no float; that is a failure and not infinity. */
function finite(target: Result, cast: (value: number) => number): number {
  const float = parseFloatText(target)
  if (!Number.isFinite(cast(float)) && !isNonFiniteNumber(target)) {
    throw new MappingError(
      `expected a number in the range of the float, got ${valueText(target as Value)}`,
    )
  }
  return float
}

function isNonFiniteNumber(target: Result): boolean {
  return isNumber(target) && !Number.isFinite(toFloat(toNumeric(target)))
}

/** As many digits as tell a float of 32 bits from its neighbours. */
const FLOAT32_DIGITS_MAX = 9

/** The number of the shortest text that means the same float of 32 bits, so that it prints with that precision. */
function toFloat32(value: number): number {
  const narrow = Math.fround(value)
  if (!Number.isFinite(narrow)) return narrow
  for (let digits = 1; digits < FLOAT32_DIGITS_MAX; digits++) {
    const short = Number(narrow.toPrecision(digits))
    if (Math.fround(short) === narrow) return short
  }
  return Number(narrow.toPrecision(FLOAT32_DIGITS_MAX))
}

export const castMethods: readonly MethodDefinition[] = [
  ...[8, 16, 32, 64].flatMap((bits) => [integerCast(bits, true), integerCast(bits, false)]),
  floatCast(
    'float32',
    'The value as a float of 32 bits, and with the precision that these have.',
    '6.674283e-11',
    toFloat32,
  ),
  floatCast(
    'float64',
    'The value as a float of 64 bits.',
    '6.674282313423543e-11',
    (value) => value,
  ),
]
