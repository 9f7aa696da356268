/** Floats by Go's verbs. */
import { formatFloatShort } from '../values/format-float.ts'

/** What toFixed and its siblings take. */
const DIGITS_MAX = 100

/** Undefined for a verb that shows no floats. */
export function formatFloatVerb(
  value: number,
  verb: string,
  precision: number | undefined,
): string | undefined {
  if (!'vgGeEfF'.includes(verb)) return undefined
  if (!Number.isFinite(value)) return formatFloatShort(value)
  switch (verb) {
    case 'f':
    case 'F':
      return fixed(value, precision ?? 6)
    case 'e':
      return exponent(value, precision ?? 6)
    case 'E':
      return exponent(value, precision ?? 6).toUpperCase()
    default: {
      const text = precision === undefined ? formatFloatShort(value) : general(value, precision)
      return verb === 'G' ? text.toUpperCase() : text
    }
  }
}

function fixed(value: number, digits: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const magnitude = Math.abs(value)
  const shown = Math.min(digits, DIGITS_MAX)
  // From 1e21 on toFixed writes an exponent, and such floats are whole.
  const text =
    magnitude >= 1e21
      ? BigInt(magnitude) + (shown === 0 ? '' : `.${'0'.repeat(shown)}`)
      : toFixedEven(magnitude, shown)
  return sign + text + '0'.repeat(digits - shown)
}

/** JavaScript rounds what lies exactly between away from zero, Go to the even digit. */
function toFixedEven(magnitude: number, digits: number): string {
  const exact = magnitude.toFixed(DIGITS_MAX)
  return isEvenTie(exact, exact.indexOf('.') + 1 + digits)
    ? exact.slice(0, exact.indexOf('.') + (digits === 0 ? 0 : digits + 1))
    : magnitude.toFixed(digits)
}

function toExponentialEven(value: number, digits: number): string {
  const exact = value.toExponential(DIGITS_MAX)
  const [mantissa = '', power = '0'] = exact.split('e')
  const point = mantissa.indexOf('.')
  if (!isEvenTie(mantissa, point + 1 + digits)) return value.toExponential(digits)
  return `${mantissa.slice(0, digits === 0 ? point : point + 1 + digits)}e${power}`
}

/** True when nothing but a five follows that place, and the digit before is even. */
function isEvenTie(decimal: string, at: number): boolean {
  if (!/^50*$/.test(decimal.slice(at))) return false
  const before = decimal[at - 1] === '.' ? decimal[at - 2] : decimal[at - 1]
  return Number(before) % 2 === 0
}

function exponent(value: number, digits: number): string {
  return toExponentialEven(value, Math.min(digits, DIGITS_MAX)).replace(/e([+-])(\d)$/, 'e$10$2')
}

/** So many digits in all, without zeros at the end; an exponent below 1e-4 and where the digits do not reach. */
function general(value: number, precision: number): string {
  const digits = Math.min(Math.max(precision, 1), DIGITS_MAX)
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa = '', power = '0'] = toExponentialEven(value, digits - 1).split('e')
  const order = Number(power)
  if (order < -4 || order >= digits) {
    const sign = order < 0 ? '-' : '+'
    return `${withoutZeros(mantissa)}e${sign}${String(Math.abs(order)).padStart(2, '0')}`
  }
  return withoutZeros(fixed(value, Math.max(0, Math.min(DIGITS_MAX, digits - 1 - order))))
}

function withoutZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}
