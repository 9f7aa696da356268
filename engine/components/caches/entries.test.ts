/** What is kept where there is no room for everything. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AdaptiveEntries } from './adaptive-entries.ts'
import { type Entries, RecentEntries } from './recent-entries.ts'
import { TwoQueueEntries } from './two-queue-entries.ts'

const twoQueues = (cap: number): Entries<number> =>
  new TwoQueueEntries({ cap, recentRatio: 0.25, ghostRatio: 0.5 })

describe.each<[string, (cap: number) => Entries<number>]>([
  ['standard', (cap) => new RecentEntries(cap)],
  ['two_queues', twoQueues],
  ['two_queues of one kind', (cap) => new TwoQueueEntries({ cap, recentRatio: 1, ghostRatio: 1 })],
  ['two_queues of the other', (cap) => new TwoQueueEntries({ cap, recentRatio: 0, ghostRatio: 0 })],
  ['arc', (cap) => new AdaptiveEntries(cap)],
])('%s', (_, make) => {
  test('gives what was set last or nothing, the newest for sure, and never more than fit', () => {
    const key = fc.integer({ min: 0, max: 11 }).map(String)
    const step = fc.record({ key, does: fc.constantFrom('get', 'set', 'set', 'delete') })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(step, { maxLength: 80 }),
        (cap, steps) => {
          const entries = make(cap)
          const told = new Map<string, number>()
          for (const [value, { key, does }] of steps.entries()) {
            if (does === 'delete') entries.delete(key)
            if (does === 'delete') told.delete(key)
            if (does === 'set') entries.set(key, value)
            if (does === 'set') told.set(key, value)
            const found = entries.get(key)
            if (does !== 'get') expect(found).toBe(told.get(key))
            else expect([told.get(key), undefined]).toContain(found)
          }
          const kept = [...told].filter(([one, value]) => entries.get(one) === value)
          expect(kept.length).toBeLessThanOrEqual(cap)
        },
      ),
    )
  })
})

test.each<[string, Entries<number>]>([
  ['two_queues', twoQueues(8)],
  ['arc', new AdaptiveEntries(8)],
])('%s keeps what is used often when many new keys pass by', (_, entries) => {
  for (const key of ['a', 'b']) {
    entries.set(key, 1)
    entries.get(key)
  }
  for (let key = 0; key < 100; key++) entries.set(String(key), key)
  expect([entries.get('a'), entries.get('b'), entries.get('99')]).toEqual([1, 1, 99])
})
