import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SeededRandom } from '../../ports/seeded-random.ts'
import {
  fnv1a32,
  fnv1aPartition,
  murmur2,
  murmur2Partition,
  partitionerOf,
} from './partitioners.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

it.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('hashes %s with murmur2 as Java clients do', (text, hash) => {
  expect(murmur2(bytes(text))).toBe(hash)
})

it.each([
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['foobar', 0xbf9cf968],
])('hashes %j with FNV-1a as its authors do', (text, hash) => {
  expect(fnv1a32(bytes(text)) >>> 0).toBe(hash)
})

it.each([
  ['my_key_1', 0],
  ['my_key_2', 4],
  ['my_key_4', 2],
])('sends %s to the partition of six that Java clients choose', (text, partition) => {
  expect(murmur2Partition(bytes(text), 6)).toBe(partition)
})

it('takes the remainder of a signed FNV-1a hash, and then its amount', () => {
  // -474184404 % 7 is -2; the positive bits would give another partition.
  expect(fnv1aPartition(bytes('a'), 7)).toBe(Math.abs((0xe40c292c | 0) % 7))
  expect(fnv1aPartition(bytes('a'), 7)).not.toBe(0xe40c292c % 7)
})

it('names a partition that there is, whatever the key', () => {
  const random = new SeededRandom(1)
  const partitioners = (['fnv1a_hash', 'murmur2_hash', 'random', 'round_robin'] as const).map(
    (name) => partitionerOf(name, random),
  )
  fc.assert(
    fc.property(
      fc.option(fc.uint8Array(), { nil: undefined }),
      fc.integer({ min: 1, max: 100 }),
      (key, count) => {
        for (const partitioner of partitioners) {
          const partition = partitioner('t', key, count)
          expect(Number.isInteger(partition) && partition >= 0 && partition < count).toBe(true)
        }
      },
    ),
  )
})

it('goes round the partitions of each topic by itself', () => {
  const next = partitionerOf('round_robin', new SeededRandom(1))
  const first = Array.from({ length: 4 }, () => next('one', undefined, 3))
  expect(first).toEqual([0, 1, 2, 0])
  expect(next('other', undefined, 3)).toBe(0)
})
