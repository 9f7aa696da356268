import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { readNote } from '../../dead-letters/letter-headers.ts'
import type { Engine } from '../../engine.ts'
import { encodeBatch } from '../../log/batch.ts'
import { type LogRecord, RECORD_HEADERS_MAX, type RecordInput } from '../../log/record.ts'
import { buildPipeline } from '../../pipelines/build-pipeline.ts'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import type { Pipeline } from '../../pipelines/pipeline.ts'
import { count, createStream, memory, readAll, until } from '../../pipelines/stream-testing.ts'
import { type TestEnvironmentOptions, testEnvironment } from '../../pipelines/testing.ts'
import { toldServer } from '../testing.ts'

const pipelines: Pipeline[] = []

afterEach(async () => {
  await Promise.all(pipelines.splice(0).map((pipeline) => pipeline.stop(1)))
})

async function withStreams(): Promise<Engine> {
  const engine = memory()
  await createStream(engine, 'orders', 1)
  await createStream(engine, 'clean', 2)
  await createStream(engine, 'failed', 1)
  return engine
}

async function start(
  engine: Engine,
  parts: object,
  options: TestEnvironmentOptions = {},
): Promise<Pipeline> {
  const spec = {
    input: { stream: { name: 'orders' } },
    output: { dead_letter: { stream: 'failed', output: { stream: { name: 'clean' } } } },
    ...parts,
  }
  const pipeline = await buildPipeline(spec, testEnvironment({ engine, ...options }))
  pipelines.push(pipeline)
  await pipeline.connect()
  return pipeline
}

async function append(engine: Engine, name: string, records: readonly RecordInput[]) {
  const stream = `default/${name}`
  const { incarnation = 0 } = engine.streams.describe([stream])[0] ?? {}
  await engine.log.write({ appends: [{ stream, incarnation, batch: encodeBatch(records) }] })
}

function orders(total: number): readonly RecordInput[] {
  return Array.from({ length: total }, (_, n) => ({
    key: Buffer.from([0xff, n]),
    headers: [
      { name: 'trace', value: Buffer.from([0xfe, n]) },
      { name: 'trace', value: Buffer.from('twice') },
    ],
    clientInfo: Buffer.from([n]),
    data: Buffer.from(JSON.stringify({ n })),
  }))
}

const done = (engine: Engine, next: number) =>
  until(() => engine.groups.offsets('pipeline.test')[0]?.next === next)

const text = (records: readonly LogRecord[]): string[] =>
  records.map(({ data }) => Buffer.from(data).toString())

const THIRD_FAILS = {
  pipeline: {
    processors: [{ mapping: 'root = this' }, { mapping: 'root = if this.n == 2 { throw("odd") }' }],
  },
}

describe('a dead letter', () => {
  test('is the record as it was read, bytes and all, and says what happened to it', async () => {
    await using engine = await withStreams()
    await append(engine, 'orders', orders(5))
    const pipeline = await start(engine, THIRD_FAILS)
    await done(engine, 6)
    expect(count(engine, 'clean')).toBe(4)
    const [letter, ...others] = await readAll(engine, 'failed')
    expect(others).toEqual([])
    const [, , third] = orders(5)
    expect(letter?.data).toEqual(third?.data)
    expect(letter?.key).toEqual(third?.key)
    expect(letter?.clientInfo).toEqual(third?.clientInfo)
    expect(letter?.headers.slice(0, 2)).toEqual(third?.headers)
    expect(readNote(letter?.headers ?? [])).toEqual({
      reason: expect.stringContaining('odd'),
      component: 'root.pipeline.processors.1',
      place: { stream: 'orders', shard: 0, sequence: 3 },
      time: expect.stringMatching(/Z$/),
      attempt: 1,
    })
    expect(pipeline.series().find(({ name }) => name === 'dead_letters')).toMatchObject({
      value: 1,
      labels: { dead_letter_stream: 'failed' },
    })
  })

  test('blames the output for what that does not take', async () => {
    await using engine = await withStreams()
    await append(engine, 'orders', orders(3))
    const check = (data: Uint8Array) =>
      Buffer.from(data).toString().includes('1') ? 'n must not be 1' : undefined
    await start(engine, {}, { checks: { clean: check } })
    await done(engine, 4)
    expect(text(await readAll(engine, 'failed'))).toEqual(['{"n":1}'])
    const [letter] = await readAll(engine, 'failed')
    expect(readNote(letter?.headers ?? [])).toMatchObject({
      reason: 'stream clean: n must not be 1',
      component: 'root.output.dead_letter.output',
    })
  })

  test('is made in a strict pipeline alike', async () => {
    await using engine = await withStreams()
    await append(engine, 'orders', orders(5))
    await start(engine, { ...THIRD_FAILS, error_handling: { strict: true } })
    await done(engine, 6)
    expect(count(engine, 'clean')).toBe(4)
    expect(readNote((await readAll(engine, 'failed'))[0]?.headers ?? [])?.component).toBe(
      'root.pipeline.processors.1',
    )
  })

  test('stands for all that its record was to become', async () => {
    await using engine = await withStreams()
    await append(engine, 'orders', [
      { data: Buffer.from('[1,2,3]') },
      { data: Buffer.from('["a",4,"b"]') },
      { data: Buffer.from('[5]') },
    ])
    const processors = [
      { unarchive: { format: 'json_array' } },
      { mapping: 'root = this.number("not " + content().string())' },
      { mapping: 'root = if this.type() == "string" { throw(this) } else { this }' },
    ]
    await start(engine, { pipeline: { threads: 1, processors } })
    await done(engine, 4)
    expect(text(await readAll(engine, 'clean')).sort()).toEqual(['1', '2', '3', '5'])
    expect(text(await readAll(engine, 'failed'))).toEqual(['["a",4,"b"]'])
  })

  test('keeps every header of a record that has as many as there may be', async () => {
    await using engine = await withStreams()
    const headers = Array.from({ length: RECORD_HEADERS_MAX }, (_, n) => ({
      name: `h${n}`,
      value: Buffer.from(String(n)),
    }))
    await append(engine, 'orders', [{ headers, data: Buffer.from('{"n":2}') }])
    await start(engine, THIRD_FAILS)
    await done(engine, 2)
    const [letter] = await readAll(engine, 'failed')
    expect(letter?.headers).toHaveLength(RECORD_HEADERS_MAX)
  })
})

