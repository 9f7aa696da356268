/** The conversions of C's strftime, with `%f` for microseconds as Python has it. `E` and `O` modify nothing. */
import { MappingError } from '../mapping-error.ts'
import { type CivilTime, civilTime, pad } from '../values/timestamp.ts'
import type { Timestamp } from '../values/value.ts'
import { DAYS, MONTHS, offset, zoneText } from './time-layout.ts'

/** Conversions that stand for several others. */
const COMPOUND: Readonly<Record<string, string>> = {
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  r: '%I:%M:%S %p',
  R: '%H:%M',
  T: '%H:%M:%S',
  v: '%e-%b-%Y',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
  '+': '%a %b %e %H:%M:%S %Z %Y',
}

export function expandCompounds(format: string): string {
  return format.replace(/%([a-zA-Z%+])/g, (whole, letter: string) => COMPOUND[letter] ?? whole)
}

/** A flag leaves padding out (`-`), pads with spaces (`_`) or zeros (`0`), or gives upper case (`^`). */
const CONVERSION = /%([-_0^#]?)(:*[a-zA-Z%])/g

export function formatStrftime(time: Timestamp, format: string): string {
  const civil = civilTime(time)
  return expandCompounds(format).replace(CONVERSION, (whole, flag: string, letter: string) => {
    const shown = convert(letter, civil, time)
    if (shown === undefined) {
      throw new MappingError(`expected a conversion of strftime, got "${whole}"`)
    }
    return decorate(shown, flag)
  })
}

function decorate(shown: string, flag: string): string {
  switch (flag) {
    case '-':
      return shown.replace(/^[0 ]+(?=.)/, '')
    case '_':
      return shown.replace(/^0+(?=.)/, (zeros) => ' '.repeat(zeros.length))
    case '0':
      return shown.replace(/^ +/, (spaces) => '0'.repeat(spaces.length))
    case '^':
      return shown.toUpperCase()
    default:
      return shown
  }
}

function convert(letter: string, civil: CivilTime, time: Timestamp): string | undefined {
  return dateField(letter, civil) ?? clockField(letter, civil, time)
}

function dateField(letter: string, civil: CivilTime): string | undefined {
  switch (letter) {
    case 'a':
      return DAYS[civil.weekday]?.slice(0, 3)
    case 'A':
      return DAYS[civil.weekday]
    case 'b':
    case 'h':
      return MONTHS[civil.month - 1]?.slice(0, 3)
    case 'B':
      return MONTHS[civil.month - 1]
    case 'C':
      return pad(Math.floor(civil.year / 100), 2)
    case 'd':
      return pad(civil.day, 2)
    case 'e':
      return String(civil.day).padStart(2, ' ')
    case 'G':
      return pad(isoWeek(civil).year, 4)
    case 'g':
      return pad(isoWeek(civil).year % 100, 2)
    case 'j':
      return pad(civil.dayOfYear, 3)
    case 'm':
      return pad(civil.month, 2)
    case 'u':
      return String(civil.weekday === 0 ? 7 : civil.weekday)
    case 'U':
      return pad(Math.floor((civil.dayOfYear + 6 - civil.weekday) / 7), 2)
    case 'V':
      return pad(isoWeek(civil).week, 2)
    case 'w':
      return String(civil.weekday)
    case 'W':
      return pad(Math.floor((civil.dayOfYear + 6 - ((civil.weekday + 6) % 7)) / 7), 2)
    case 'y':
      return pad(civil.year % 100, 2)
    case 'Y':
      return pad(civil.year, 4)
    default:
      return undefined
  }
}

function clockField(letter: string, civil: CivilTime, time: Timestamp): string | undefined {
  const hour12 = civil.hour % 12 === 0 ? 12 : civil.hour % 12
  switch (letter) {
    case 'f':
      return pad(civil.nanosecond, 9).slice(0, 6)
    case 'H':
      return pad(civil.hour, 2)
    case 'I':
      return pad(hour12, 2)
    case 'k':
      return String(civil.hour).padStart(2, ' ')
    case 'l':
      return String(hour12).padStart(2, ' ')
    case 'M':
      return pad(civil.minute, 2)
    case 'n':
      return '\n'
    case 'p':
      return civil.hour < 12 ? 'AM' : 'PM'
    case 'P':
      return civil.hour < 12 ? 'am' : 'pm'
    case 's':
      return String((time.epochNs - BigInt(civil.nanosecond)) / 1_000_000_000n)
    case 'S':
      return pad(civil.second, 2)
    case 't':
      return '\t'
    case 'z':
      return offset('-0700', civil.offsetMinutes)
    case ':z':
      return offset('-07:00', civil.offsetMinutes)
    case 'Z':
      return zoneText(civil)
    case '%':
      return '%'
    default:
      return undefined
  }
}

/** A week belongs to the year that its Thursday is in. */
function isoWeek(civil: CivilTime): { readonly year: number; readonly week: number } {
  const thursday = new Date(0)
  thursday.setUTCFullYear(civil.year, civil.month - 1, civil.day + 3 - ((civil.weekday + 6) % 7))
  const year = thursday.getUTCFullYear()
  const first = new Date(0)
  first.setUTCFullYear(year, 0, 1)
  return { year, week: Math.floor((thursday.getTime() - first.getTime()) / 604_800_000) + 1 }
}
