import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Batch, Message } from '../message.ts'
import { type Attempt, DEATHS_OF_BATCH_MAX, type Part, redeliver } from './redelivery.ts'

function batchOf(count: number): Batch {
  return Array.from({ length: count }, (_, index) => Message.fromBytes(Buffer.from([index])))
}

/** Dies of what `kills` says, `take` gives what was given. */
function mortal(kills: (batch: Batch) => boolean): { attempt: Attempt; deaths: () => number } {
  let deaths = 0
  const attempt: Attempt = async (batch) => {
    if (!kills(batch)) return { kind: 'answered', take: () => [batch] }
    deaths += 1
    return { kind: 'suspect', reason: 'it died', step: 2 }
  }
  return { attempt, deaths: () => deaths }
}

function given(parts: readonly Part[], kind?: Part['kind']): Batch {
  return parts.flatMap((part) => (kind === undefined || part.kind === kind ? part.given : []))
}

describe('a batch that a worker dies of', () => {
  test('is run again, whole, when it did not do it', async () => {
    const batch = batchOf(8)
    let deaths = 0
    const { attempt } = mortal(() => deaths++ === 0)
    expect(await redeliver(batch, attempt)).toMatchObject([{ kind: 'answered', given: batch }])
  })

  test('loses the messages that did it, and no others, and keeps its order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 200 }),
        fc.array(fc.nat(199), { maxLength: 3 }),
        async (count, places) => {
          const batch = batchOf(count)
          const poison = new Set(places.flatMap((place) => batch[place] ?? []))
          const { attempt } = mortal((some) => some.some((one) => poison.has(one)))
          const parts = await redeliver(batch, attempt)
          expect(given(parts)).toEqual(batch)
          expect(new Set(given(parts, 'poison'))).toEqual(poison)
        },
      ),
    )
  })

  test('goes through in parts where only all of it is too much', async () => {
    const batch = batchOf(10)
    const { attempt } = mortal((some) => some.length > 3)
    const parts = await redeliver(batch, attempt)
    expect(given(parts, 'answered')).toEqual(batch)
  })

  test('does not blame a message for one death that was none of its doing', async () => {
    const batch = batchOf(4)
    // The whole batch twice, then a half, then a message alone.
    let deaths = 0
    const { attempt } = mortal(() => deaths++ < 4)
    expect(given(await redeliver(batch, attempt), 'poison')).toEqual([])
  })

  test('costs a bounded number of workers, and what is not told apart by then fails', async () => {
    const batch = batchOf(1_000)
    const { attempt, deaths } = mortal((some) => some.some((one) => one !== batch.at(-1)))
    const parts = await redeliver(batch, attempt)
    expect(given(parts)).toEqual(batch)
    expect(given(parts, 'answered')).toEqual([])
    expect(deaths()).toBeGreaterThanOrEqual(DEATHS_OF_BATCH_MAX)
    // Each part that was still whole is tried once more.
    expect(deaths()).toBeLessThanOrEqual(DEATHS_OF_BATCH_MAX + Math.log2(1_024))
  })

  test('is left to whoever can run it where there are no workers', async () => {
    const batch = batchOf(3)
    const parts = await redeliver(batch, async () => ({ kind: 'unable' }))
    expect(parts).toEqual([{ kind: 'unable', given: batch }])
  })
})
