/** Pipelines whose processors run in workers: what they promise on one thread holds, and what they count and say is the same. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Engine } from '../../engine.ts'
import type { LogFields } from '../../ports/logger.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { buildPipeline } from '../build-pipeline.ts'
import type { Pipeline } from '../pipeline.ts'
import {
  COPY,
  count,
  createStream,
  expectExactlyOnce,
  keys,
  memory,
  produce,
  readAll,
  until,
} from '../stream-testing.ts'
import { type TestEnvironment, type TestEnvironmentOptions, testEnvironment } from '../testing.ts'
import { watchThreads, workersOf } from './testing.ts'
import { BATCHES_OF_WORKER_MAX, WORKERS_MAX } from './worker-chain.ts'

const running: Pipeline[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((pipeline) => pipeline.stop(1)))
})

async function start(
  spec: unknown,
  options: TestEnvironmentOptions = {},
): Promise<{ pipeline: Pipeline; environment: TestEnvironment }> {
  const environment = testEnvironment(options)
  const pipeline = await buildPipeline(spec, environment)
  running.push(pipeline)
  await pipeline.connect()
  return { pipeline, environment }
}

async function filled(engine: Engine, records: number): Promise<void> {
  await createStream(engine, 'source', 3)
  await createStream(engine, 'target', 2)
  await produce(engine, 'source', keys(records))
}

/** Three messages, the second of which the mapping fails on. */
function lines(processors: readonly unknown[], threads: number): unknown {
  const mapping = 'root = {"id": counter()}'
  return {
    input: { generate: { mapping, interval: '', count: 3, batch_size: 3 } },
    pipeline: { threads, processors },
    output: { stdout: {} },
  }
}

const FAILS_AT_2 = {
  label: 'm',
  mapping: 'root.x = if this.id == 2 { throw("no two") } else { this.id }',
}

