import { expect, test } from 'vitest'
import { type CachedFrame, cachedBatch, TailCache } from './tail-cache.ts'

const frameOf = (length: number): CachedFrame => ({ position: 0, bytes: Buffer.alloc(length) })
const held = (...frames: readonly CachedFrame[]) => frames.map(({ bytes }) => bytes !== undefined)

test('the tail cache holds its most bytes, and lets the oldest frame go for one more', () => {
  const cache = new TailCache(100)
  const [first, second, third] = [frameOf(60), frameOf(40), frameOf(1)]
  cache.add(first)
  cache.add(second)
  expect(held(first, second)).toEqual([true, true])
  cache.add(third)
  expect(held(first, second, third)).toEqual([false, true, true])
})

test('the tail cache keeps nothing of a frame that is larger than itself', () => {
  const cache = new TailCache(100)
  const [small, large, after] = [frameOf(1), frameOf(101), frameOf(100)]
  cache.add(small)
  cache.add(large)
  expect(held(small, large)).toEqual([false, false])
  cache.add(after)
  expect(held(after)).toEqual([true])
})

test('a batch is found in its frame as long as the frame is in the cache', () => {
  const frame: CachedFrame = { position: 4096, bytes: Buffer.from('head one two') }
  const place = { epoch: 1, position: 4096 + 5, frame }
  expect(cachedBatch(place, 3)?.toString()).toBe('one')
  expect(cachedBatch({ ...place, frame: undefined }, 3)).toBeUndefined()
  frame.bytes = undefined
  expect(cachedBatch(place, 3)).toBeUndefined()
})
