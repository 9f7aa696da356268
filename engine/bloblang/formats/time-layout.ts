/** Go's time layouts: how one certain moment, 2006-01-02T15:04:05 -0700, would be written. */
import { type CivilTime, civilTime, offsetText, pad } from '../values/timestamp.ts'
import type { Timestamp } from '../values/value.ts'
import { zoneAbbreviation } from './zone-name.ts'

export const MONTHS: readonly string[] = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
export const DAYS: readonly string[] = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
]

/** Longer alternatives first. `Jan` and `Mon` are no tokens at the beginning of another word. */
export const LAYOUT_TOKEN: RegExp =
  /January|Monday|2006|Z07:00:00|Z070000|-07:00:00|-070000|Z07:00|-07:00|Z0700|-0700|Jan(?![a-z])|Mon(?![a-z])|MST|-07|Z07|002|__2|[.,](?:0+|9+)(?!\d)|01|02|03|04|05|06|15|_2(?!006)|PM|pm|1|2|3|4|5/g

export function formatLayout(time: Timestamp, layout: string): string {
  const civil = civilTime(time)
  let text = ''
  for (const { token, literal: between } of partsOf(layout)) text += between + show(token, civil)
  return text
}

interface LayoutPart {
  /** What stands before the token. */
  readonly literal: string
  /** Empty behind the last one. */
  readonly token: string
}

const layouts = new Map<string, readonly LayoutPart[]>()
/** A mapping that makes layouts of its input must not keep them all. */
const LAYOUTS_MAX = 100

function partsOf(layout: string): readonly LayoutPart[] {
  const known = layouts.get(layout)
  if (known !== undefined) return known
  const parts: LayoutPart[] = []
  let from = 0
  for (const match of layout.matchAll(LAYOUT_TOKEN)) {
    parts.push({ literal: layout.slice(from, match.index), token: match[0] })
    from = match.index + match[0].length
  }
  parts.push({ literal: layout.slice(from), token: '' })
  if (layouts.size < LAYOUTS_MAX) layouts.set(layout, parts)
  return parts
}

function show(token: string, civil: CivilTime): string {
  const hour12 = civil.hour % 12 === 0 ? 12 : civil.hour % 12
  switch (token) {
    case '':
      return ''
    case '2006':
      return pad(civil.year, 4)
    case '06':
      return pad(civil.year % 100, 2)
    case '01':
      return pad(civil.month, 2)
    case '1':
      return String(civil.month)
    case 'January':
      return MONTHS[civil.month - 1] ?? ''
    case 'Jan':
      return (MONTHS[civil.month - 1] ?? '').slice(0, 3)
    case '02':
      return pad(civil.day, 2)
    case '_2':
      return String(civil.day).padStart(2, ' ')
    case '2':
      return String(civil.day)
    case '002':
      return pad(civil.dayOfYear, 3)
    case '__2':
      return String(civil.dayOfYear).padStart(3, ' ')
    case 'Monday':
      return DAYS[civil.weekday] ?? ''
    case 'Mon':
      return (DAYS[civil.weekday] ?? '').slice(0, 3)
    case '15':
      return pad(civil.hour, 2)
    case '03':
      return pad(hour12, 2)
    case '3':
      return String(hour12)
    case '04':
      return pad(civil.minute, 2)
    case '4':
      return String(civil.minute)
    case '05':
      return pad(civil.second, 2)
    case '5':
      return String(civil.second)
    case 'PM':
      return civil.hour < 12 ? 'AM' : 'PM'
    case 'pm':
      return civil.hour < 12 ? 'am' : 'pm'
    case 'MST':
      return zoneText(civil)
    default:
      return token.startsWith('.') || token.startsWith(',')
        ? fraction(token, civil)
        : offset(token, civil.offsetMinutes)
  }
}

/** The abbreviation of the zone, or its offset when it has none. */
export function zoneText(civil: CivilTime): string {
  return zoneAbbreviation(civil) ?? offset('-0700', civil.offsetMinutes)
}

function fraction(token: string, civil: CivilTime): string {
  const digits = pad(civil.nanosecond, 9).slice(0, token.length - 1)
  if (token[1] === '0') return `${token[0]}${digits}`
  const shortened = digits.replace(/0+$/, '')
  return shortened === '' ? '' : `${token[0]}${shortened}`
}

export function offset(token: string, minutes: number): string {
  if (token.startsWith('Z') && minutes === 0) return 'Z'
  const full = minutes === 0 ? '+00:00' : offsetText(minutes)
  if (token.includes(':')) return /:00:00$/.test(token) ? `${full}:00` : full
  if (token.endsWith('0000')) return `${full.replace(':', '')}00`
  return token.endsWith('07') ? full.slice(0, 3) : full.replace(':', '')
}
