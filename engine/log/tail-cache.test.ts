import { expect, test } from 'vitest'
import { type JournalPlace, TailCache } from './tail-cache.ts'

const place = (): JournalPlace => ({ epoch: 1, position: 0, cached: Buffer.alloc(1) })

test('the tail cache holds its most bytes, and lets the oldest group go for one more', () => {
  const cache = new TailCache(100)
  const [first, second, third, fourth] = [place(), place(), place(), place()]
  cache.add([first, second], 60)
  cache.add([third], 40)
  expect([first, second, third].every(({ cached }) => cached !== undefined)).toBe(true)
  cache.add([fourth], 1)
  expect([first.cached, second.cached]).toEqual([undefined, undefined])
  expect([third, fourth].every(({ cached }) => cached !== undefined)).toBe(true)
})

test('the tail cache keeps nothing of a group that is larger than itself', () => {
  const cache = new TailCache(100)
  const [small, large, after] = [place(), place(), place()]
  cache.add([small], 1)
  cache.add([large], 101)
  expect([small.cached, large.cached]).toEqual([undefined, undefined])
  cache.add([after], 100)
  expect(after.cached).toBeDefined()
})
