import { describe, expect, test } from 'vitest'
import { testEnvironment } from '../../pipelines/testing.ts'
import type { Logger } from '../../ports/logger.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { processorsOf, runProcessors } from '../run-processors.ts'
import { reached, started } from '../testing.ts'
import { STRING_SPLIT_PARTS_MAX } from './string-split.ts'

function listening(lines: string[]): Logger {
  const keep = (text: string): void => void lines.push(text)
  return { debug: () => {}, info: keep, warn: keep, error: keep }
}

describe('the try_catch processor', () => {
  const number = { label: 'first', mapping: 'root.n = this.n.number()' }

  test('passes the rest over after a failure, and says what failed and where', async () => {
    const run = await runProcessors(
      [
        {
          try_catch: {
            processors: [number, { mapping: 'root.m = this.n + 1' }],
            catch: [{ mapping: 'root = @error' }],
          },
        },
      ],
      [{ n: '1' }, { n: 'x' }],
    )
    expect(run.batches).toEqual([
      [
        { m: 2 },
        {
          what: expect.stringContaining('n'),
          name: 'mapping',
          label: 'first',
          path: 'root.pipeline.processors.0.try_catch.processors.0',
        },
      ],
    ])
    expect(run.failures).toEqual([undefined, undefined])
  })

  test('gives what failed before to the catch alone', async () => {
    const { batches } = await runProcessors(
      [
        { mapping: 'root = throw("before")' },
        {
          try_catch: {
            processors: [{ mapping: 'root = "tried"' }],
            catch: [{ mapping: 'root = [content().string(), @error.what, errored()]' }],
          },
        },
      ],
      ['a'],
    )
    expect(batches).toEqual([[['a', expect.stringContaining('before'), false]]])
  })

  test('keeps what the catch drops, fails and parts apart', async () => {
    const run = await runProcessors(
      [
        {
          try_catch: {
            processors: [{ mapping: 'root = throw("no")' }],
            catch: [
              {
                mapping:
                  'root = match content().string() { "drop" => deleted(), "fail" => throw("again"), _ => content() }',
              },
            ],
          },
        },
      ],
      ['drop', 'fail', 'stay'],
    )
    expect(run.batches).toEqual([['fail', 'stay']])
    expect(run.failures).toEqual([expect.stringContaining('again'), undefined])
  })

  test('only clears the error without a catch', async () => {
    const run = await runProcessors([{ try_catch: { processors: [number] } }], [{ n: 'x' }])
    expect(run).toMatchObject({ batches: [[{ n: 'x' }]], failures: [undefined] })
  })
})

describe('the string_split processor', () => {
  test.each([
    [{}, 'a\nb\n', ['a', 'b', '']],
    [{ empty_as_null: true }, '\nb', [null, 'b']],
    [{ delimiter: '::', emit_bytes: true }, 'a::b', ['YQ==', 'Yg==']],
    [{ delimiter: 'é' }, 'aébé', ['a', 'b', '']],
  ])('%j parts %j', async (string_split, given, expected) => {
    expect((await runProcessors([{ string_split }], [given])).batches).toEqual([[expected]])
  })

  test.each([
    [STRING_SPLIT_PARTS_MAX, undefined],
    [STRING_SPLIT_PARTS_MAX + 1, expect.stringContaining('at most')],
  ])('takes %i parts: %j', async (parts, failure) => {
    const content = Buffer.alloc(parts - 1, ',')
    const run = await runProcessors(
      [
        { string_split: { delimiter: ',' } },
        { mapping: 'root = if errored() { throw(error()) } else { 1 }' },
      ],
      [content],
    )
    expect(run.failures).toEqual([failure])
  })
})

describe('the benchmark processor', () => {
  test('tells of each interval, and of all at the end', async () => {
    const clock = new SimulatedClock()
    const lines: string[] = []
    const environment = testEnvironment({ clock, logger: listening(lines) })
    const input = { inproc: 'in' }
    const spec = {
      input,
      pipeline: { processors: [{ benchmark: { interval: '2s' } }] },
      output: { drop: {} },
    }
    const pipeline = await started(spec, environment)
    const { inprocChannel } = await import('../inproc-hub.ts')
    const { batchOf } = await import('../outputs/told-output.ts')
    const channel = inprocChannel(environment.engine, 'default', 'in')
    const never = new AbortController().signal
    await channel.offer(batchOf('x'.repeat(1_000), 'x'.repeat(1_000)), never)
    clock.advance(2_000)
    expect(lines).toEqual(['rolling stats: 1 msg/sec, 1 kB/sec'])
    const gauge = pipeline.series().find(({ name }) => name === 'benchmark_messages_per_second')
    expect(gauge?.value).toBe(1)
    clock.advance(2_000)
    await pipeline.stop(10_000)
    expect(lines).toEqual([
      'rolling stats: 1 msg/sec, 1 kB/sec',
      'rolling stats: 0 msg/sec, 0 B/sec',
      'total stats: 0.5 msg/sec, 500 B/sec',
    ])
  })

  test('leaves messages as they are, and bytes uncounted where it is told so', async () => {
    const lines: string[] = []
    const environment = testEnvironment({ logger: listening(lines), clock: new SimulatedClock() })
    const run = await processorsOf([{ benchmark: { count_bytes: false, interval: '' } }], {
      environment,
    })
    expect((await run(['a', 'b'])).batches).toEqual([['a', 'b']])
    expect(lines).toEqual([])
  })
})

describe('the crash processor', () => {
  test('fails the pipeline with its message, and nothing is delivered after it', async () => {
    const environment = testEnvironment()
    const spec = {
      input: { generate: { mapping: 'root.n = counter()', interval: '' } },
      pipeline: {
        threads: 1,
        processors: [
          { switch: [{ check: 'this.n == 3', processors: [{ crash: 'got ${! this.n }' }] }] },
        ],
      },
      output: { stdout: {} },
    }
    const pipeline = await started(spec, environment)
    await reached(pipeline, 'failed')
    expect(pipeline.state().message).toBe('got 3')
    expect(await pipeline.stop(10_000)).toBe('drained')
    expect(environment.stdout.text).toBe('{"n":1}\n{"n":2}\n')
  })
})
