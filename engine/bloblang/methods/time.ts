/** Methods on timestamps, on what can be read as one, and on texts that hold one. */
import type { MethodDefinition } from '../definition.ts'
import { MappingError } from '../mapping-error.ts'
import { expectText, isNumber, mismatch } from '../values/kind-of.ts'
import { isFloat, makeInteger, toFloat, toNumeric } from '../values/number.ts'
import type { Result } from '../values/result.ts'
import { formatTimestamp, parseRfc3339 } from '../values/timestamp.ts'
import { Timestamp } from '../values/value.ts'
import { formatLayout, parseLayout } from './time-layout.ts'

const time = { category: 'time', status: 'beta' } as const

export const timeMethods: readonly MethodDefinition[] = [
  {
    name: 'ts_format',
    ...time,
    description:
      'The time in a layout of Go, in its own zone or another one; RFC 3339 without a layout.',
    parameters: [
      {
        name: 'format',
        type: 'string',
        description: 'How 2006-01-02T15:04:05 would be written.',
        optional: true,
      },
      { name: 'tz', type: 'string', description: 'The zone to show it in.', optional: true },
    ],
    examples: [
      {
        mapping: 'root = 1700000000.ts_format("2006-01-02 15:04:05", "UTC")',
        output: '2023-11-14 22:13:20',
      },
      {
        mapping:
          'root = "2020-08-14T05:54:23Z".ts_format("Mon, 02 Jan 2006 3:04PM -0700", "Europe/Berlin")',
        output: 'Fri, 14 Aug 2020 7:54AM +0200',
      },
      { mapping: 'root = 1.5.ts_format()', output: '1970-01-01T00:00:01.5Z' },
    ],
    build: (site) => {
      const layout = site.given('format') ? site.string('format') : undefined
      const zone = site.given('tz') ? site.string('tz') : undefined
      return (target, frame) => {
        const moment = expectTimestamp(target, site.environment.zone)
        const shown =
          zone === undefined
            ? moment
            : new Timestamp(moment.epochNs, zoneName(zone(frame), site.environment.zone))
        return layout === undefined ? formatTimestamp(shown) : formatLayout(shown, layout(frame))
      }
    },
  },
  {
    name: 'ts_parse',
    ...time,
    description: 'The time that a text in a layout of Go tells.',
    parameters: [
      { name: 'format', type: 'string', description: 'How 2006-01-02T15:04:05 would be written.' },
    ],
    examples: [
      { mapping: 'root = "2020-Aug-14".ts_parse("2006-Jan-02")', output: '"2020-08-14T00:00:00Z"' },
      {
        mapping: 'root = "soon".ts_parse("2006-01-02")',
        error: 'expected a time like "2006-01-02", got "soon"',
      },
    ],
    build: (site) => {
      const layout = site.string('format')
      return (target, frame) => {
        const text = expectText(target)
        const parsed = parseLayout(text, layout(frame))
        if (parsed === undefined)
          throw new MappingError(
            `expected a time like "${layout(frame)}", got "${text.slice(0, 64)}"`,
          )
        return parsed
      }
    },
  },
  {
    name: 'ts_tz',
    ...time,
    description: 'The same time, shown in another zone.',
    parameters: [{ name: 'tz', type: 'string', description: 'The zone, such as Europe/Berlin.' }],
    examples: [{ mapping: 'root = 0.ts_tz("Asia/Tokyo")', output: '"1970-01-01T09:00:00+09:00"' }],
    build: (site) => {
      const zone = site.string('tz')
      return (target, frame) =>
        new Timestamp(
          expectTimestamp(target, site.environment.zone).epochNs,
          zoneName(zone(frame), site.environment.zone),
        )
    },
  },
  ...(
    [
      ['ts_unix', 'seconds', 1_000_000_000n, '1700000000'],
      ['ts_unix_milli', 'milliseconds', 1_000_000n, '1700000000500'],
      ['ts_unix_micro', 'microseconds', 1_000n, '1700000000500000'],
      ['ts_unix_nano', 'nanoseconds', 1n, '1700000000500000000'],
    ] as const
  ).map(
    ([name, unit, divisor, output]): MethodDefinition => ({
      name,
      ...time,
      description: `The time in ${unit} since 1970.`,
      parameters: [],
      examples: [{ mapping: `root = "2023-11-14T22:13:20.5Z".${name}()`, output }],
      build: (site) => (target) =>
        makeInteger(floorDivide(expectTimestamp(target, site.environment.zone).epochNs, divisor)),
    }),
  ),
]

function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient
}

function zoneName(name: string, local = 'UTC'): string {
  return name === 'Local' ? local : name
}

/** Seconds that a calendar of ours can show, with room on both sides. */
const SECONDS_MAX = 8_640_000_000_000

/** A timestamp, seconds since 1970 (a fraction is allowed), or RFC 3339 text. */
function expectTimestamp(value: Result, zone = 'UTC'): Timestamp {
  if (value instanceof Timestamp) return value
  if (isNumber(value)) {
    const numeric = toNumeric(value)
    const seconds = toFloat(numeric)
    if (!(Math.abs(seconds) <= SECONDS_MAX))
      throw new MappingError('the time is outside of the calendar')
    if (!isFloat(numeric))
      return new Timestamp(BigInt(numeric as number | bigint) * 1_000_000_000n, zone)
    const whole = Math.floor(seconds)
    return new Timestamp(
      BigInt(whole) * 1_000_000_000n + BigInt(Math.round((seconds - whole) * 1e9)),
      zone,
    )
  }
  if (typeof value !== 'string' && !(value instanceof Uint8Array))
    throw mismatch('timestamp', value)
  const text = expectText(value)
  const parsed = parseRfc3339(text)
  if (parsed === undefined)
    throw new MappingError(`expected an RFC 3339 time, got "${text.slice(0, 64)}"`)
  return parsed
}
