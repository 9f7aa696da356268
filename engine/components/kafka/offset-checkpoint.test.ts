import fc from 'fast-check'
import { expect, it } from 'vitest'
import { OffsetCheckpoint } from './offset-checkpoint.ts'

it('moves to the end of what is done without a gap, in whatever order it ends', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ count: fc.integer({ min: 1, max: 5 }), rank: fc.double() }), {
        minLength: 1,
        maxLength: 30,
      }),
      (batches) => {
        const checkpoint = new OffsetCheckpoint()
        let next = 0n
        const tickets = batches.map(({ count, rank }) => {
          next += BigInt(count)
          return { ticket: checkpoint.take(next, count), rank }
        })
        const done = new Set<unknown>()
        for (const { ticket } of tickets.toSorted((one, other) => one.rank - other.rank)) {
          checkpoint.resolve(ticket)
          done.add(ticket)
          const gap = tickets.findIndex((one) => !done.has(one.ticket))
          const ended = gap < 0 ? tickets : tickets.slice(0, gap)
          expect(checkpoint.reached).toBe(ended.at(-1)?.ticket.next)
          const open = gap < 0 ? [] : tickets.slice(gap)
          expect(checkpoint.pending).toBe(open.reduce((sum, one) => sum + one.ticket.count, 0))
        }
      },
    ),
  )
})
