/**
 * YAML as Go's yaml.v3 writes it, byte by byte: four spaces, keys in natural order, and for each text the plainest of
 * the styles plain, single quoted, literal and double quoted that keeps it a text.
 */
import { isArray, isNumber, isObject } from '../values/kind-of.ts'
import { formatTimestamp } from '../values/timestamp.ts'
import { type ObjectValue, Timestamp, type Value } from '../values/value.ts'
import { valueText } from '../values/value-text.ts'
import { compareNaturally } from './natural-order.ts'

const INDENT = 4

export function formatYaml(value: Value): string {
  const lines: string[] = []
  writeBlock(value, 0, '', '', lines)
  return `${lines.join('\n')}\n`
}

/** `first` stands before the first line, where a key or dashes are; `before` before a value on that same line. */
function writeBlock(
  value: Value,
  indent: number,
  first: string,
  before: string,
  lines: string[],
): void {
  const items = value instanceof Uint8Array ? Array.from(value) : value
  if (isArray(items) && items.length > 0) writeSequence(items, indent, first, lines)
  else if (isObject(items) && Object.keys(items).length > 0) {
    writeMapping(items, indent, first, lines)
  } else lines.push(`${first}${before}${scalar(items, indent)}`)
}

function writeSequence(
  items: readonly Value[],
  indent: number,
  first: string,
  lines: string[],
): void {
  const margin = ' '.repeat(indent)
  items.forEach((item, index) => {
    writeBlock(item, indent + 2, `${index === 0 ? first : margin}- `, '', lines)
  })
}

function writeMapping(value: ObjectValue, indent: number, first: string, lines: string[]): void {
  const margin = ' '.repeat(indent)
  Object.keys(value)
    .sort(compareNaturally)
    .forEach((key, index) => {
      const start = `${index === 0 ? first : margin}${textScalar(key, indent, true)}:`
      const member = value[key] as Value
      const child = nextIndent(indent)
      if (isEmptyOrScalar(member)) writeBlock(member, child, start, ' ', lines)
      else {
        lines.push(start)
        writeBlock(member, child, ' '.repeat(child), '', lines)
      }
    })
}

/** The next multiple: a mapping within a sequence stands between two of them. */
function nextIndent(indent: number): number {
  return INDENT * Math.floor((indent + INDENT) / INDENT)
}

function isEmptyOrScalar(value: Value): boolean {
  if (value instanceof Uint8Array || isArray(value)) return value.length === 0
  return !isObject(value) || Object.keys(value).length === 0
}

function scalar(value: Value, indent: number): string {
  if (typeof value === 'string') return textScalar(value, indent, false)
  if (value instanceof Timestamp) return formatTimestamp(value)
  if (isArray(value)) return '[]'
  if (value === null) return 'null'
  if (isNumber(value)) return numberScalar(valueText(value))
  return isObject(value) ? '{}' : valueText(value)
}

const NOT_FINITE: Readonly<Record<string, string>> = {
  '+Inf': '.inf',
  '-Inf': '-.inf',
  NaN: '.nan',
}

function numberScalar(text: string): string {
  return NOT_FINITE[text] ?? text
}

/** What YAML, in this version or an older one, reads as something else than a text. */
const RESOLVED: readonly RegExp[] = [
  /^(?:|~|null|Null|NULL|true|True|TRUE|false|False|FALSE)$/,
  /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/,
  /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  /^[-+]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+)$/,
  /^[-+]?(?:\.\d[\d_]*|\d[\d_]*(?:\.[\d_]*)?)(?:[eE][-+]?\d[\d_]*)?$/,
  /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/,
  /^\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|[ \t]+)\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)?)?$/,
]

/** All that is printed without an escape; line breaks apart. */
const UNPRINTABLE = /[^\n\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/
const LINE_BREAKS = /[\n\r\u0085\u2028\u2029]/

function textScalar(value: string, indent: number, isKey: boolean): string {
  const text = value.toWellFormed()
  const hasSpaceBeforeBreak = / [\n\u0085\u2028\u2029]/.test(text) || text.endsWith(' ')
  const isLiteral = text.includes('\n') && !isKey && !hasSpaceBeforeBreak
  if (isLiteral && !UNPRINTABLE.test(text.replaceAll('\t', ''))) return literal(text, indent)
  if (
    UNPRINTABLE.test(text) ||
    LINE_BREAKS.test(text) ||
    RESOLVED.some((form) => form.test(text))
  ) {
    return doubleQuoted(text)
  }
  // As a key, plain, it would merge another mapping in.
  if (isKey && text === '<<') return doubleQuoted(text)
  return canBePlain(text) ? text : `'${text.replaceAll("'", "''")}'`
}

function canBePlain(text: string): boolean {
  if (/^[#,[\]{}&*!|>'"%@`]|^[-?:](?: |$)|^(?:---|\.\.\.)/.test(text)) return false
  return !/^ | $|:(?: |$)| #/.test(text)
}

/** The line breaks at the end decide what follows the bar: none `-`, one nothing, more `+`. */
function literal(text: string, indent: number): string {
  const hint = /^[ \n\u0085\u2028\u2029]/.test(text) ? String(INDENT) : ''
  const end = /\n*$/.exec(text)?.[0].length ?? 0
  const chomp = end === 0 ? '-' : end === 1 && text.length > 1 ? '' : '+'
  const margin = ' '.repeat(indent === 0 ? INDENT : indent)
  const lines = text.split('\n').map((line) => (line === '' ? '' : margin + line))
  if (end > 0) lines.pop()
  return `|${hint}${chomp}\n${lines.join('\n')}`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\u0007': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\u001b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\u0085': '\\N',
  '\u00a0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
}

function doubleQuoted(text: string): string {
  const escaped = Array.from(text, (character) => {
    const named = ESCAPES[character]
    if (named !== undefined && !(character === '\u00a0')) return named
    const code = character.codePointAt(0) ?? 0
    if (!UNPRINTABLE.test(character) && code <= 0xffff) return character
    const hex = code.toString(16).toUpperCase()
    if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`
    return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
  })
  return `"${escaped.join('')}"`
}