test('records that were joined at the output get a letter each', async () => {
  await using engine = await withStreams()
  await using server = await toldServer(() => ({ status: 500 }))
  await append(engine, 'orders', orders(3))
  const batching = { count: 3, processors: [{ archive: { format: 'lines' } }] }
  const output = { http_client: { url: server.url, retries: 0, batching } }
  await start(engine, { output: { dead_letter: { stream: 'failed', output } } })
  await done(engine, 4)
  expect(server.received[0]?.body).toBe('{"n":0}\n{"n":1}\n{"n":2}')
  const letters = await readAll(engine, 'failed')
  expect(letters.map(({ headers }) => readNote(headers)?.place?.sequence)).toEqual([1, 2, 3])
})

test('what a stopping pipeline does not deliver is no dead letter', async () => {
  await using engine = await withStreams()
  await append(engine, 'orders', orders(3))
  const output = { socket: { network: 'tcp', address: '127.0.0.1:1' } }
  const pipeline = await start(engine, { output: { dead_letter: { stream: 'failed', output } } })
  await until(() => pipeline.state().counters.inputReceived === 3)
  await pipeline.stop(5_000)
  expect(count(engine, 'failed')).toBe(0)
  expect(engine.groups.offsets('pipeline.test')[0]?.next ?? 1).toBe(1)
})

describe('what the dead-letter stream does not take', () => {
  test('is shown, held and not lost, and goes there once it is taken', async () => {
    await using engine = await withStreams()
    await append(engine, 'orders', orders(5))
    let takes = false
    const check = () => (takes ? undefined : 'it has a type')
    const pipeline = await start(engine, THIRD_FAILS, { checks: { failed: check } })
    while (!pipeline.state().message?.includes('does not take the record')) await setImmediate()
    expect(pipeline.state().message).toContain('odd')
    expect(engine.groups.offsets('pipeline.test')[0]?.next ?? 1).toBeLessThan(4)
    takes = true
    await done(engine, 6)
    expect(count(engine, 'clean')).toBe(4)
    expect(count(engine, 'failed')).toBe(1)
  })

  test('is told of a compacted stream, record by record', async () => {
    await using engine = await withStreams()
    await append(engine, 'orders', [{ data: Buffer.from('{"n":2}') }])
    const environment = testEnvironment({ engine })
    const streams: typeof environment.streams = {
      resolve: (namespace, name) => {
        const target = environment.streams.resolve(namespace, name)
        return target === undefined ? undefined : { ...target, needsKey: name === 'failed' }
      },
    }
    const pipeline = await start(engine, THIRD_FAILS, { streams })
    while (!pipeline.state().message?.includes('expected a key')) await setImmediate()
    expect(count(engine, 'failed')).toBe(0)
  })
})

describe('the config', () => {
  const spec = (stream: string) => ({
    input: { stream: { name: 'orders' } },
    output: { dead_letter: { stream, output: { stream: { name: 'clean' } } } },
  })

  test('is exactly-once from stream to stream, and names every stream', async () => {
    const inspection = await inspectPipeline(spec('failed'))
    expect(inspection.problems).toEqual([])
    expect(inspection.atLeastOnceBecause).toBeUndefined()
    expect(inspection.streams).toContainEqual({
      stream: 'failed',
      access: 'write',
      path: ['output', 'dead_letter', 'stream'],
    })
  })

  test('is refused where the pipeline reads its own dead letters', async () => {
    const { problems } = await inspectPipeline(spec('orders'))
    expect(problems).toMatchObject([
      {
        path: ['output', 'dead_letter', 'stream'],
        message: 'expected a stream that the pipeline does not read, got orders',
      },
    ])
  })
})
