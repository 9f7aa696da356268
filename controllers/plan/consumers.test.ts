import { expect, test } from 'vitest'
import { declare } from '../testing.ts'
import { consumersOf } from './consumers.ts'
import { existing } from './testing.ts'

const { stream } = existing(declare('Stream', 'orders'), { records: 100 })

const group = (name: string, offsets: readonly { incarnation: number; next: number }[]) => ({
  group: name,
  generation: 0,
  members: [],
  idleSinceUs: undefined,
  offsets: offsets.map((offset) => ({ stream: 'default/orders', shard: 0, ...offset })),
})

test('a group is behind by what it has not committed, and only in this life of the stream', () => {
  if (stream === undefined) throw new Error('no stream')
  const groups = [
    group('late', [{ incarnation: 1, next: 41 }]),
    group('done', [{ incarnation: 1, next: 101 }]),
    group('former', [{ incarnation: 7, next: 1 }]),
  ]
  expect(consumersOf(stream, groups)).toEqual([
    { group: 'late', behind: 60 },
    { group: 'done', behind: 0 },
  ])
})
