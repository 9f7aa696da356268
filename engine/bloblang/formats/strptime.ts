/** Reading a text by the conversions of C's strptime. */
import { MappingError } from '../mapping-error.ts'
import { timestampOf } from '../values/timestamp.ts'
import { Timestamp } from '../values/value.ts'
import { indexByName, onDayOfYear } from './read-layout.ts'
import { expandCompounds } from './strftime.ts'
import { DAYS, MONTHS } from './time-layout.ts'

interface Fields {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  nanosecond: number
  zone: string
  dayOfYear?: number
  afternoon?: boolean
  epochSeconds?: bigint
}

/** What a conversion reads, and what it says about the time. */
interface Conversion {
  readonly pattern: RegExp
  readonly take: (fields: Fields, part: string) => void
}

function number(digitsMax: number, take: (fields: Fields, value: number) => void): Conversion {
  return {
    pattern: new RegExp(` {0,2}\\d{1,${digitsMax}}`, 'y'),
    take: (fields, part) => take(fields, Number(part)),
  }
}

function name(names: readonly string[], take: (fields: Fields, index: number) => void): Conversion {
  const any = names.flatMap((each) => [each, each.slice(0, 3)]).join('|')
  return {
    pattern: new RegExp(any, 'iy'),
    take: (fields, part) => take(fields, indexByName(names, part)),
  }
}

const month = name(MONTHS, (fields, index) => {
  fields.month = index + 1
})
const weekday = name(DAYS, () => undefined)
const day = number(2, (fields, value) => {
  fields.day = value
})
const hour = number(2, (fields, value) => {
  fields.hour = value
})
const half: Conversion = {
  pattern: /am|pm/iy,
  take: (fields, part) => {
    fields.afternoon = part.toLowerCase() === 'pm'
  },
}

const CONVERSIONS: Readonly<Record<string, Conversion>> = {
  a: weekday,
  A: weekday,
  b: month,
  h: month,
  B: month,
  d: day,
  e: day,
  f: {
    pattern: /\d{1,9}/y,
    take: (fields, part) => {
      fields.nanosecond = Number(part.padEnd(9, '0'))
    },
  },
  H: hour,
  I: hour,
  k: hour,
  l: hour,
  j: number(3, (fields, value) => {
    fields.dayOfYear = value
  }),
  m: number(2, (fields, value) => {
    fields.month = value
  }),
  M: number(2, (fields, value) => {
    fields.minute = value
  }),
  p: half,
  P: half,
  s: {
    pattern: /-?\d{1,13}/y,
    take: (fields, part) => {
      fields.epochSeconds = BigInt(part)
    },
  },
  S: number(2, (fields, value) => {
    fields.second = value
  }),
  u: number(1, () => undefined),
  w: number(1, () => undefined),
  y: number(2, (fields, value) => {
    fields.year = value + (value >= 69 ? 1900 : 2000)
  }),
  Y: number(4, (fields, value) => {
    fields.year = value
  }),
  z: {
    pattern: /Z|[+-]\d\d(?::?\d\d)?/y,
    take: (fields, part) => {
      fields.zone = part === 'Z' ? 'UTC' : offsetZone(part)
    },
  },
  Z: { pattern: /[A-Za-z]{1,5}|[+-]\d{2,4}/y, take: () => undefined },
  n: { pattern: /\s*/y, take: () => undefined },
  t: { pattern: /\s*/y, take: () => undefined },
  '%': { pattern: /%/y, take: () => undefined },
}

function offsetZone(part: string): string {
  const digits = part.replace(':', '').padEnd(5, '0')
  return digits.slice(1) === '0000' ? 'UTC' : `${digits.slice(0, 3)}:${digits.slice(3)}`
}

/** The moment that the text tells, or undefined when it does not follow the format. */
export function parseStrptime(text: string, format: string): Timestamp | undefined {
  const fields: Fields = {
    year: 1900,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    zone: 'UTC',
  }
  const wanted = expandCompounds(format)
  let at = 0
  for (let index = 0; index < wanted.length; index++) {
    if (wanted[index] !== '%') {
      if (text[at] !== wanted[index]) return undefined
      at++
      continue
    }
    const letter = wanted[++index] === ':' ? (wanted[++index] ?? '') : (wanted[index] ?? '')
    const conversion = Object.hasOwn(CONVERSIONS, letter) ? CONVERSIONS[letter] : undefined
    if (conversion === undefined) {
      throw new MappingError(`expected a conversion of strptime, got "%${letter}"`)
    }
    conversion.pattern.lastIndex = at
    const part = conversion.pattern.exec(text)?.[0]
    if (part === undefined) return undefined
    conversion.take(fields, part.trim())
    at += part.length
  }
  return at === text.length ? momentOf(fields) : undefined
}

function momentOf(fields: Fields): Timestamp | undefined {
  const { afternoon, dayOfYear, epochSeconds } = fields
  if (epochSeconds !== undefined) {
    return new Timestamp(epochSeconds * 1_000_000_000n + BigInt(fields.nanosecond), fields.zone)
  }
  if (afternoon !== undefined) {
    if (fields.hour < 1 || fields.hour > 12) return undefined
    fields.hour = (fields.hour % 12) + (afternoon ? 12 : 0)
  }
  if (dayOfYear !== undefined) return dayOfYear < 1 ? undefined : onDayOfYear(fields, dayOfYear)
  return timestampOf(fields)
}
