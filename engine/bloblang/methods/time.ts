/** Methods between timestamps and the texts that tell them. */
import type { MethodDefinition } from '../definition.ts'
import { parseLayout } from '../formats/read-layout.ts'
import { formatStrftime } from '../formats/strftime.ts'
import { parseStrptime } from '../formats/strptime.ts'
import { formatLayout } from '../formats/time-layout.ts'
import { MappingError } from '../mapping-error.ts'
import { expectText } from '../values/kind-of.ts'
import { formatTimestamp } from '../values/timestamp.ts'
import { expectTimestamp, inZone } from './timestamps.ts'

const time = { category: 'time', status: 'beta' } as const

export const timeMethods: readonly MethodDefinition[] = [
  {
    name: 'ts_format',
    aliases: ['format_timestamp'],
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
          zone === undefined ? moment : inZone(moment, zone(frame), site.environment.zone)
        return layout === undefined ? formatTimestamp(shown) : formatLayout(shown, layout(frame))
      }
    },
  },
  {
    name: 'ts_parse',
    aliases: ['parse_timestamp'],
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
        return parseLayout(text, layout(frame)) ?? unlike(layout(frame), text)
      }
    },
  },
  {
    name: 'ts_strftime',
    aliases: ['format_timestamp_strftime'],
    ...time,
    description:
      'The time in a format of strftime, in its own zone or another one. `%f` is microseconds.',
    parameters: [
      { name: 'format', type: 'string', description: 'The conversions, such as %Y-%m-%d.' },
      { name: 'tz', type: 'string', description: 'The zone to show it in.', optional: true },
    ],
    examples: [
      {
        mapping: 'root = 1700000000.25.ts_strftime("%Y-%b-%d %H:%M:%S.%f", "UTC")',
        output: '2023-Nov-14 22:13:20.250000',
      },
      {
        mapping: 'root = "2020-08-14T05:54:23Z".ts_strftime("%a %e %B, %I%p %Z", "Europe/Berlin")',
        output: 'Fri 14 August, 07AM CEST',
      },
      { mapping: 'root = 0.ts_strftime("%Q")', error: 'expected a conversion of strftime' },
    ],
    build: (site) => {
      const format = site.string('format')
      const zone = site.given('tz') ? site.string('tz') : undefined
      const local = site.environment.zone
      return (target, frame) => {
        const moment = expectTimestamp(target, local)
        const shown = zone === undefined ? moment : inZone(moment, zone(frame), local)
        return formatStrftime(shown, format(frame))
      }
    },
  },
  {
    name: 'ts_strptime',
    aliases: ['parse_timestamp_strptime'],
    ...time,
    description: 'The time that a text in a format of strptime tells. `%f` is a fraction.',
    parameters: [
      { name: 'format', type: 'string', description: 'The conversions, such as %Y-%m-%d.' },
    ],
    examples: [
      {
        mapping: 'root = "2020-Aug-14 11:50:26.371".ts_strptime("%Y-%b-%d %H:%M:%S.%f")',
        output: '"2020-08-14T11:50:26.371Z"',
      },
      {
        mapping: 'root = "soon".ts_strptime("%Y")',
        error: 'expected a time like "%Y", got "soon"',
      },
    ],
    build: (site) => {
      const format = site.string('format')
      return (target, frame) => {
        const text = expectText(target)
        return parseStrptime(text, format(frame)) ?? unlike(format(frame), text)
      }
    },
  },
]

function unlike(format: string, text: string): never {
  throw new MappingError(`expected a time like "${format}", got "${text.slice(0, 64)}"`)
}
