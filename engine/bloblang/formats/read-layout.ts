/** Reading a text by a layout of Go: each token reads as much as it would write. */
import { MappingError } from '../mapping-error.ts'
import { type CivilFields, timestampOf } from '../values/timestamp.ts'
import type { Timestamp } from '../values/value.ts'
import { DAYS, LAYOUT_TOKEN, MONTHS } from './time-layout.ts'

const NAMES = (names: readonly string[], length?: number): string =>
  `(?i:${names.map((name) => name.slice(0, length)).join('|')})`

/** What each token reads; the groups are taken in the order of the tokens. */
const PATTERNS: Readonly<Record<string, string>> = {
  '2006': '(\\d{4})',
  '06': '(\\d{2})',
  '01': '(\\d{2})',
  '1': '(\\d{1,2})',
  '02': '(\\d{2})',
  _2: '( ?\\d{1,2})',
  '2': '(\\d{1,2})',
  January: `(${NAMES(MONTHS)})`,
  Jan: `(${NAMES(MONTHS, 3)})`,
  Monday: `(${NAMES(DAYS)})`,
  Mon: `(${NAMES(DAYS, 3)})`,
  '002': '(\\d{3})',
  __2: '( {0,2}\\d{1,3})',
  '15': '(\\d{2})',
  '03': '(\\d{2})',
  '3': '(\\d{1,2})',
  '04': '(\\d{2})',
  '4': '(\\d{1,2})',
  '05': '(\\d{2}(?:[.,]\\d{1,9})?)',
  '5': '(\\d{1,2}(?:[.,]\\d{1,9})?)',
  PM: '(AM|PM)',
  pm: '(am|pm)',
  MST: '(UTC|GMT|[A-Z]{3,4})',
  'Z07:00': '(Z|[+-]\\d\\d:\\d\\d)',
  '-07:00': '([+-]\\d\\d:\\d\\d)',
  Z0700: '(Z|[+-]\\d{4})',
  '-0700': '([+-]\\d{4})',
  '-07': '([+-]\\d\\d)',
  Z07: '(Z|[+-]\\d\\d)',
  'Z07:00:00': '(Z|[+-]\\d\\d:\\d\\d:00)',
  '-07:00:00': '([+-]\\d\\d:\\d\\d:00)',
  Z070000: '(Z|[+-]\\d{4}00)',
  '-070000': '([+-]\\d{4}00)',
}

const FRACTION_NEXT = /^[.,](?:0+|9+)(?!\d)/

/** Zeros ask for as many digits; nines take any number of them, or none. */
function fractionPattern(token: string): string {
  return token[1] === '0' ? `([.,]\\d{${token.length - 1}})` : '((?:[.,]\\d{1,9})?)'
}

interface Reader {
  readonly expression: RegExp
  readonly tokens: readonly string[]
}

const readers = new Map<string, Reader>()
/** A mapping that makes layouts of its input must not keep them all. */
const READERS_MAX = 100

function readerOf(layout: string): Reader {
  const known = readers.get(layout)
  if (known !== undefined) return known
  const tokens: string[] = []
  let source = ''
  let from = 0
  for (const match of layout.matchAll(LAYOUT_TOKEN)) {
    source += literal(layout.slice(from, match.index))
    from = match.index + match[0].length
    const token = match[0]
    if (/^[.,]/.test(token)) source += fractionPattern(token)
    else if (/5$/.test(token) && FRACTION_NEXT.test(layout.slice(match.index + token.length))) {
      // A fraction that the layout tells is read by itself.
      source += token === '05' ? '(\\d{2})' : '(\\d{1,2})'
    } else source += PATTERNS[token] ?? ''
    tokens.push(token)
  }
  const reader = {
    expression: new RegExp(`^${source}${literal(layout.slice(from))}$`),
    tokens,
  }
  if (readers.size < READERS_MAX) readers.set(layout, reader)
  return reader
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}

/** A layout is short; a long one would only make a slow expression. */
const LAYOUT_LENGTH_MAX = 200

/** The moment that the text tells in the layout, or undefined when it does not. */
export function parseLayout(text: string, layout: string): Timestamp | undefined {
  if (layout.length > LAYOUT_LENGTH_MAX) {
    throw new MappingError(`expected a layout of at most ${LAYOUT_LENGTH_MAX} characters`)
  }
  const { expression, tokens } = readerOf(layout)
  const groups = expression.exec(text)
  if (groups === null) return undefined
  const fields = {
    year: 0,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    /** From 1; zero while no token told it. */
    dayOfYear: 0,
    zone: 'UTC',
  }
  let afternoon: boolean | undefined
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] as string
    const part = groups[index + 1] ?? ''
    if (token === 'PM' || token === 'pm') afternoon = part.toLowerCase() === 'pm'
    else read(fields, token, part)
  }
  if (afternoon !== undefined && fields.hour < 24)
    fields.hour = (fields.hour % 12) + (afternoon ? 12 : 0)
  return fields.dayOfYear === 0 ? timestampOf(fields) : onDayOfYear(fields, fields.dayOfYear)
}

/** The moment on a day that is counted from the beginning of the year. */
export function onDayOfYear(fields: CivilFields, dayOfYear: number): Timestamp | undefined {
  const date = new Date(0)
  date.setUTCFullYear(fields.year, 0, dayOfYear)
  if (date.getUTCFullYear() !== fields.year) return undefined
  return timestampOf({ ...fields, month: date.getUTCMonth() + 1, day: date.getUTCDate() })
}

type MutableFields = { -readonly [Name in keyof CivilFields]: CivilFields[Name] } & {
  dayOfYear: number
}

function read(fields: MutableFields, token: string, part: string): void {
  switch (token) {
    case '2006':
      fields.year = Number(part)
      return
    case '06':
      fields.year = Number(part) + (Number(part) >= 69 ? 1900 : 2000)
      return
    case '01':
    case '1':
      fields.month = Number(part)
      return
    case 'January':
    case 'Jan':
      fields.month = indexByName(MONTHS, part) + 1
      return
    case '02':
    case '_2':
    case '2':
      fields.day = Number(part)
      return
    case '002':
    case '__2':
      fields.dayOfYear = Number(part)
      return
    case '15':
    case '03':
    case '3':
      fields.hour = Number(part)
      return
    case '04':
    case '4':
      fields.minute = Number(part)
      return
    case '05':
    case '5': {
      fields.second = Number(part.slice(0, part.search(/[.,]|$/)))
      if (part.length > 2) fields.nanosecond = Number(part.replace(/^.*[.,]/, '').padEnd(9, '0'))
      return
    }
    case 'Monday':
    case 'Mon':
    case 'MST':
      return
    default:
      if (token.startsWith('.') || token.startsWith(',')) {
        fields.nanosecond = Number(part.slice(1).padEnd(9, '0'))
      } else fields.zone = readOffset(part)
  }
}

export function indexByName(names: readonly string[], part: string): number {
  return names.findIndex(
    (name) => name.slice(0, 3).toLowerCase() === part.slice(0, 3).toLowerCase(),
  )
}

function readOffset(part: string): string {
  if (part === 'Z') return 'UTC'
  const digits = part.replaceAll(':', '').slice(0, 5)
  if (/^(z|[+-]00(00)?)$/i.test(digits)) return 'UTC'
  return `${digits.slice(0, 3)}:${digits.slice(3) || '00'}`
}
