import { expect, test } from 'vitest'
import type { ShardLag } from '../streams/group-lag.ts'
import { lagsByGroup, streamsBehind } from './streams-behind.ts'

const lag = (
  stream: string,
  shard: number,
  records: number,
  seconds: number | undefined,
): ShardLag => ({
  stream,
  incarnation: 1,
  shard,
  offset: 1,
  end: records + 1,
  records,
  bytes: 0,
  seconds,
})
const lags = lagsByGroup([
  {
    group: 'pipeline.p',
    shards: [
      lag('default/orders', 0, 3, 9),
      lag('default/orders', 1, 4, 2),
      lag('default/others', 0, 5, undefined),
    ],
  },
  { group: 'second', shards: [lag('default/orders', 0, 10, 30)] },
  { group: 'lab/pipeline.p', shards: [lag('lab/orders', 0, 7, 1)] },
])
const reading = (stream: string, given: { group?: string; shards?: readonly number[] } = {}) => ({
  stream,
  group: given.group ?? 'pipeline.p',
  shards: given.shards,
})

test('a stream is behind by the records of all shards, and as long as the oldest waits', () => {
  const readings = [reading('orders'), reading('others')]
  expect(streamsBehind('default', readings, lags)).toEqual([
    { stream: 'orders', records: 7, seconds: 9 },
    { stream: 'others', records: 5, seconds: undefined },
  ])
})

test('of some shards only these count', () => {
  expect(streamsBehind('default', [reading('orders', { shards: [1] })], lags)).toEqual([
    { stream: 'orders', records: 4, seconds: 2 },
  ])
})

test('a stream that two groups read counts once, with what both have to read', () => {
  const readings = [reading('orders'), reading('orders', { group: 'second' })]
  expect(streamsBehind('default', readings, lags)).toEqual([
    { stream: 'orders', records: 17, seconds: 30 },
  ])
})

test('each namespace has its own groups, and a stream that is not there yet is left out', () => {
  expect(streamsBehind('lab', [reading('orders'), reading('none')], lags)).toEqual([
    { stream: 'orders', records: 7, seconds: 1 },
  ])
})
