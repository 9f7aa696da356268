import { describe, expect, test } from 'vitest'
import type { Engine } from '../engine.ts'
import { HeadgateError } from '../error.ts'
import type { OffsetCommit, WriteSet } from '../log/log.ts'
import { realClock } from '../ports/real-clock.ts'
import { COMMIT_BYTES_MAX, Committer, type CommitterOwner } from './committer.ts'
import type { OffsetMark } from './component.ts'
import { Flight } from './flight.ts'
import { Health } from './health.ts'
import { Message } from './message.ts'
import type { StreamTarget } from './pipeline.ts'
import { recordBytes } from './portions.ts'
import { count, createStream, keys, memory, produce, until } from './stream-testing.ts'
import { testEnvironment } from './testing.ts'

const OVERHEAD = recordBytes({ data: Buffer.alloc(0) })
const EACH = recordBytes({ data: Buffer.from('0') })

/** A lane over `source`, a committer that writes portions of two records unless told otherwise, and a log that a test can fail. */
async function committing(
  engine: Engine,
  owner: CommitterOwner,
  portionBytesMax: number = 2 * EACH,
) {
  const source = await createStream(engine, 'source', 1)
  const target: StreamTarget = {
    stream: 'default/target',
    incarnation: await createStream(engine, 'target', 1),
    check: undefined,
  }
  await produce(engine, 'source', keys(9))
  const sets: WriteSet[] = []
  let failing: HeadgateError | undefined
  let healthy = Number.POSITIVE_INFINITY
  const committer = new Committer(owner, {
    clock: realClock,
    health: new Health(testEnvironment().logger, 'p'),
    signal: new AbortController().signal,
    portionBytesMax,
    log: {
      write: async (set) => {
        if (sets.length >= healthy && failing !== undefined) throw failing
        sets.push(set)
        return engine.log.write(set)
      },
      open: (at) => engine.log.open(at),
      resolve: (shard, where) => engine.log.resolve(shard, where),
      latest: (...asked) => engine.log.latest(...asked),
    },
  })
  const committed: number[] = []
  const lane = {}
  const offset = (next: number): OffsetCommit => {
    const stream = { stream: 'default/source', incarnation: source }
    return { group: 'group', generation: 0, ...stream, shard: 0, next }
  }
  return {
    committer,
    sets,
    committed,
    failAfter: (writes: number, error: HeadgateError | undefined) => {
      healthy = writes
      failing = error
    },
    /** A flight of records `from` to `to` of the source, each of which becomes one record. */
    flight: (from: number, to: number): Flight => {
      const messages = Array.from({ length: to - from + 1 }, (_, n) =>
        Message.fromBytes(Buffer.from(String(from + n))),
      )
      const mark: OffsetMark = {
        lane,
        offset: (reached = messages.length) => offset(from + reached),
        committed: (reached) => void committed.push(from + reached),
        refresh: async () => {},
      }
      const flight = new Flight({ messages, mark }, { landed: () => {}, rejected: () => {} })
      land(flight, target)
      committer.register(flight)
      return flight
    },
    land: (flight: Flight) => land(flight, target),
  }
}

function land(flight: Flight, target: StreamTarget): void {
  const records = flight.messages.map((message) => ({ data: message.content() }))
  flight.enlisted = [{ target, records, messages: flight.messages }]
}

const next = (engine: Engine): number | undefined => engine.groups.offsets('group')[0]?.next

describe('a flight above what one write may be', () => {
  test('is written in portions, each with its own offset, ahead of what follows it', async () => {
    await using engine = memory()
    const done: Flight[] = []
    const owner = { committed: (one: Flight) => void done.push(one), failed() {}, dropped() {} }
    const { committer, flight, sets, committed } = await committing(engine, owner)
    const [large, small] = [flight(1, 5), flight(6, 7)]
    committer.add(small)
    committer.add(large)
    await until(() => done.length === 2)
    expect(done).toEqual([large, small])
    const written = sets.map(({ offsets }) => offsets?.map((one) => one.next))
    expect(written).toEqual([[3], [5], [8]])
    expect(committed).toEqual([3, 5, 6, 8])
    expect(count(engine, 'target')).toBe(7)
  })

  test('repeats no portion that was written when a later one failed', async () => {
    await using engine = memory()
    const done: Flight[] = []
    const parts = await committing(engine, {
      committed: (one) => void done.push(one),
      failed: (flight) => {
        expect(next(engine)).toBe(3)
        parts.failAfter(0, undefined)
        flight.startOver()
        expect(flight.messages.map((message) => Buffer.from(message.content()).toString())).toEqual(
          ['3', '4', '5'],
        )
        parts.land(flight)
        parts.committer.add(flight)
      },
      dropped() {},
    })
    parts.failAfter(1, new HeadgateError('StreamSealed', 'the target was sealed meanwhile'))
    parts.committer.add(parts.flight(1, 5))
    await until(() => done.length === 1)
    expect(next(engine)).toBe(6)
    expect(count(engine, 'target')).toBe(5)
  })

  test('fails by name where one message alone is above the limit', async () => {
    await using engine = memory()
    const failed: HeadgateError[] = []
    const parts = await committing(engine, {
      committed() {},
      failed: (_, error) => void failed.push(error),
      dropped() {},
    })
    const flight = parts.flight(1, 2)
    const [enlisted] = flight.enlisted
    if (enlisted !== undefined) flight.enlisted = [enlisted, enlisted, enlisted]
    parts.committer.add(flight)
    expect(failed.map(({ code }) => code)).toEqual(['RecordTooLarge'])
    expect(count(engine, 'target')).toBe(0)
  })
})

describe('what one write gathers', () => {
  test.each([
    [0, [5]],
    [1, [4, 5]],
  ])('is as many bytes as the limit, and no more (%i past it)', async (past, written) => {
    await using engine = memory()
    const done: Flight[] = []
    const owner = { committed: (one: Flight) => void done.push(one), failed() {}, dropped() {} }
    const parts = await committing(engine, owner, COMMIT_BYTES_MAX)
    const flights = [1, 2, 3, 4].map((from) => parts.flight(from, from))
    for (const [index, flight] of flights.entries()) {
      const bytes = COMMIT_BYTES_MAX / 4 - OVERHEAD + (index === 3 ? past : 0)
      flight.enlisted = flight.enlisted.map((one) => ({
        ...one,
        records: [{ data: Buffer.alloc(bytes) }],
      }))
    }
    for (const flight of flights.toReversed()) parts.committer.add(flight)
    await until(() => done.length === 4)
    expect(parts.sets.map(({ offsets }) => offsets?.[0]?.next)).toEqual(written)
  })
})
