/** Pipelines that keep the order of keys although several batches are at their processors, in workers that die and without. */
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { HeadgateError } from '../error.ts'
import { encodeBatch } from '../log/batch.ts'
import type { LogRecord } from '../log/record.ts'
import { OFFLINE } from './bloblang-fields.ts'
import { buildPipeline } from './build-pipeline.ts'
import { Chain } from './chain.ts'
import type { Input, Output } from './component.ts'
import { Health } from './health.ts'
import { inspectPipeline } from './inspect-pipeline.ts'
import { type Batch, Message } from './message.ts'
import type { Pipeline } from './pipeline.ts'
import { RunningPipeline } from './running-pipeline.ts'
import { shardKeyOf } from './shard-key.ts'
import { SharedResources } from './shared-resources.ts'
import {
  COPY,
  count,
  createStream,
  expectExactlyOnce,
  memory,
  type produce,
  readAll,
  until,
} from './stream-testing.ts'
import { Taps } from './taps.ts'
import { placeOf, type TestEnvironmentOptions, testEnvironment } from './testing.ts'
import { watchThreads } from './workers/testing.ts'

const running: Pipeline[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((pipeline) => pipeline.stop(1)))
})

async function start(spec: unknown, options: TestEnvironmentOptions): Promise<Pipeline> {
  const pipeline = await buildPipeline(spec, testEnvironment(options))
  running.push(pipeline)
  await pipeline.connect()
  return pipeline
}

/** In each shard of the target the records of a key stand in the order of their source. */
function expectOrderOfKeys(records: readonly LogRecord[]): void {
  const last = new Map<string, number>()
  for (const { key, data } of records) {
    const { n } = JSON.parse(Buffer.from(data).toString()) as { n: number }
    const name = Buffer.from(key ?? []).toString()
    expect(n).toBeGreaterThan(last.get(name) ?? -1)
    last.set(name, n)
  }
}

const sharded = (processors: readonly unknown[]): unknown => ({
  ...COPY,
  pipeline: { threads: 2, shard_by: '${! @headgate_key }', processors },
})

describe('from stream to stream, by key', () => {
  test('every record comes once and in the order of its key, while workers die', async () => {
    const batches = fc.array(
      fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { minLength: 1, maxLength: 60 }),
      { minLength: 1, maxLength: 6 },
    )
    await fc.assert(
      fc.asyncProperty(batches, fc.array(fc.nat(30), { maxLength: 3 }), async (given, kills) => {
        using threads = watchThreads()
        await using engine = memory()
        await createStream(engine, 'source', 1)
        await createStream(engine, 'target', 1)
        const processors = [{ mapping: 'root.n = this.n\nroot.sum = range(0, 20000).sum()' }]
        const pipeline = await start(sharded(processors), { engine })
        let first = 0
        for (const keys of given) {
          await produceFrom(engine, keys, first)
          first += keys.length
        }
        for (const turns of kills) {
          for (let turn = 0; turn < turns; turn++) await setImmediate()
          await threads.workers.at(-1)?.terminate()
        }
        await until(() => count(engine, 'target') >= first)
        await pipeline.stop(1_000)
        const records = await readAll(engine, 'target')
        expectExactlyOnce(records, first)
        expectOrderOfKeys(records)
        expect(threads.started).toBeGreaterThan(0)
      }),
      { numRuns: 3 },
    )
  })

  test('holds where the processors run on the thread of the pipeline and wait', async () => {
    await using engine = memory()
    await createStream(engine, 'source', 1)
    await createStream(engine, 'target', 1)
    const processors = [{ sleep: { duration: '${! this.n % 3 }ms' } }]
    for (let round = 0; round < 10; round++) await produceFrom(engine, KEYS, round * KEYS.length)
    await start(sharded(processors), { engine })
    await until(() => count(engine, 'target') >= 10 * KEYS.length)
    const records = await readAll(engine, 'target')
    expectExactlyOnce(records, 10 * KEYS.length)
    expectOrderOfKeys(records)
  })

  test('holds where the target refuses a record for a while', async () => {
    await using engine = memory()
    await createStream(engine, 'source', 1)
    await createStream(engine, 'target', 1)
    for (let round = 0; round < 4; round++) await produceFrom(engine, KEYS, round * KEYS.length)
    let isStrict = true
    const check = (data: Uint8Array): string | undefined =>
      isStrict && Buffer.from(data).toString().includes('"n":4}') ? 'not 4' : undefined
    const mapping = 'root.n = this.n\nroot.m = 0'
    const pipeline = await start(sharded([{ mapping }]), { engine, checks: { target: check } })
    await until(() => pipeline.state().message?.includes('not 4') === true)
    isStrict = false
    await until(() => count(engine, 'target') >= 4 * KEYS.length)
    const records = await readAll(engine, 'target')
    expectExactlyOnce(records, 4 * KEYS.length)
    expectOrderOfKeys(records)
  })
})

