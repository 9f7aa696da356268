/** Points in time: their civil fields in a zone, and their RFC 3339 form. */
import { MappingError } from '../mapping-error.ts'
import { Timestamp } from './value.ts'

export interface CivilTime {
  readonly year: number
  /** From 1. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly nanosecond: number
  /** From 0, Sunday. */
  readonly weekday: number
  /** From 1. */
  readonly dayOfYear: number
  readonly offsetMinutes: number
  readonly zone: string
}

const NS_PER_MS = 1_000_000n
const NS_PER_SECOND = 1_000_000_000n
/** What the calendar of JavaScript covers, in milliseconds on either side of 1970. */
const EPOCH_MS_MAX = 8.64e15

/** RFC 3339 with as many decimals as are needed. */
export function formatTimestamp(time: Timestamp): string {
  const civil = civilTime(time)
  const date = `${pad(civil.year, 4)}-${pad(civil.month, 2)}-${pad(civil.day, 2)}`
  const clock = `${pad(civil.hour, 2)}:${pad(civil.minute, 2)}:${pad(civil.second, 2)}`
  const fraction = pad(civil.nanosecond, 9).replace(/0+$/, '')
  return `${date}T${clock}${fraction === '' ? '' : `.${fraction}`}${offsetText(civil.offsetMinutes)}`
}

export function offsetText(offsetMinutes: number): string {
  if (offsetMinutes === 0) return 'Z'
  const magnitude = Math.abs(offsetMinutes)
  const sign = offsetMinutes < 0 ? '-' : '+'
  return `${sign}${pad(Math.floor(magnitude / 60), 2)}:${pad(magnitude % 60, 2)}`
}

export function pad(value: number, width: number): string {
  if (width === 2 && value >= 0) return value < 10 ? `0${value}` : String(value)
  return value < 0 ? `-${String(-value).padStart(width, '0')}` : String(value).padStart(width, '0')
}

export function civilTime(time: Timestamp): CivilTime {
  let seconds = time.epochNs / NS_PER_SECOND
  let nanosecond = Number(time.epochNs - seconds * NS_PER_SECOND)
  if (nanosecond < 0) {
    nanosecond += 1e9
    seconds--
  }
  const epochMs = Number(seconds) * 1_000
  if (Math.abs(epochMs) > EPOCH_MS_MAX)
    throw new MappingError('the time is outside of the calendar')
  const offsetMinutes = zoneOffset(time.zone, epochMs)
  const local = new Date(epochMs + offsetMinutes * 60_000)
  const year = local.getUTCFullYear()
  return {
    year,
    month: local.getUTCMonth() + 1,
    day: local.getUTCDate(),
    hour: local.getUTCHours(),
    minute: local.getUTCMinutes(),
    second: local.getUTCSeconds(),
    nanosecond,
    weekday: local.getUTCDay(),
    dayOfYear: Math.floor((local.getTime() - Date.UTC(year, 0, 1)) / 86_400_000) + 1,
    offsetMinutes,
    zone: time.zone,
  }
}

const OFFSET = /^([+-])(\d\d):(\d\d)$/

/** Minutes east of Greenwich at that moment. Throws for a zone that nobody knows. */
export function zoneOffset(zone: string, epochMs: number): number {
  if (zone === 'UTC' || zone === 'Z' || zone === '') return 0
  const fixed = OFFSET.exec(zone)
  if (fixed !== null) {
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3])
    return fixed[1] === '-' ? -minutes : minutes
  }
  const parts = new Map(
    zoneFormat(zone)
      .formatToParts(epochMs)
      .map((part) => [part.type, part.value]),
  )
  const field = (name: Intl.DateTimeFormatPartTypes): number => Number(parts.get(name) ?? 0)
  const year = parts.get('era') === 'BC' ? 1 - field('year') : field('year')
  const local = Date.UTC(
    year,
    field('month') - 1,
    field('day'),
    field('hour'),
    field('minute'),
    field('second'),
  )
  return Math.round((local - epochMs) / 60_000)
}

const zoneFormats = new Map<string, Intl.DateTimeFormat>()
/** There are some six hundred zones; a caller that invents names must not fill the memory. */
const ZONE_FORMATS_MAX = 1_000

function zoneFormat(zone: string): Intl.DateTimeFormat {
  const known = zoneFormats.get(zone)
  if (known !== undefined) return known
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    if (zoneFormats.size < ZONE_FORMATS_MAX) zoneFormats.set(zone, format)
    return format
  } catch {
    throw new MappingError(`expected a time zone such as Europe/Berlin, got "${zone}"`)
  }
}

const RFC3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9})\d*)?(Z|z|[+-]\d\d:\d\d)$/

export function parseRfc3339(text: string): Timestamp | undefined {
  const match = RFC3339.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match
  return timestampOf({
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    nanosecond: Number(fraction.padEnd(9, '0')),
    zone: zone === 'Z' || zone === 'z' ? 'UTC' : zone,
  })
}

export type CivilFields = Pick<
  CivilTime,
  'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'nanosecond' | 'zone'
>

function daysOf(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}

/** As if the clock were one in Greenwich. */
function localTime({ year, month, day, hour, minute, second }: CivilFields): number {
  // Years below 100 would be those of the last century.
  if (year >= 100) return Date.UTC(year, month - 1, day, hour, minute, second)
  const local = new Date(0)
  local.setUTCFullYear(year, month - 1, day)
  local.setUTCHours(hour, minute, second)
  return local.getTime()
}

/** The moment at which a clock of the zone shows these fields; undefined when no clock does. */
export function timestampOf(fields: CivilFields): Timestamp | undefined {
  const { year, month, day, hour, minute, second } = fields
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59)
    return undefined
  if (day > 28 && day > daysOf(year, month)) return undefined
  const localMs = localTime(fields)
  // The offset depends on the moment, which depends on the offset: the second look settles it.
  const guess =
    fields.zone === 'UTC' ? localMs : localMs - zoneOffset(fields.zone, localMs) * 60_000
  const epochMs =
    fields.zone === 'UTC' ? localMs : localMs - zoneOffset(fields.zone, guess) * 60_000
  return new Timestamp(BigInt(epochMs) * NS_PER_MS + BigInt(fields.nanosecond), fields.zone)
}
