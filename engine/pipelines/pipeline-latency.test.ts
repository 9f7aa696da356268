import { expect, test } from 'vitest'
import { runToEnd } from '../components/testing.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { buildPipeline } from './build-pipeline.ts'
import { Message } from './message.ts'
import { latencyText, PipelineLatency } from './pipeline-latency.ts'
import { NOT_TIMED } from './sampled-timing.ts'
import { COPY, count, createStream, keys, memory, produce, until } from './stream-testing.ts'
import { testEnvironment } from './testing.ts'

const messages = (total: number): Message[] =>
  Array.from({ length: total }, () => Message.fromBytes(Buffer.from('{}')))

test('records count from their arrival in the stream, however long they wait to be read', async () => {
  const clock = new SimulatedClock()
  const engine = memory(clock)
  await createStream(engine, 'source', 1)
  await createStream(engine, 'target', 1)
  await produce(engine, 'source', keys(30))
  await clock.advance(60_000)
  const pipeline = await buildPipeline(COPY, testEnvironment({ engine, clock }))
  await pipeline.connect()
  await until(() => count(engine, 'target') === 30 && pipeline.latency().count === 30)
  const { p50, p99, sum } = pipeline.latency()
  expect(p50).toBeCloseTo(60, 5)
  expect(p99).toBeCloseTo(60, 5)
  expect(sum).toBeCloseTo(1_800, 1)
  await pipeline.stop(100)
})

test('what comes from elsewhere counts from its read to its delivery', async () => {
  const clock = new SimulatedClock()
  const latency = new PipelineLatency(clock)
  const begunMs = clock.monotonicMs()
  await clock.advance(250)
  latency.delivered({ messages: messages(3) }, NOT_TIMED)
  expect(latency.summary()).toMatchObject({ p99: 0, count: 3 })
  latency.delivered({ messages: messages(2) }, begunMs)
  const took = { p50: 0.25, p90: 0.25, p99: 0.25 }
  expect(latency.summary()).toEqual({ ...took, count: 5, sum: 1.25 })
  latency.delivered({ messages: messages(1) }, NOT_TIMED)
  expect(latency.summary()).toEqual({ ...took, count: 6, sum: 1.5 })
})

test('a batch of records that arrived hours apart is as old as either end, half of it each', async () => {
  const clock = new SimulatedClock()
  const arrivedUsFirst = clock.wallUs()
  await clock.advance(3_600_000)
  const arrivedUsLast = clock.wallUs()
  await clock.advance(1_000)
  const latency = new PipelineLatency(clock)
  latency.delivered({ messages: messages(5), arrivedUsFirst, arrivedUsLast }, NOT_TIMED)
  const { p50, p99, sum, count: total } = latency.summary()
  expect(sum).toBe(3 * 3_601 + 2)
  expect(total).toBe(5)
  expect(p50).toBeGreaterThan(3_601 * 0.875)
  expect(p99).toBeLessThanOrEqual(3_601)
})

test('behind a buffer each message counts once, whoever answers for it', async () => {
  const input = { generate: { mapping: 'root = 1', interval: '', count: 7 } }
  for (const buffer of [{ memory: {} }, { system_window: { size: '1s' } }]) {
    const pipeline = await runToEnd({ input, buffer, output: { drop: {} } }, testEnvironment())
    expect([buffer, pipeline.latency().count]).toEqual([buffer, 7])
  }
})

test('a latency is told as one number and its unit', () => {
  const seconds = [0, 0.00044, 0.012, 0.9999, 1.26, 120, 7_199, 7_200, 172_800]
  expect(seconds.map(latencyText)).toEqual([
    '0.0ms',
    '0.4ms',
    '12ms',
    '1000ms',
    '1.3s',
    '2m',
    '119m',
    '2h',
    '2d',
  ])
})

test('a clock that was set back makes no message arrive after its delivery', () => {
  const clock = new SimulatedClock()
  const latency = new PipelineLatency(clock)
  latency.delivered({ messages: messages(1), arrivedUsFirst: clock.wallUs() + 5e6 }, NOT_TIMED)
  expect(latency.summary()).toMatchObject({ p99: 0, sum: 0, count: 1 })
})