const KEYS = ['a', 'b', 'c', 'a', 'b', 'd', 'e', 'a']

async function produceFrom(
  engine: Parameters<typeof produce>[0],
  keys: readonly string[],
  first: number,
): Promise<void> {
  const [stream] = engine.streams.describe(['default/source'])
  const records = keys.map((key, index) => ({
    key: Buffer.from(key),
    headers: [],
    data: Buffer.from(JSON.stringify({ n: first + index })),
  }))
  const { incarnation = 0 } = stream ?? {}
  const append = { stream: 'default/source', incarnation, batch: encodeBatch(records) }
  await engine.log.write({ appends: [append] })
}

describe('what an output refuses', () => {
  test('comes again behind what was on its way already, and in the order of its key among itself', async () => {
    const texts = ['a0', 'a1', 'a2', 'a3'].map((text) => [Message.fromBytes(Buffer.from(text))])
    const input: Input = {
      connect: async () => {},
      read: () => {
        const messages = texts.shift()
        return messages === undefined ? undefined : { messages }
      },
      close: async () => {},
    }
    const written: string[] = []
    let refusals = 1
    const output: Output = {
      connect: async () => {},
      write: (batch: Batch) => {
        const text = batch.map((one) => Buffer.from(one.content()).toString()).join()
        if (text === 'a1' && refusals-- > 0) throw new HeadgateError('OutputFailed', 'not now')
        written.push(text)
      },
      close: async () => {},
    }
    const environment = testEnvironment()
    const { clock, random } = environment
    const pipeline = new RunningPipeline({
      environment,
      health: new Health(environment.logger, 'p'),
      force: new AbortController(),
      input: {
        input,
        nack: 'replay',
        transactional: false,
        processors: new Chain([]),
        place: placeOf('list'),
      },
      buffer: undefined,
      shared: new SharedResources(),
      taps: new Taps({ clock, random, mask: (text) => text }),
      chain: new Chain([]),
      threads: 2,
      shardKey: shardKeyOf('content().string().slice(0, 1)', OFFLINE),
      output: {
        output,
        place: placeOf('o'),
        processors: undefined,
        batching: undefined,
        maxInFlight: 1,
      },
    })
    await pipeline.connect()
    await until(() => pipeline.state().phase === 'completed')
    expect(written.toSorted()).toEqual(['a0', 'a1', 'a2', 'a3'])
    const others = written.filter((text) => text !== 'a1')
    expect(others).toEqual(['a0', 'a2', 'a3'])
  })
})

describe('shard_by in a config', () => {
  const problemsOf = async (shardBy: unknown): Promise<unknown> => {
    const spec = { ...COPY, pipeline: { shard_by: shardBy, processors: [] } }
    const { problems } = await inspectPipeline(spec)
    return problems.map(({ path, message }) => `${path.join('.')}: ${message}`)
  }

  test.each(['this.user.id', '${! @headgate_key }', 'user-${! this.id }', '${KEY}', '', null])(
    'may be %j',
    async (shardBy) => {
      expect(await problemsOf(shardBy)).toEqual([])
    },
  )

  test.each([
    [5, 'expected a query or text with ${! … } in it, got number 5'],
    ['this.', 'expected'],
    ['${! no_such() }', 'no_such'],
  ])('may not be %j', async (shardBy, message) => {
    expect(await problemsOf(shardBy)).toEqual([expect.stringContaining(message)])
    expect(await problemsOf(shardBy)).toEqual([expect.stringContaining('pipeline.shard_by: ')])
  })
})

test.each([
  ['2', 'Write it without quotes.'],
  ['-1', 'Write it without quotes.'],
  ['two', 'Remove it for one a core.'],
])('threads are no text such as %j', async (threads, hint) => {
  const { problems } = await inspectPipeline({ ...COPY, pipeline: { threads, processors: [] } })
  expect(problems).toMatchObject([{ path: ['pipeline', 'threads'], hint }])
})
