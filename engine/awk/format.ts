/** What `printf` and `sprintf` make of a format. */
import { MappingError } from '../bloblang/mapping-error.ts'
import { type AwkValue, numberOf, wholeText } from './values.ts'

/** How wide one value may be padded, and how many digits it may be given. */
export const FORMAT_WIDTH_MAX = 65_536
/** More digits after the point than this are not calculated. */
export const FORMAT_DIGITS_MAX = 100

const VERB = /%([-+ #0]*)(\*|\d*)(?:\.(\*|\d*))?[hlLqjzt]*([a-zA-Z%])/g

export function format(
  text: string,
  given: readonly AwkValue[],
  textOf: (value: AwkValue) => string,
): string {
  let used = 0
  return text.replace(VERB, (whole, flags: string, width: string, digits, verb: string) => {
    if (verb === '%') return '%'
    const counted = (written: string): number => {
      const count = written === '*' ? Math.trunc(numberOf(given[used++])) : Number(written)
      if (Math.abs(count) > FORMAT_WIDTH_MAX) {
        throw new MappingError(
          `expected a width up to ${FORMAT_WIDTH_MAX} in a format, got ${count}`,
        )
      }
      return count
    }
    const wide = counted(width)
    const precision = digits === undefined ? undefined : Math.max(0, counted(digits))
    if (!'dioxXucseEfFgG'.includes(verb)) return whole
    const value = given[used++]
    const left = flags.includes('-') || wide < 0
    const written = one(verb, flags, precision, value, textOf)
    const zeros = flags.includes('0') && !left && !'sc'.includes(verb)
    const fills = zeros && !('dioxXu'.includes(verb) && precision !== undefined)
    return padded(written, Math.abs(wide), left, fills && /\d/.test(written))
  })
}

function padded(text: string, width: number, left: boolean, zeros: boolean): string {
  if (text.length >= width) return text
  if (left) return text.padEnd(width)
  if (!zeros) return text.padStart(width)
  const sign = /^(?:[-+ ]?0[xX]|[-+ ])?/.exec(text)?.[0] ?? ''
  return sign + text.slice(sign.length).padStart(width - sign.length, '0')
}

function one(
  verb: string,
  flags: string,
  precision: number | undefined,
  value: AwkValue,
  textOf: (value: AwkValue) => string,
): string {
  if (verb === 's') return textOf(value).slice(0, precision)
  if (verb === 'c') return character(value, textOf)
  const number = numberOf(value)
  const sign = number < 0 || Object.is(number, -0) ? '-' : plusOf(flags)
  if (!Number.isFinite(number)) return Number.isNaN(number) ? 'nan' : `${sign}inf`
  if ('dioxXu'.includes(verb)) return integer(verb, flags, precision, number)
  return sign + float(verb, flags, Math.min(precision ?? 6, FORMAT_DIGITS_MAX), Math.abs(number))
}

function plusOf(flags: string): string {
  if (flags.includes('+')) return '+'
  return flags.includes(' ') ? ' ' : ''
}

function character(value: AwkValue, textOf: (value: AwkValue) => string): string {
  if (typeof value !== 'number')
    return String.fromCodePoint(
      ...[...textOf(value)].slice(0, 1).map((one) => one.codePointAt(0) ?? 0),
    )
  const code = Math.trunc(value)
  return code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ''
}

function integer(
  verb: string,
  flags: string,
  precision: number | undefined,
  number: number,
): string {
  const whole = BigInt(Math.trunc(number))
  if (verb === 'd' || verb === 'i') {
    const digits = String(whole < 0n ? -whole : whole).padStart(precision ?? 0, '0')
    return (whole < 0n ? '-' : plusOf(flags)) + digits
  }
  const unsigned = whole < 0n ? BigInt.asUintN(64, whole) : whole
  const base = verb === 'o' ? 8 : verb === 'u' ? 10 : 16
  const digits = unsigned.toString(base).padStart(precision ?? 0, '0')
  const before =
    !flags.includes('#') || unsigned === 0n ? '' : base === 16 ? '0x' : base === 8 ? '0' : ''
  return verb === 'X' ? (before + digits).toUpperCase() : before + digits
}

function float(verb: string, flags: string, precision: number, number: number): string {
  const lower = verb.toLowerCase()
  const text =
    lower === 'f'
      ? fixed(number, precision)
      : lower === 'e'
        ? exponent(number.toExponential(precision))
        : general(number, Math.max(precision, 1), flags.includes('#'))
  return verb === lower ? text : text.toUpperCase()
}

function fixed(number: number, precision: number): string {
  if (number < 1e21) return number.toFixed(precision)
  const zeros = precision === 0 ? '' : `.${'0'.repeat(precision)}`
  return `${BigInt(number)}${zeros}`
}

/** Two digits at least. */
function exponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

function general(number: number, precision: number, keepsZeros: boolean): string {
  const scientific = number.toExponential(precision - 1)
  const power = number === 0 ? 0 : Number(scientific.slice(scientific.indexOf('e') + 1))
  const small = power >= -4 && power < precision
  const text = small ? fixed(number, Math.min(precision - 1 - power, 100)) : exponent(scientific)
  if (keepsZeros || !text.includes('.')) return text
  return text.replace(/\.?0+(?=e|$)/, '')
}

/** A number as `print` and joining write it. */
export function numberText(value: number, pattern: string): string {
  return wholeText(value) ?? format(pattern, [value], () => '')
}
