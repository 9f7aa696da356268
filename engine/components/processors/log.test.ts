import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import type { LogFields, Logger } from '../../ports/logger.ts'
import { runToEnd } from '../testing.ts'

interface Line {
  readonly level: keyof Logger
  readonly message: string
  readonly fields: LogFields | undefined
}

/** What three messages, `{"n":1}` to `{"n":3}`, say with the config, and what comes out behind it. */
async function logged(log: object): Promise<{ lines: readonly Line[]; text: string }> {
  const lines: Line[] = []
  const say =
    (level: keyof Logger) =>
    (message: string, fields?: LogFields): void => {
      lines.push({ level, message, fields })
    }
  const logger: Logger = {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
  }
  const environment = testEnvironment({ logger })
  await runToEnd(
    {
      input: { generate: { mapping: 'root.n = counter()', interval: '', count: 3, batch_size: 3 } },
      pipeline: { threads: 1, processors: [{ log }, { mutation: 'root.why = error()' }] },
      output: { stdout: {} },
    },
    environment,
  )
  return { lines, text: environment.stdout.text }
}

const PASSED = '{"n":1,"why":null}\n{"n":2,"why":null}\n{"n":3,"why":null}\n'

describe('the log processor', () => {
  test('says its line for each message, with what the message holds', async () => {
    const { lines, text } = await logged({
      message: 'got ${! this.n } of ${! batch_size() } at ${! batch_index() }',
    })
    expect(lines).toEqual([
      { level: 'info', message: 'got 1 of 3 at 0', fields: undefined },
      { level: 'info', message: 'got 2 of 3 at 1', fields: undefined },
      { level: 'info', message: 'got 3 of 3 at 2', fields: undefined },
    ])
    expect(text).toBe(PASSED)
  })

  test.each<[string, keyof Logger | undefined]>([
    ['FATAL', 'error'],
    ['ERROR', 'error'],
    ['WARN', 'warn'],
    ['INFO', 'info'],
    ['DEBUG', 'debug'],
    ['TRACE', 'debug'],
    ['ALL', 'debug'],
    ['warn', 'warn'],
    ['OFF', undefined],
    ['off', undefined],
  ])('says it at the level %s as %s', async (level, expected) => {
    const { lines, text } = await logged({ level, message: 'x' })
    const wanted = expected === undefined ? [] : [expected, expected, expected]
    expect(lines.map((line) => line.level)).toEqual(wanted)
    expect(text).toBe(PASSED)
  })

  test('an unknown level is refused', async () => {
    const { problems } = await inspectPipeline({
      input: { stdin: {} },
      pipeline: { processors: [{ log: { level: 'LOUD' } }] },
      output: { drop: {} },
    })
    expect(problems).toMatchObject([
      { path: ['pipeline', 'processors', 0, 'log', 'level'], at: 'value', severity: 'error' },
    ])
  })

  test('makes fields of what fields_mapping gives, as values and not as text', async () => {
    const { lines } = await logged({
      message: 'x',
      fields_mapping: 'root.n = this.n\nroot.deep = {"even": this.n % 2 == 0}',
    })
    expect(lines.map(({ fields }) => fields)).toEqual([
      { n: 1, deep: { even: false } },
      { n: 2, deep: { even: true } },
      { n: 3, deep: { even: false } },
    ])
  })

  test('makes fields of texts, in the place of what fields_mapping gives', async () => {
    const { lines, text } = await logged({
      message: 'x',
      fields_mapping: 'root = {"n": this.n, "kept": true}',
      fields: {
        n: 'n is ${! this.n }',
        other: '${! if this.n == 2 { throw("no field") } else { "fine" } }',
      },
    })
    expect(lines.map(({ fields }) => fields)).toEqual([
      { n: 'n is 1', kept: true, other: expect.any(String) },
      { n: 'n is 3', kept: true, other: expect.any(String) },
    ])
    expect(text.split('\n')[1]).toContain('no field')
    expect((await logged({ fields: { a: 'b' } })).lines[0]?.fields).toEqual({ a: 'b' })
  })

  test('writes numbers, times and bytes as any logger can write them', async () => {
    const { lines } = await logged({
      message: 'x',
      fields_mapping: `root.float = 4 / 2
root.large = 9007199254740993
root.text = "[1.50, 1e3, 12345678901234567890]".parse_json(use_number: true)
root.time = "1970-01-01T00:00:00Z".ts_parse("2006-01-02T15:04:05Z07:00")
root.bytes = bytes(2)`,
    })
    expect(lines[0]?.fields).toEqual({
      float: 2,
      large: '9007199254740993',
      text: [1.5, 1000, '12345678901234567890'],
      time: '1970-01-01T00:00:00Z',
      bytes: 'AAA=',
    })
  })

  test('leaves fields out where fields_mapping assigns nothing, and never changes the message', async () => {
    const { lines, text } = await logged({
      message: 'x',
      fields_mapping: 'root = if this.n == 2 { {"two": true} }\nmeta added = 1',
    })
    expect(lines.map(({ fields }) => fields)).toEqual([undefined, { two: true }, undefined])
    expect(text).toBe(PASSED)
  })

  test('flags a message whose fields are no object, and goes on with the next', async () => {
    const fields_mapping = 'root = if this.n == 2 { "two" } else { {"n": this.n} }'
    const { lines, text } = await logged({ message: 'x', fields_mapping })
    expect(lines.map(({ fields }) => fields)).toEqual([{ n: 1 }, { n: 3 }])
    expect(text.split('\n')[1]).toContain('expected fields_mapping to give an object')
  })

  test('flags a message that its line cannot be made for, and goes on with the next', async () => {
    const message = '${! if this.n == 2 { throw("no line") } else { this.n } }'
    const { lines, text } = await logged({ message })
    expect(lines.map((line) => line.message)).toEqual(['1', '3'])
    expect(text.split('\n')[1]).toContain('no line')
  })
})
