/** Go's printf verbs, as far as values of ours can fill them. */
import { encodeJson } from '../values/encode-payload.ts'
import { isNumber } from '../values/kind-of.ts'
import { toFloat, toNumeric, truncate } from '../values/number.ts'
import type { Value } from '../values/value.ts'
import { valueText } from '../values/value-text.ts'
import { repeat } from './repeat.ts'

const VERB = /%([-+0 #]*)(\d{1,9})?(?:\.(\d{0,9}))?([a-zA-Z%])/g
/** What toFixed and its siblings take. */
const PRECISION_MAX = 100

export function formatText(text: string, values: readonly Value[]): string {
  let next = 0
  return text.replace(
    VERB,
    (_, flags: string, width: string | undefined, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%'
      const value = values[next++]
      if (value === undefined) return `%!${verb}(MISSING)`
      const shown = convert(
        verb,
        value,
        precision === undefined ? undefined : Math.min(Number(precision), PRECISION_MAX),
      )
      if (shown === undefined) return `%!${verb}(${typeof value}=${valueText(value)})`
      const signed =
        flags.includes('+') && isNumber(value) && !shown.startsWith('-') ? `+${shown}` : shown
      return padTo(signed, flags, Number(width ?? 0), isNumber(value))
    },
  )
}

function padTo(text: string, flags: string, width: number, numeric: boolean): string {
  const missing = width - Array.from(text).length
  if (missing <= 0) return text
  if (flags.includes('-')) return text + repeat(' ', missing)
  if (!flags.includes('0') || !numeric) return repeat(' ', missing) + text
  const sign = /^[-+]/.exec(text)?.[0] ?? ''
  return sign + repeat('0', missing) + text.slice(sign.length)
}

function convert(verb: string, value: Value, precision: number | undefined): string | undefined {
  switch (verb) {
    case 's':
    case 'v':
      return cut(valueText(value), verb === 's' ? precision : undefined)
    case 'q':
      return JSON.stringify(valueText(value))
    case 't':
      return typeof value === 'boolean' ? String(value) : undefined
    case 'x':
    case 'X': {
      const text = hexadecimal(value)
      return verb === 'X' ? text?.toUpperCase() : text
    }
  }
  if (!isNumber(value)) return verb === 'j' ? encodeJson(value) : undefined
  const numeric = toNumeric(value)
  switch (verb) {
    case 'd':
      return truncate(numeric).toString()
    case 'b':
      return truncate(numeric).toString(2)
    case 'o':
      return truncate(numeric).toString(8)
    case 'c':
      return String.fromCodePoint(Math.max(0, Math.min(0x10ffff, Number(truncate(numeric)))))
    case 'f':
    case 'F':
      return toFloat(numeric).toFixed(precision ?? 6)
    case 'e':
      return goExponent(toFloat(numeric).toExponential(precision ?? 6))
    case 'g':
      return precision === undefined
        ? valueText(value)
        : String(Number(toFloat(numeric).toPrecision(Math.max(1, precision))))
    default:
      return undefined
  }
}

function hexadecimal(value: Value): string | undefined {
  if (isNumber(value)) return truncate(toNumeric(value)).toString(16)
  if (typeof value === 'string') return Buffer.from(value).toString('hex')
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : undefined
}

function goExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

function cut(text: string, length: number | undefined): string {
  return length === undefined ? text : Array.from(text).slice(0, length).join('')
}
