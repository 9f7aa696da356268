import { expect, test } from 'vitest'
import { buildPipeline } from '../engine/pipelines/build-pipeline.ts'
import { createStream, memory, produce, until } from '../engine/pipelines/stream-testing.ts'
import { lagsByGroup } from '../engine/pipelines/streams-behind.ts'
import { testEnvironment } from '../engine/pipelines/testing.ts'
import { SimulatedClock } from '../engine/ports/simulated-clock.ts'
import { GroupLag } from '../engine/streams/group-lag.ts'
import { type FlowSample, flowMetricsText } from './flow-metrics.ts'

const LATENCY = { p50: 0.25, p90: 0.5, p99: 1, sum: 2.5, count: 7 }
const sample = (given: Partial<FlowSample>): FlowSample => ({
  kind: 'Pipeline',
  namespace: 'default',
  name: 'clean',
  flow: { latency: LATENCY, readings: [] },
  ...given,
})
const linesOf = (text: string): readonly string[] =>
  text.split('\n').filter((line) => line !== '' && !line.startsWith('# HELP'))

test('latency is a summary of seconds; a Sink is told from a Pipeline, and what does not run has none', () => {
  const text = flowMetricsText(
    [
      sample({}),
      sample({ kind: 'Sink', namespace: 'lab' }),
      sample({ name: 'paused', flow: undefined }),
    ],
    new Map(),
  )
  const own = 'namespace="default",pipeline="clean"'
  expect(linesOf(text)).toEqual([
    '# TYPE headgate_pipeline_latency_seconds summary',
    `headgate_pipeline_latency_seconds{${own},quantile="0.5"} 0.25`,
    `headgate_pipeline_latency_seconds{${own},quantile="0.9"} 0.5`,
    `headgate_pipeline_latency_seconds{${own},quantile="0.99"} 1`,
    `headgate_pipeline_latency_seconds_sum{${own}} 2.5`,
    `headgate_pipeline_latency_seconds_count{${own}} 7`,
    'headgate_pipeline_latency_seconds{namespace="lab",sink="clean",quantile="0.5"} 0.25',
    'headgate_pipeline_latency_seconds{namespace="lab",sink="clean",quantile="0.9"} 0.5',
    'headgate_pipeline_latency_seconds{namespace="lab",sink="clean",quantile="0.99"} 1',
    'headgate_pipeline_latency_seconds_sum{namespace="lab",sink="clean"} 2.5',
    'headgate_pipeline_latency_seconds_count{namespace="lab",sink="clean"} 7',
  ])
})

test('lag is what the groups of a pipeline have not committed: records, and the age of the oldest', async () => {
  const clock = new SimulatedClock()
  const engine = memory(clock)
  for (const name of ['orders', 'others']) await createStream(engine, name, 2)
  const spec = {
    input: {
      broker: {
        inputs: [{ stream: { name: 'orders' } }, { stream: { name: 'others', group: 'shared' } }],
      },
    },
    output: { reject: 'never' },
  }
  await produce(engine, 'orders', ['a', 'b', 'c'])
  await clock.advance(4_000)
  await produce(engine, 'orders', ['d'])
  const environment = testEnvironment({ engine, clock, name: 'clean' })
  const pipeline = await buildPipeline(spec, environment)
  await pipeline.connect()
  await until(() => engine.groups.describe().length === 2)
  const groupLag = new GroupLag({ log: engine.log, streams: engine.streams, clock })
  const lags = lagsByGroup(await groupLag.measureAll(engine.groups.describe()))
  const flow = { latency: pipeline.latency(), readings: pipeline.readings() }
  const lines = linesOf(flowMetricsText([sample({ flow })], lags))
  const own = 'namespace="default",pipeline="clean"'
  expect(lines.filter((line) => line.includes('_lag_'))).toEqual([
    '# TYPE headgate_pipeline_lag_records gauge',
    `headgate_pipeline_lag_records{${own},stream="orders"} 4`,
    `headgate_pipeline_lag_records{${own},stream="others"} 0`,
    '# TYPE headgate_pipeline_lag_seconds gauge',
    `headgate_pipeline_lag_seconds{${own},stream="orders"} 4`,
    `headgate_pipeline_lag_seconds{${own},stream="others"} 0`,
  ])
  await pipeline.stop(10)
})
