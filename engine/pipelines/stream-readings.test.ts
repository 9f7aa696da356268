import { expect, test } from 'vitest'
import { inspectPipeline } from './inspect-pipeline.ts'
import { type StreamReading, streamReadings } from './stream-readings.ts'

async function readings(...inputs: readonly object[]): Promise<readonly StreamReading[]> {
  const config = { input: { broker: { inputs } }, output: { stream: { name: 'out' } } }
  return streamReadings(config, (await inspectPipeline(config)).streams, 'pipeline.p')
}

test('a pipeline reads streams as its own group, or as the one that its input names', async () => {
  const own = { stream: { name: 'orders' } }
  const shared = { stream: { name: 'orders', group: 'shared', shards: [1, 0] } }
  expect(await readings(own, shared, { generate: { mapping: 'root = 1' } })).toEqual([
    { stream: 'orders', group: 'pipeline.p', shards: undefined },
    { stream: 'orders', group: 'shared', shards: [1, 0] },
  ])
})

test('inputs of one group are one reading, of the shards of them all', async () => {
  const some = (shards: readonly number[]) => ({ stream: { name: 'orders', shards } })
  expect(await readings(some([2]), some([0, 2]))).toEqual([
    { stream: 'orders', group: 'pipeline.p', shards: [0, 2] },
  ])
  expect(await readings(some([2]), { stream: { name: 'orders' } })).toEqual([
    { stream: 'orders', group: 'pipeline.p', shards: undefined },
  ])
})

test('what is written is not read', async () => {
  expect(await readings({ generate: { mapping: 'root = 1' } })).toEqual([])
})
