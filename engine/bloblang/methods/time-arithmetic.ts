/** Methods that calculate with timestamps and lengths of time. */
import type { MethodDefinition } from '../definition.ts'
import { type Period, parseDuration, parseIsoDuration, parsePeriod } from '../formats/durations.ts'
import { MappingError } from '../mapping-error.ts'
import { expectText } from '../values/kind-of.ts'
import { makeInteger, toNumeric, truncate } from '../values/number.ts'
import { civilTime, timestampOf } from '../values/timestamp.ts'
import { Timestamp } from '../values/value.ts'
import { expectTimestamp, inZone } from './timestamps.ts'

const time = { category: 'time', status: 'beta' } as const

export const timeArithmeticMethods: readonly MethodDefinition[] = [
  {
    name: 'ts_tz',
    ...time,
    description: 'The same time, shown in another zone.',
    parameters: [{ name: 'tz', type: 'string', description: 'The zone, such as Europe/Berlin.' }],
    examples: [
      { mapping: 'root = 0.ts_tz("Asia/Tokyo")', output: '"1970-01-01T09:00:00+09:00"' },
      { mapping: 'root = 0.ts_tz("Nowhere")', error: 'expected a time zone' },
    ],
    build: (site) => {
      const zone = site.string('tz')
      const local = site.environment.zone
      return (target, frame) => {
        const shown = inZone(expectTimestamp(target, local), zone(frame), local)
        // A zone that nobody knows fails here, and not wherever the time is printed.
        civilTime(shown)
        return shown
      }
    },
  },
  unix('ts_unix', 'format_timestamp_unix', 'seconds', 1_000_000_000n, '1700000000'),
  unix('ts_unix_milli', 'format_timestamp_unix_milli', 'milliseconds', 1_000_000n, '1700000000500'),
  unix('ts_unix_micro', 'format_timestamp_unix_micro', 'microseconds', 1_000n, '1700000000500000'),
  unix('ts_unix_nano', 'format_timestamp_unix_nano', 'nanoseconds', 1n, '1700000000500000000'),
  {
    name: 'ts_round',
    ...time,
    description:
      'The nearest time that is a multiple of a duration since the year 1; a half is rounded up.',
    parameters: [{ name: 'duration', type: 'integer', description: 'In nanoseconds.' }],
    examples: [
      {
        mapping: 'root = "2020-08-14T05:54:23Z".ts_round("1h".parse_duration())',
        output: '"2020-08-14T06:00:00Z"',
      },
    ],
    build: (site) => {
      const duration = site.any('duration')
      return (target, frame) =>
        rounded(
          expectTimestamp(target, site.environment.zone),
          truncate(toNumeric(duration(frame))),
        )
    },
  },
  shifted('ts_add_iso8601', 'later', 1, '2020-03-14T08:00:00Z'),
  shifted('ts_sub_iso8601', 'earlier', -1, '2019-12-13T04:00:00Z'),
  {
    name: 'ts_sub',
    ...time,
    description: 'The nanoseconds from another time until this one.',
    parameters: [{ name: 't2', type: 'any', description: 'The other time.' }],
    examples: [
      {
        mapping: 'root = "2020-08-14T05:54:23Z".ts_sub("2020-08-13T05:54:23Z")',
        output: '86400000000000',
      },
    ],
    build: (site) => {
      const other = site.any('t2')
      const { zone } = site.environment
      return (target, frame) =>
        makeInteger(
          expectTimestamp(target, zone).epochNs - expectTimestamp(other(frame), zone).epochNs,
        )
    },
  },
  {
    name: 'parse_duration',
    category: 'time',
    status: 'stable',
    description: 'The nanoseconds of a duration such as `1h30m` or `1.5s`.',
    parameters: [],
    examples: [
      { mapping: 'root = "1m1.5s".parse_duration()', output: '61500000000' },
      { mapping: 'root = "5 minutes".parse_duration()', error: 'expected a duration' },
    ],
    build: () => (target) => makeInteger(parseDuration(expectText(target))),
  },
  {
    name: 'parse_duration_iso8601',
    ...time,
    description:
      'The nanoseconds of an ISO 8601 duration. A year has 365.2425 days and a month a twelfth of it; of a fraction one decimal counts.',
    parameters: [],
    examples: [
      { mapping: 'root = "P1DT2H3M4.5S".parse_duration_iso8601()', output: '93784500000000' },
      { mapping: 'root = "P1Y".parse_duration_iso8601()', output: '31556952000000000' },
      { mapping: 'root = "1h".parse_duration_iso8601()', error: 'expected an ISO 8601 duration' },
    ],
    build: () => (target) => makeInteger(parseIsoDuration(expectText(target))),
  },
]

function unix(
  name: string,
  alias: string,
  unit: string,
  divisor: bigint,
  output: string,
): MethodDefinition {
  return {
    name,
    aliases: [alias],
    ...time,
    description: `The time in ${unit} since 1970.`,
    parameters: [],
    examples: [{ mapping: `root = "2023-11-14T22:13:20.5Z".${name}()`, output }],
    build: (site) => (target) =>
      makeInteger(floorDivide(expectTimestamp(target, site.environment.zone).epochNs, divisor)),
  }
}

function shifted(name: string, way: string, sign: 1 | -1, output: string): MethodDefinition {
  return {
    name,
    ...time,
    description: `The time that is ${way} by an ISO 8601 period, whose years, months and days are those of the calendar.`,
    parameters: [{ name: 'duration', type: 'string', description: 'Such as P1Y2M3DT4H.' }],
    examples: [
      { mapping: `root = "2020-01-28T06:00:00Z".${name}("P1M15DT2H")`, output: `"${output}"` },
      {
        mapping: `root = "2020-01-28T06:00:00Z".${name}("a month")`,
        error: 'expected an ISO 8601 duration',
      },
    ],
    build: (site) => {
      const period = site.derived('duration', parsePeriod)
      return (target, frame) =>
        shift(expectTimestamp(target, site.environment.zone), period(frame), sign)
    },
  }
}

function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient
}

/** From the first second of the year 1 to that of 1970. */
const YEAR_ONE_NS = 62_135_596_800n * 1_000_000_000n

function rounded(time: Timestamp, durationNs: bigint): Timestamp {
  if (durationNs <= 0n) return time
  const since = time.epochNs + YEAR_ONE_NS
  const below = floorDivide(since, durationNs) * durationNs
  const up = (since - below) * 2n >= durationNs
  return new Timestamp(below + (up ? durationNs : 0n) - YEAR_ONE_NS, time.zone)
}

/** Days beyond a month's end run on into the next month. */
function shift(time: Timestamp, period: Period, sign: 1 | -1): Timestamp {
  const civil = civilTime(time)
  const date = new Date(0)
  date.setUTCFullYear(
    civil.year + sign * period.years,
    civil.month - 1 + sign * period.months,
    civil.day + sign * period.days,
  )
  const moved = Number.isNaN(date.getTime())
    ? undefined
    : timestampOf({
        ...civil,
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
      })
  if (moved === undefined) throw new MappingError('the time is outside of the calendar')
  return new Timestamp(moved.epochNs + BigInt(sign) * period.restNs, time.zone)
}