describe('a pipeline with workers', () => {
  test('copies every record of a stream once', async () => {
    using threads = watchThreads()
    await using engine = memory()
    await filled(engine, 2_000)
    const pipeline = { ...COPY.pipeline, threads: 2 }
    await start({ ...COPY, pipeline }, { engine })
    await until(() => count(engine, 'target') >= 2_000)
    expectExactlyOnce(await readAll(engine, 'target'), 2_000)
    expect(threads.started).toBe(2)
  })

  test('counts and logs what one without counts and logs', async () => {
    const heard: [number, string, LogFields | undefined][] = []
    const run = async (threads: number): Promise<unknown> => {
      const log = (message: string, fields?: LogFields): void => {
        if (message.startsWith('seen')) heard.push([threads, message, fields])
      }
      const logger = { debug: log, info: log, warn: log, error: log }
      const processors = [
        FAILS_AT_2,
        { log: { message: 'seen ${! error().or("well") }', fields_mapping: 'root.a = [1]' } },
        { metric: { type: 'counter', name: 'mine', labels: { failed: '${! errored() }' } } },
        { mapping: 'root = this\nroot.from = error_source_path() + error_source_label()' },
      ]
      const { pipeline, environment } = await start(lines(processors, threads), { logger })
      await until(() => pipeline.state().phase === 'completed')
      const series = pipeline.series().filter(({ kind }) => kind === 'counter')
      const text = series.map((one) => JSON.stringify(one)).toSorted()
      const timed = pipeline.series().find(({ name }) => name === 'processor_latency_ns')?.value
      expect(timed).toMatchObject({ count: 1 })
      return { series: text, counters: pipeline.state().counters, out: environment.stdout.text }
    }
    expect(await run(2)).toEqual(await run(1))
    const lineOf = ([, ...line]: (typeof heard)[number]): unknown => line
    expect(heard).toHaveLength(6)
    expect(heard.slice(0, 3).map(lineOf)).toEqual(heard.slice(3).map(lineOf))
  })

  test('holds back what failed where it is strict', async () => {
    const run = async (threads: number): Promise<unknown> => {
      const strict = { error_handling: { strict: true } }
      const spec = { ...(lines([FAILS_AT_2], threads) as object), ...strict }
      const { pipeline, environment } = await start(spec)
      await until(() => pipeline.state().message?.includes('no two') === true)
      return environment.stdout.text
    }
    expect(await run(2)).toBe(await run(1))
  })

  test('fills in environment variables, and has none of the process', async () => {
    process.env['HEADGATE_TEST_OWN'] = 'of the process'
    const mapping = 'root = "${GIVEN} " + env("ASKED") + env("HEADGATE_TEST_OWN").string()'
    const variables: Record<string, string> = { GIVEN: 'one', ASKED: 'two ' }
    const env = (name: string): string | undefined => variables[name]
    const { pipeline, environment } = await start(lines([{ mapping }], 2), { env })
    await until(() => pipeline.state().phase === 'completed')
    delete process.env['HEADGATE_TEST_OWN']
    expect(environment.stdout.text.split('\n')[0]).toBe('one two null')
  })

  test('delivers what it took before it stops', async () => {
    await using engine = memory()
    await filled(engine, 3_000)
    const pipeline = { ...COPY.pipeline, threads: 2 }
    for (let round = 1; round <= 3; round++) {
      const { pipeline: one } = await start({ ...COPY, pipeline }, { engine })
      await until(() => count(engine, 'target') >= round * 500)
      expect(await one.stop(20_000)).toBe('drained')
    }
    await start({ ...COPY, pipeline }, { engine })
    await until(() => count(engine, 'target') >= 3_000)
    expectExactlyOnce(await readAll(engine, 'target'), 3_000)
  })

  test('is closed by force in the middle of a batch', async () => {
    const slow = { mapping: 'root = range(0, 900000).map_each(i -> i * 2).sum()' }
    const generate = { mapping: 'root = 1', interval: '', batch_size: 100 }
    const spec = {
      input: { generate },
      pipeline: { threads: 2, processors: [slow] },
      output: { drop: {} },
    }
    const { pipeline } = await start(spec)
    await until(() => pipeline.state().counters.inputReceived > 0)
    expect(await pipeline.stop(1)).toBe('forced')
    expect(pipeline.state().phase).toBe('stopped')
  })

  test('runs without them under a simulated clock, whose time a worker does not have', async () => {
    using threads = watchThreads()
    const clock = new SimulatedClock()
    const { pipeline, environment } = await start(lines([{ mapping: 'root = now()' }], 2), {
      clock,
    })
    await until(() => pipeline.state().phase === 'completed')
    const now = new Date(clock.wallUs() / 1_000).toISOString().slice(0, 10)
    expect(environment.stdout.text).toContain(now)
    expect(threads.started).toBe(0)
  })

  test.each([1, 0, -1, undefined])('has none where threads are %j', async (asked) => {
    using threads = watchThreads()
    const given = lines([{ mapping: 'root = this' }], 1) as { pipeline: object }
    const spec = { ...given, pipeline: { ...given.pipeline, threads: asked } }
    const { pipeline } = await start(spec)
    await until(() => pipeline.state().phase === 'completed')
    expect(threads.started).toBe(0)
  })

  test('has none where its processors have to run on one thread, and runs all the same', async () => {
    using threads = watchThreads()
    const { pipeline, environment } = await start(lines([{ mapping: 'root = counter()' }], 2))
    await until(() => pipeline.state().phase === 'completed')
    expect(environment.stdout.text).toBe('1\n2\n3\n')
    expect(threads.started).toBe(0)
  })

  test('runs the processors of the input before, and those behind a buffer', async () => {
    using threads = watchThreads()
    const given = lines([{ mapping: 'root.id = this.id + "p"' }], 2) as { input: object }
    const input = { ...given.input, processors: [{ mapping: 'root.id = this.id.string() + "i"' }] }
    const texts: string[] = []
    for (const buffer of [undefined, { memory: {} }]) {
      const { pipeline, environment } = await start({ ...given, input, buffer })
      await until(() => pipeline.state().phase === 'completed')
      texts.push(environment.stdout.text)
    }
    const expected = '{"id":"1ip"}\n{"id":"2ip"}\n{"id":"3ip"}\n'
    expect(texts).toEqual([expected, expected])
    expect(threads.started).toBe(2)
  })

  test('shows what goes through its processors while somebody looks, and goes on in workers then', async () => {
    using threads = watchThreads()
    await using engine = memory()
    await filled(engine, 0)
    const { pipeline } = await start(
      { ...COPY, pipeline: { ...COPY.pipeline, threads: 2 } },
      { engine },
    )
    let seen = 0
    const listener = { seen: () => void seen++, ended: () => {} }
    const looking = { side: 'after', sample: 1, limit: 10 } as const
    const tap = pipeline.tap('pipeline.processors.0', looking, listener)
    await produce(engine, 'source', keys(2))
    await until(() => count(engine, 'target') === 2)
    expect([seen, threads.started]).toEqual([2, 0])
    tap[Symbol.dispose]()
    await produce(engine, 'source', keys(2))
    await until(() => count(engine, 'target') === 4)
    expect(seen).toBe(2)
    expect(threads.started).toBeGreaterThan(0)
  })

  test.each([
    [WORKERS_MAX, WORKERS_MAX],
    [WORKERS_MAX + 1, WORKERS_MAX],
  ])('that asks for %i threads has up to %i workers', async (asked, expected) => {
    await using under = await workersOf([{ mapping: 'root = this' }], { threads: asked })
    expect(under.workers.batchesMax).toBe(expected * BATCHES_OF_WORKER_MAX)
  })

  test('starts none before there is something to do', async () => {
    using threads = watchThreads()
    await using engine = memory()
    await filled(engine, 0)
    await start({ ...COPY, pipeline: { ...COPY.pipeline, threads: 2 } }, { engine })
    expect(threads.started).toBe(0)
  })
})
