/**
 * Go's printf: `%`, flags, a width, a precision and a verb. What a verb cannot show is written as Go writes it, such as
 * `%!d(string=x)`.
 */

import { assertLength, repeat } from '../methods/repeat.ts'
import { sortedKeys } from '../values/encode-payload.ts'
import { decodeText, isArray, isNumber, isObject } from '../values/kind-of.ts'
import { isFloat, type Numeric, toFloat, toNumeric, truncate } from '../values/number.ts'
import { formatTimestamp } from '../values/timestamp.ts'
import { Timestamp, type Value } from '../values/value.ts'
import { valueText } from '../values/value-text.ts'
import { formatFloatVerb } from './format-float-verb.ts'
import { quote } from './go-quote.ts'

const VERB = /%([-+0 #]*)(\d{1,9})?(\.(\d{0,9}))?(?:\[(\d{1,3})\])?(.|$)/gsu
/** More decimals than any float has. */
const PRECISION_MAX = 1_000

interface Directive {
  readonly flags: string
  readonly width: number
  readonly precision: number | undefined
  readonly verb: string
}

export function formatText(text: string, values: readonly Value[]): string {
  let next = 0
  let isReordered = false
  let length = text.length
  const formatted = text.replace(
    VERB,
    (_, flags: string, width = '', point?: string, digits = '', index?: string, verb = 'v') => {
      if (verb === '%') return '%'
      if (verb === '') return '%!(NOVERB)'
      if (index !== undefined) {
        isReordered = true
        next = Number(index) - 1
        if (next < 0 || next >= values.length) return `%!${verb}(BADINDEX)`
      }
      const value = values[next++]
      if (value === undefined) return `%!${verb}(MISSING)`
      const precision = point === undefined ? undefined : Math.min(Number(digits), PRECISION_MAX)
      // Before it is made: a width is easily written, and not so easily padded to.
      assertLength(length + Number(width))
      const shown = show(value, { flags, width: Number(width), precision, verb }, true)
      length += shown.length
      assertLength(length)
      return shown
    },
  )
  const extra = values.slice(next)
  if (extra.length === 0 || isReordered) return formatted
  return `${formatted}%!(EXTRA ${extra.map((value) => typed(value)).join(', ')})`
}

/** Arrays and objects are shown element by element, each by the same directive. */
function show(value: Value, directive: Directive, outermost: boolean): string {
  const { verb } = directive
  if (verb === 'T') return padTo(typeName(value), directive, false)
  if (isArray(value)) return `[${value.map((item) => show(item, directive, false)).join(' ')}]`
  if (isObject(value)) {
    const members = sortedKeys(value).map(
      (key) => `${show(key, directive, false)}:${show(value[key] ?? null, directive, false)}`,
    )
    return `map[${members.join(' ')}]`
  }
  if (value === null) {
    const shown = verb === 'v' || !outermost ? '<nil>' : `%!${verb}(<nil>)`
    return padTo(shown, directive, false)
  }
  const shown = scalar(value, directive)
  if (shown === undefined) return `%!${verb}(${typed(value)})`
  if (!isNumber(value) || verb === 'c') return padTo(shown, directive, false)
  // Integers are filled up with zeros already, and so are code points.
  const isWhole = !isFloat(toNumeric(value))
  const flags = isWhole ? directive.flags.replaceAll('0', '') : directive.flags
  return padTo(shown, { ...directive, flags }, true)
}

function scalar(value: Value, directive: Directive): string | undefined {
  if (isNumber(value)) return numberText(toNumeric(value), directive)
  if (typeof value === 'boolean') return 'tv'.includes(directive.verb) ? String(value) : undefined
  if (value instanceof Timestamp) return textual(formatTimestamp(value), directive)
  if (value instanceof Uint8Array) {
    if (directive.verb === 'v' || directive.verb === 'd') return `[${Array.from(value).join(' ')}]`
    return textual(decodeText(value), directive, value)
  }
  return textual(valueText(value), directive)
}

function textual(
  text: string,
  { verb, precision, flags }: Directive,
  bytes: Uint8Array = Buffer.from(text),
): string | undefined {
  switch (verb) {
    case 's':
    case 'v':
      return cut(text, precision)
    case 'q':
      return quote(cut(text, precision))
    case 'x':
      return hexadecimal(bytes.subarray(0, precision), flags)
    case 'X':
      return hexadecimal(bytes.subarray(0, precision), flags).toUpperCase()
    default:
      return undefined
  }
}

/** A space parts the bytes, a sharp prefixes them. */
function hexadecimal(bytes: Uint8Array, flags: string): string {
  const prefix = flags.includes('#') ? '0x' : ''
  const pairs = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
  if (pairs.length === 0) return ''
  return flags.includes(' ')
    ? pairs.map((pair) => prefix + pair).join(' ')
    : prefix + pairs.join('')
}

function cut(text: string, length: number | undefined): string {
  return length === undefined ? text : Array.from(text).slice(0, length).join('')
}

function numberText(numeric: Numeric, directive: Directive): string | undefined {
  if (!isFloat(numeric)) return integerText(truncate(numeric), directive)
  const shown = formatFloatVerb(toFloat(numeric), directive.verb, directive.precision)
  if (shown === undefined || /^[-+]/.test(shown)) return shown
  return plusSign(directive) + shown
}

/** What stands where a minus would: a plus means something else to `%v`. */
function plusSign({ flags, verb }: Directive): string {
  if (flags.includes('+') && verb !== 'v') return '+'
  return flags.includes(' ') ? ' ' : ''
}

const RADIX: Readonly<Record<string, number>> = { b: 2, o: 8, O: 8, d: 10, v: 10, x: 16, X: 16 }
const PREFIX: Readonly<Record<string, string>> = { b: '0b', o: '0', x: '0x', X: '0X' }

function integerText(value: bigint, directive: Directive): string | undefined {
  const { verb, flags, precision } = directive
  const radix = RADIX[verb]
  if (radix !== undefined) {
    const sign = value < 0n ? '-' : plusSign(directive)
    const magnitude = (value < 0n ? -value : value).toString(radix)
    const digits = magnitude.padStart(digitsMin(directive, sign), '0')
    const prefix = verb === 'O' ? '0o' : flags.includes('#') ? (PREFIX[verb] ?? '') : ''
    return `${sign}${prefix}${verb === 'X' ? digits.toUpperCase() : digits}`
  }
  const isCode = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn)
  const character = isCode ? String.fromCodePoint(Number(value)) : '\ufffd'
  switch (verb) {
    case 'c':
      return character
    case 'q':
      return character === "'" ? "'\\''" : `'${quote(character).slice(1, -1).replace('\\"', '"')}'`
    case 'U':
      return `U+${BigInt.asUintN(64, value)
        .toString(16)
        .toUpperCase()
        .padStart(Math.max(4, precision ?? 0), '0')}`
    default:
      return undefined
  }
}

/** A width that is filled with zeros counts digits and the sign, and no prefix. */
function digitsMin({ flags, width, precision }: Directive, sign: string): number {
  if (precision !== undefined) return precision
  return flags.includes('0') && !flags.includes('-') ? width - sign.length : 0
}

function padTo(text: string, { flags, width }: Directive, numeric: boolean): string {
  const missing = width - Array.from(text).length
  if (missing <= 0) return text
  if (flags.includes('-')) return text + repeat(' ', missing)
  if (!flags.includes('0')) return repeat(' ', missing) + text
  const sign = numeric ? (/^[-+ ]/.exec(text)?.[0] ?? '') : ''
  return sign + repeat('0', missing) + text.slice(sign.length)
}

/** As Go shows what it cannot format: the name of its type, and the value. */
function typed(value: Value): string {
  if (value === null) return '<nil>'
  const plain: Directive = { flags: '', width: 0, precision: undefined, verb: 'v' }
  return `${typeName(value)}=${show(value, plain, true)}`
}

function typeName(value: Value): string {
  if (value === null) return '<nil>'
  if (isNumber(value)) return isFloat(toNumeric(value)) ? 'float64' : 'int64'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (value instanceof Uint8Array) return '[]uint8'
  if (value instanceof Timestamp) return 'time.Time'
  return isArray(value) ? '[]interface {}' : 'map[string]interface {}'
}
