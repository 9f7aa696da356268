import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OFFLINE } from './bloblang-fields.ts'
import { type Batch, Message } from './message.ts'
import type { Ticket } from './output-stage.ts'
import { partByKey, shardKeyOf } from './shard-key.ts'
import { LANE_BATCHES_MAX, ShardLanes, type ShardLanesOptions } from './shard-lanes.ts'
import type { Outcome } from './transaction.ts'

const KEY = shardKeyOf('this.key', OFFLINE)

function message(key: string, n: number): Message {
  return Message.fromBytes(Buffer.from(JSON.stringify({ key, n })))
}

class CountedTicket implements Ticket {
  pending = 1

  split(count: number): readonly Ticket[] {
    this.pending = count
    return Array.from({ length: count }, () => this)
  }

  resolve(_: Outcome): void {
    this.pending -= 1
  }

  enlist(): void {}
}

function lanesOf(options: Partial<ShardLanesOptions>): {
  lanes: ShardLanes
  handed: Message[]
  failures: unknown[]
} {
  const handed: Message[] = []
  const failures: unknown[] = []
  const lanes = new ShardLanes({
    key: KEY,
    lanes: 3,
    run: (batch) => [batch],
    ahead: false,
    batchesMax: LANE_BATCHES_MAX,
    hand: (batches, ticket) => {
      handed.push(...batches.flat())
      ticket.resolve(undefined)
    },
    signal: new AbortController().signal,
    failed: (thrown) => failures.push(thrown),
    ...options,
  })
  return { lanes, handed, failures }
}

/** For each key what was handed on of it, in its order. */
function byKey(messages: Batch): Readonly<Record<string, readonly number[]>> {
  const found: Record<string, number[]> = {}
  for (const one of messages) {
    const { key, n } = JSON.parse(Buffer.from(one.content()).toString())
    found[key] = [...(found[key] ?? []), n]
  }
  return found
}

async function passTurns(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await setImmediate()
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await setImmediate()
}

describe('lanes', () => {
  test('hand on all messages of a key in their order, however long each batch takes', async () => {
    const keyed = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(keyed, { maxLength: 20 }),
        fc.array(fc.nat(4), { minLength: 1 }),
        fc.boolean(),
        async (batches, turns, ahead) => {
          let runs = 0
          const { lanes, handed, failures } = lanesOf({
            ahead,
            run: (batch) => {
              const turn = turns[runs++ % turns.length] ?? 0
              if (turn === 0) return [batch]
              return passTurns(turn).then(() => [batch])
            },
          })
          let n = 0
          const given = batches.map((keys) => keys.map((key) => message(key, n++)))
          const tickets = given.map(() => new CountedTicket())
          for (const [index, batch] of given.entries()) {
            await lanes.push([batch], tickets[index] as Ticket, false)
          }
          while (tickets.some(({ pending }) => pending > 0)) await setImmediate()
          expect(byKey(handed)).toEqual(byKey(given.flat()))
          expect(failures).toEqual([])
        },
      ),
      { numRuns: 50 },
    )
  })

  test('do not wait for each other', async () => {
    const laneOf = (one: Message): number =>
      partByKey([one], KEY, 3).findIndex(({ length }) => length > 0)
    const slow = [message('a', 0)]
    const slowLane = laneOf(message('a', 0))
    const others = ['b', 'c', 'd', 'e', 'f'].map((key) => message(key, 0))
    const quick = others.filter((one) => laneOf(one) !== slowLane).slice(0, 1)
    const { promise, resolve } = Promise.withResolvers<void>()
    const { lanes, handed } = lanesOf({
      run: (batch, _signal, lane) => (lane === slowLane ? promise.then(() => [batch]) : [batch]),
    })
    lanes.push([[...slow, ...quick]], new CountedTicket(), false)
    expect(handed).toEqual(quick)
    resolve()
    await settled()
    expect(handed).toEqual([...quick, ...slow])
  })

  test('take so many batches, and then whoever brings more waits', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { lanes, handed } = lanesOf({ run: (batch) => promise.then(() => [batch]) })
    const push = (n: number): void | Promise<void> =>
      lanes.push([[message('a', n)]], new CountedTicket(), false)
    for (let n = 0; n < LANE_BATCHES_MAX - 1; n++) expect(push(n)).toBeUndefined()
    const full = push(LANE_BATCHES_MAX)
    expect(full).toBeInstanceOf(Promise)
    resolve()
    await full
    await settled()
    expect(handed).toHaveLength(LANE_BATCHES_MAX)
  })

  test('hand nothing on once the pipeline is closed by force', async () => {
    const force = new AbortController()
    const { promise, resolve } = Promise.withResolvers<void>()
    const { lanes, handed } = lanesOf({
      signal: force.signal,
      run: (batch) => promise.then(() => [batch]),
    })
    lanes.push([[message('a', 0)]], new CountedTicket(), false)
    force.abort()
    resolve()
    await settled()
    expect(handed).toEqual([])
  })

  test('say that all of a batch is delivered where nothing came to them', () => {
    const ticket = new CountedTicket()
    lanesOf({}).lanes.push([], ticket, false)
    expect(ticket.pending).toBe(0)
  })

  test('tell what is no fault of a message', async () => {
    const { lanes, failures } = lanesOf({ hand: () => Promise.reject(new Error('defect')) })
    lanes.push([[message('a', 0)]], new CountedTicket(), false)
    await settled()
    expect(failures).toEqual([new Error('defect')])
  })
})

describe('the key of a message', () => {
  test.each([
    ['this.key', 'a'],
    ['${! this.key }-${! this.n }', 'a-0'],
    ['this.n', '0'],
    ['this.missing.deep', 'null'],
    ['throw("no")', ''],
  ])('by %s is its text, and empty where there is none', (text, expected) => {
    expect(shardKeyOf(text, OFFLINE)([message('a', 0)], 0)).toBe(expected)
  })
})
