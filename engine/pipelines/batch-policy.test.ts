import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { Batcher, type BatchTriggers } from './batch-policy.ts'
import { Message } from './message.ts'

const NONE: BatchTriggers = {
  countMax: undefined,
  bytesMax: undefined,
  periodMs: undefined,
  check: undefined,
}
const message = (text: string): Message => Message.fromBytes(Buffer.from(text))

function batcherOf(triggers: Partial<BatchTriggers>): {
  add: (...texts: string[]) => void
  flushed: string[][]
  tickets: number[]
  clock: SimulatedClock
  batcher: Batcher<number>
} {
  const clock = new SimulatedClock()
  const flushed: string[][] = []
  const tickets: number[] = []
  const batcher = new Batcher<number>({ ...NONE, ...triggers }, clock, (batch, given) => {
    flushed.push(batch.map((one) => Buffer.from(one.content()).toString()))
    tickets.push(...given)
  })
  let ticket = 0
  const add = (...texts: string[]): void => batcher.add(texts.map(message), ticket++)
  return { add, flushed, tickets, clock, batcher }
}

describe('a batch policy', () => {
  test('flushes at the count, with the tickets of all who gave', () => {
    const { add, flushed, tickets } = batcherOf({ countMax: 3 })
    add('a')
    add('b')
    expect(flushed).toEqual([])
    add('c')
    expect(flushed).toEqual([['a', 'b', 'c']])
    expect(tickets).toEqual([0, 1, 2])
  })

  test('never parts a batch that is larger than it asks for', () => {
    const { add, flushed } = batcherOf({ countMax: 2 })
    add('a', 'b', 'c', 'd', 'e')
    expect(flushed).toEqual([['a', 'b', 'c', 'd', 'e']])
  })

  test('flushes at the size', () => {
    const { add, flushed } = batcherOf({ bytesMax: 5 })
    add('aaaa')
    expect(flushed).toEqual([])
    add('b')
    expect(flushed).toEqual([['aaaa', 'b']])
  })

  test('flushes when the check holds for the newest; a check that fails is no', () => {
    const test = (batch: readonly { content(): Uint8Array }[], index: number): boolean => {
      const text = Buffer.from(batch[index]?.content() ?? []).toString()
      if (text === 'bad') throw new Error('no such field')
      return text === 'end'
    }
    const { add, flushed } = batcherOf({ check: { test, value: () => null } })
    add('bad')
    add('a')
    expect(flushed).toEqual([])
    add('end')
    expect(flushed).toEqual([['bad', 'a', 'end']])
  })

  test('counts the period from the last flush, not from the first message', async () => {
    const { add, flushed, clock } = batcherOf({ periodMs: 1_000 })
    await clock.advance(900)
    add('a')
    await clock.advance(99)
    expect(flushed).toEqual([])
    await clock.advance(1)
    expect(flushed).toEqual([['a']])
    await clock.advance(5_000)
    add('late')
    await clock.advance(0)
    expect(flushed).toEqual([['a'], ['late']])
  })

  test('forgets what it holds when it is closed', async () => {
    const { add, flushed, clock, batcher } = batcherOf({ periodMs: 10 })
    add('a')
    batcher.close()
    await clock.advance(1_000)
    expect(flushed).toEqual([])
  })
})
