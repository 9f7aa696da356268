import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Where } from '../log/log.ts'
import { type MoveRequest, planMoves, type ShardMove, sumOf } from './position-move.ts'
import type { ShardState, StreamDescription } from './streams.ts'

function streamOf(...states: readonly Partial<ShardState>[]): StreamDescription {
  const shardStates = states.map((state, shard) => ({
    shard,
    first: 1,
    next: 11,
    records: 10,
    bytes: 1000,
    oldestUs: 1_000,
    newestUs: 10_000,
    ...state,
  }))
  return { name: 'default/s', shards: states.length, shardStates } as unknown as StreamDescription
}

const moves = (
  stream: StreamDescription,
  to: Where,
  committed: readonly (readonly [number, number])[] = [],
  more: Partial<MoveRequest> = {},
): readonly ShardMove[] =>
  planMoves({
    stream,
    shards: undefined,
    to,
    committed: new Map(committed),
    sequenceAt: () => undefined,
    ...more,
  })

describe('a move of a group', () => {
  test('back reads again what lies between, and forward skips it', () => {
    expect(moves(streamOf({}), { kind: 'sequence', sequence: 4 }, [[0, 9]])).toEqual([
      {
        shard: 0,
        committed: 9,
        from: 9,
        to: 4,
        readAgain: { records: 5, bytes: 500, oldestUs: undefined },
        skipped: { records: 0, bytes: 0, oldestUs: undefined },
        gone: undefined,
      },
    ])
    const [ahead] = moves(streamOf({}), { kind: 'latest' }, [[0, 9]])
    expect(ahead).toMatchObject({ to: 11, readAgain: { records: 0 }, skipped: { records: 2 } })
  })

  test('from nowhere is one from the first record', () => {
    const [move] = moves(streamOf({}), { kind: 'sequence', sequence: 3 })
    expect(move).toMatchObject({ committed: undefined, from: 1, to: 3, skipped: { records: 2 } })
    expect(move?.skipped.oldestUs).toBe(1_000)
  })

  test('to what retention has deleted goes to the first record, and says what is gone', () => {
    const [move] = moves(streamOf({ first: 5 }), { kind: 'sequence', sequence: 2 }, [[0, 3]])
    expect(move).toMatchObject({ from: 5, to: 5, gone: 2, readAgain: { records: 0 } })
  })

  test('up to the end is one, and beyond it none, unless whoever asks is lenient', () => {
    const at = (sequence: number, more = {}) =>
      moves(streamOf({}), { kind: 'sequence', sequence }, [], more)[0]?.to
    expect(at(11)).toBe(11)
    expect(() => at(12)).toThrow('expected a sequence from 1 to 11 in shard 0 of default/s, got 12')
    expect(at(12, { lenient: true })).toBe(11)
  })

  test('is about the shards that are named, each once', () => {
    const stream = streamOf({}, {}, {})
    const named = moves(stream, { kind: 'earliest' }, [], { shards: [2, 0, 2] })
    expect(named.map(({ shard }) => shard)).toEqual([0, 2])
    expect(() => moves(stream, { kind: 'earliest' }, [], { shards: [3] })).toThrow(
      'expected shards 0 to 2 of stream default/s, got 3',
    )
  })

  test('to a time goes where somebody found it, else where records that come evenly would have it', () => {
    const time = (arrivalUs: number): Where => ({ kind: 'time', arrivalUs })
    const to = (arrivalUs: number, more = {}) =>
      moves(streamOf({}), time(arrivalUs), [], more)[0]?.to
    expect(to(5_000, { sequenceAt: () => 7 })).toBe(7)
    expect([to(0), to(5_500), to(10_001)]).toEqual([1, 6, 11])
  })

  test('counts no more records than a compacted shard has kept', () => {
    const [move] = moves(streamOf({ records: 3, bytes: 300 }), { kind: 'earliest' }, [[0, 11]])
    expect(move?.readAgain).toEqual({ records: 3, bytes: 300, oldestUs: 1_000 })
  })

  test('to any place and back reads again what it skipped, or the other way round', () => {
    const place = fc.integer({ min: 1, max: 11 })
    fc.assert(
      fc.property(place, place, (from, to) => {
        const go = (sequence: number, at: number) =>
          moves(streamOf({}), { kind: 'sequence', sequence }, [[0, at]])[0]
        const [there, back] = [go(to, from), go(from, to)]
        expect(there?.readAgain.records).toBe(back?.skipped.records)
        expect(there?.skipped.records).toBe(back?.readAgain.records)
      }),
    )
  })
})

test('a sum knows the oldest of what is known', () => {
  const amounts = [undefined, 5, 3].map((oldestUs) => ({ records: 1, bytes: 10, oldestUs }))
  expect(sumOf(amounts)).toEqual({ records: 3, bytes: 30, oldestUs: 3 })
})
