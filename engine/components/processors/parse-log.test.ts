import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { runProcessors } from '../run-processors.ts'

async function parsed(config: object, ...lines: string[]) {
  const clock = new SimulatedClock(Date.UTC(2031, 5, 1) * 1_000)
  const environment = testEnvironment({ clock })
  const run = await runProcessors([{ parse_log: config }], lines, { environment })
  return { documents: run.batches[0], failures: run.failures }
}

describe('syslog_rfc5424', () => {
  const format = 'syslog_rfc5424'

  test('reads elements without parameters, several of them, and escapes in values', async () => {
    const line = '<0>1 - - - - - [a][b@1 x="\\"\\]\\\\n" __proto__="y"] \ufeffm'
    const { documents, failures } = await parsed({ format }, line, '<191>999 - h a p m -')
    expect(failures).toEqual([undefined, undefined])
    expect(documents).toEqual([
      {
        priority: 0,
        facility: 0,
        severity: 0,
        version: 1,
        structureddata: { a: {}, 'b@1': JSON.parse('{"x": "\\"]\\\\n", "__proto__": "y"}') },
        message: 'm',
      },
      {
        ...{ priority: 191, facility: 23, severity: 7, version: 999 },
        ...{ hostname: 'h', appname: 'a', procid: 'p', msgid: 'm' },
      },
    ])
  })

  test('gives what stands before a mistake, unless that is not wanted', async () => {
    const lines = ['<34>1 2003-13-11T22:14:15Z h', '<34>1 - h a - - [x', '<192>1', 'nothing']
    const lenient = await parsed({ format }, ...lines)
    const read = { priority: 34, facility: 4, severity: 2, version: 1 }
    expect(lenient.documents).toEqual([
      read,
      { ...read, hostname: 'h', appname: 'a' },
      '<192>1',
      'nothing',
    ])
    expect(lenient.failures.map((one) => one !== undefined)).toEqual([false, false, true, true])
    const strict = await parsed({ format, best_effort: false }, ...lines)
    expect(strict.documents).toEqual(lines)
    expect(strict.failures).toEqual([
      'expected a time that a clock shows, got 2003-13-11T22:14:15Z',
      'expected a parameter such as name="value", or ] at character 19',
      'expected a priority of at most 191, got 192',
      'expected a priority such as <34> at character 1',
    ])
  })
})

describe('syslog_rfc3164', () => {
  const format = 'syslog_rfc3164'
  const line = '<34>Oct 11 22:14:15 mymachine su: it failed: twice'

  test('takes the year of now, or the one that is given', async () => {
    const times = async (default_year: unknown) =>
      (await parsed({ format, default_year }, line)).documents
    const document = { priority: 34, facility: 4, severity: 2, hostname: 'mymachine' }
    const rest = { appname: 'su', message: 'it failed: twice' }
    const at = (timestamp: string) => [{ ...document, timestamp, ...rest }]
    expect(await times('current')).toEqual(at('2031-10-11T22:14:15Z'))
    expect(await times(1999)).toEqual(at('1999-10-11T22:14:15Z'))
    expect(await times('')).toEqual(at('0000-10-11T22:14:15Z'))
  })

  test('takes times of RFC 3339 where it may', async () => {
    const dated = '<34>2003-10-11T22:14:15.5+02:00 h all of it'
    const taken = await parsed({ format }, dated)
    expect(taken.documents).toMatchObject([
      { timestamp: '2003-10-11T22:14:15.5+02:00', hostname: 'h', message: 'all of it' },
    ])
    const refused = await parsed({ format, allow_rfc3339: false, best_effort: false }, dated)
    expect(refused.failures).toEqual(['expected a time such as "Oct 11 22:14:15" at character 5'])
  })

  test('flags days that no month has', async () => {
    const wrong = line.replace('Oct 11', 'Feb 30')
    const { failures } = await parsed({ format, best_effort: false }, wrong)
    expect(failures).toEqual(['expected a time that a clock shows'])
  })
})

test('refuses a year and a zone that are none', async () => {
  const parse_log = { format: 'syslog_rfc3164', default_year: 'last', default_timezone: 'Mars/X' }
  const { problems } = await inspectPipeline({ pipeline: { processors: [{ parse_log }] } })
  expect(problems.map(({ path }) => path.at(-1))).toEqual(['default_year', 'default_timezone'])
})
