import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { encodeBatch } from '../log/batch.ts'
import { RECORD_DATA_BYTES_MAX } from '../log/record.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { buildPipeline } from './build-pipeline.ts'
import { APPEND_BYTES_MAX, commitSet } from './commit-set.ts'
import { RESOURCE_DEPTH_MAX } from './component-config.ts'
import { Flight } from './flight.ts'
import { COMPONENT_DEPTH_MAX, inspectPipeline } from './inspect-pipeline.ts'
import { Message } from './message.ts'
import type { Pipeline } from './pipeline.ts'
import { recordBytes } from './portions.ts'
import { IN_FLIGHT_BYTES_MAX, IN_FLIGHT_MESSAGES_MAX } from './pump.ts'
import { STREAM_BATCH_RECORDS_MAX } from './stream-lane.ts'
import { COPY, createStream, keys, memory, produce, until } from './stream-testing.ts'
import { testEnvironment } from './testing.ts'
import { TURN_BATCHES_MAX, TURN_MS_MAX, Turn } from './turn.ts'

const running: Pipeline[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((pipeline) => pipeline.stop(1)))
})

test('components nest as deep as the limit, and no deeper', async () => {
  const nested = (depth: number): object => ({ catch: depth === 0 ? [] : [nested(depth - 1)] })
  const problems = async (depth: number) => {
    const pipeline = { processors: [nested(depth)] }
    return (await inspectPipeline({ input: { stdin: {} }, pipeline, output: { drop: {} } }))
      .problems
  }
  expect(await problems(COMPONENT_DEPTH_MAX)).toEqual([])
  expect(await problems(COMPONENT_DEPTH_MAX + 1)).toMatchObject([
    { message: `components are nested more than ${COMPONENT_DEPTH_MAX} deep` },
  ])
})

test('resources lead to resources as far as the limit, and no further', async () => {
  const problems = async (hops: number) => {
    const aliases = Array.from({ length: hops - 1 }, (_, n) => ({
      label: `r${n + 1}`,
      resource: `r${n}`,
    }))
    const spec = {
      input: { stdin: {} },
      pipeline: { processors: [{ resource: `r${hops - 1}` }] },
      output: { drop: {} },
      processor_resources: [{ label: 'r0', noop: {} }, ...aliases],
    }
    return (await inspectPipeline(spec)).problems
  }
  expect(await problems(RESOURCE_DEPTH_MAX)).toEqual([])
  expect(await problems(RESOURCE_DEPTH_MAX + 1)).toMatchObject([{ code: 'ComponentUnknown' }])
})

describe('a turn of the event loop', () => {
  test('is over after so many batches', () => {
    const turn = new Turn(new SimulatedClock())
    for (let batch = 1; batch < TURN_BATCHES_MAX; batch++) expect(turn.over()).toBe(false)
    expect(turn.over()).toBe(true)
  })

  test('is over after so long', async () => {
    const clock = new SimulatedClock()
    const turn = new Turn(clock)
    await clock.advance(TURN_MS_MAX - 1)
    expect(turn.over()).toBe(false)
    await clock.advance(1)
    expect(turn.over()).toBe(true)
    await turn.pass()
    expect(turn.over()).toBe(false)
  })
})

test.each([
  [STREAM_BATCH_RECORDS_MAX, [STREAM_BATCH_RECORDS_MAX]],
  [STREAM_BATCH_RECORDS_MAX + 1, [STREAM_BATCH_RECORDS_MAX, 1]],
])('%i records of a stream come in batches of %j', async (total, sizes) => {
  await using engine = memory()
  await createStream(engine, 'source', 1)
  await produce(engine, 'source', keys(total))
  const environment = testEnvironment({ engine })
  const spec = {
    input: { stream: { name: 'source' } },
    pipeline: { processors: [{ mapping: 'root = batch_size()' }] },
    output: { stdout: {} },
  }
  const pipeline = await buildPipeline(spec, environment)
  running.push(pipeline)
  await pipeline.connect()
  await until(() => pipeline.state().counters.outputSent === total)
  const seen = environment.stdout.text.trimEnd().split('\n').map(Number)
  expect(seen).toEqual(sizes.flatMap((size) => Array.from({ length: size }, () => size)))
})

describe('what is in flight', () => {
  /** A pipeline whose output rejects all that it is given, over so many records; resolves with what it read. */
  async function readWith(total: number, bytes: number, expected: number): Promise<number> {
    await using engine = memory()
    const incarnation = await createStream(engine, 'source', 1)
    await createStream(engine, 'target', 1)
    const batch = encodeBatch([{ data: Buffer.alloc(bytes, '1') }])
    for (let count = 0; count < total; ) {
      const records = bytes > 1000 ? 1 : Math.min(1024, total - count)
      const data = Array.from({ length: records }, () => ({ data: Buffer.from('1') }))
      const one = records === 1 ? batch : encodeBatch(data)
      await engine.log.write({ appends: [{ stream: 'default/source', incarnation, batch: one }] })
      count += records
    }
    const checks = { target: () => 'nothing fits' }
    const spec = { input: COPY.input, output: { stream: { name: 'target' } } }
    const pipeline = await buildPipeline(spec, testEnvironment({ engine, checks }))
    await pipeline.connect()
    await until(() => pipeline.state().counters.inputReceived >= expected)
    for (let turn = 0; turn < 20; turn++) await setImmediate()
    const { inputReceived } = pipeline.state().counters
    await pipeline.stop(1)
    return inputReceived
  }

  test('is as many messages as the limit, and no more', async () => {
    const total = IN_FLIGHT_MESSAGES_MAX + STREAM_BATCH_RECORDS_MAX
    expect(await readWith(total, 1, IN_FLIGHT_MESSAGES_MAX)).toBe(IN_FLIGHT_MESSAGES_MAX)
  })

  test('is as many bytes as the limit, and no more', async () => {
    const bytes = 1024 * 1024
    const total = IN_FLIGHT_BYTES_MAX / bytes
    expect(await readWith(total + 2, bytes, total)).toBe(total)
  })
})

test('a batch is closed before it grows beyond its limit', () => {
  const target = { stream: 'default/target', incarnation: 1, check: undefined }
  const message = Message.fromBytes(Buffer.from('1'))
  const appends = (...sizes: readonly number[]): number => {
    const flight = new Flight({ messages: [message] }, { landed: () => {}, rejected: () => {} })
    const records = sizes.map((size) => ({ data: Buffer.alloc(size) }))
    flight.enlisted = [{ target, records, messages: records.map(() => message) }]
    flight.decide()
    return commitSet([flight]).appends.length
  }
  const first = RECORD_DATA_BYTES_MAX
  const taken = encodeBatch([{ data: Buffer.alloc(first) }]).length
  const second = APPEND_BYTES_MAX - taken - recordBytes({ data: Buffer.alloc(0) })
  expect(appends(first, second)).toBe(1)
  expect(appends(first, second + 1)).toBe(2)
})
