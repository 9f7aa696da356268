/** Makes documents of log lines in well-known formats. */
import { Type } from '../../../crds/typebox.ts'
import { civilTime, zoneOffset } from '../../bloblang/values/timestamp.ts'
import { Timestamp } from '../../bloblang/values/value.ts'
import { HeadgateError } from '../../error.ts'
import {
  type ConfigFault,
  defineProcessor,
  type ProcessorDefinition,
} from '../../pipelines/component.ts'
import type { PipelineEnvironment } from '../../pipelines/pipeline.ts'
import { eachMessage } from '../each-message.ts'
import type { ParsedLog } from '../logs/log-document.ts'
import { parseRfc3164 } from '../logs/syslog-rfc3164.ts'
import { parseRfc5424 } from '../logs/syslog-rfc5424.ts'

const FORMATS = ['syslog_rfc5424', 'syslog_rfc3164'] as const
const CURRENT_YEAR = 'current'

interface ParseLogConfig {
  readonly format: (typeof FORMATS)[number]
  readonly best_effort: boolean
  readonly allow_rfc3339: boolean
  readonly default_year: string
  readonly default_timezone: string
}

export const parseLog: ProcessorDefinition = defineProcessor({
  name: 'parse_log',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Makes a document of each log line.',
  description:
    'The document has those of these fields that the line has: `message`, `timestamp`, `facility`, `severity`, ' +
    '`priority`, `hostname`, `appname`, `procid`, `msgid`, and of RFC 5424 `version` and `structureddata`.',
  config: Type.Object({
    format: Type.Unsafe<ParseLogConfig['format']>({
      type: 'string',
      enum: [...FORMATS],
      description: 'The format of the lines.',
    }),
    best_effort: Type.Boolean({
      default: true,
      description: 'Whether a line that is wrong from somewhere on gives what stands before that.',
    }),
    allow_rfc3339: Type.Boolean({
      default: true,
      description: 'Whether a line of `syslog_rfc3164` may have a time as in RFC 3339.',
    }),
    default_year: Type.Unsafe<string>({
      type: ['string', 'integer'],
      default: CURRENT_YEAR,
      description: 'The year of times that have none: `current`, a number, or nothing for 0.',
    }),
    default_timezone: Type.String({
      default: 'UTC',
      description: 'The zone of times that have none, such as `Europe/Berlin`.',
    }),
  }),
  check: (config) => [...yearFaults(config), ...zoneFaults(config)],
  examples: [
    {
      title: 'Syslog with structured data',
      config: { format: 'syslog_rfc5424' },
      given: ['<165>1 2018-10-11T22:14:15.003Z gate.example web - 1 [ex@32473 iut="3"] An event'],
      then: [
        {
          priority: 165,
          facility: 20,
          severity: 5,
          version: 1,
          timestamp: '2018-10-11T22:14:15.003Z',
          hostname: 'gate.example',
          appname: 'web',
          msgid: '1',
          structureddata: { 'ex@32473': { iut: '3' } },
          message: 'An event',
        },
      ],
    },
    {
      title: 'Syslog of BSD',
      config: { format: 'syslog_rfc3164', default_year: '2024', default_timezone: 'Europe/Berlin' },
      given: ['<28>Dec  2 16:49:23 host app[23410]: Test'],
      then: [
        {
          priority: 28,
          facility: 3,
          severity: 4,
          timestamp: '2024-12-02T16:49:23+01:00',
          hostname: 'host',
          appname: 'app',
          procid: '23410',
          message: 'Test',
        },
      ],
    },
  ],
  build: (config, context) => {
    const parse = parserOf(config, context.environment)
    return eachMessage(context, (message) => {
      const { fields, fault } = parse(Buffer.from(message.content()).toString())
      // Without even a priority it is no such line at all.
      const useless = !config.best_effort || Object.keys(fields).length === 0
      if (fault !== undefined && useless) throw new HeadgateError('MappingFailed', fault)
      return message.withValue(fields)
    })
  },
})

function parserOf(
  config: ParseLogConfig,
  { clock }: Pick<PipelineEnvironment, 'clock'>,
): (line: string) => ParsedLog {
  if (config.format === 'syslog_rfc5424') return parseRfc5424
  const zone = config.default_timezone === '' ? 'UTC' : config.default_timezone
  const thisYear = (): number =>
    civilTime(new Timestamp(BigInt(Math.trunc(clock.wallUs())) * 1_000n, zone)).year
  const year = config.default_year === CURRENT_YEAR ? thisYear : () => Number(config.default_year)
  return (line) => parseRfc3164(line, { year, zone, allowsRfc3339: config.allow_rfc3339 })
}

function yearFaults({ default_year: year }: Pick<ParseLogConfig, 'default_year'>): ConfigFault[] {
  if (/^(?:\d{0,4}|current|.*\$\{.*)$/.test(String(year))) return []
  const message = `expected current or the number of a year, got ${JSON.stringify(year)}`
  return [{ path: ['default_year'], message }]
}

function zoneFaults({ default_timezone: zone }: Pick<ParseLogConfig, 'default_timezone'>) {
  if (zone.includes('${')) return []
  try {
    zoneOffset(zone, 0)
    return []
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    return [{ path: ['default_timezone'], message }]
  }
}
