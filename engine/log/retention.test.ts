import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GROUP_OFFSETS_KEPT_MS } from '../streams/groups.ts'
import type { StreamRecord, StreamRetention } from '../streams/streams.ts'
import { LogView, type StreamView } from './log-view.ts'
import { MemoryShard } from './memory-shard.ts'
import { expiredGroups, expiredTrims } from './retention.ts'

const STREAM: StreamRecord = {
  name: 'a',
  id: 'a',
  uid: 'a',
  owner: undefined,
  digest: '',
  type: undefined,
  shards: 2,
  durability: 'durable',
  retention: { ageMs: undefined, bytes: undefined },
  compaction: 'none',
  deletionPolicy: 'Retain',
  protected: false,
  retainForMs: undefined,
  sealed: undefined,
}

type Batch = readonly [shard: number, arrivalUs: number, bytes: number, count?: number]

const emptyView = () =>
  new LogView({ createShard: () => new MemoryShard(), streamChanged: () => {} })

function streamOf(
  retention: Partial<StreamRetention>,
  batches: readonly Batch[],
  changes: Partial<StreamRecord> = {},
): StreamView {
  const view = emptyView()
  const record = { ...STREAM, retention: { ...STREAM.retention, ...retention }, ...changes }
  view.apply({ kind: 'stream', incarnation: 1, createdUs: 0, partitioner: '', record })
  for (const [shard, arrivalUs, bytes, count = 1] of batches) {
    const baseSequence = view.shard(1, shard)?.log.next ?? 0
    const nextSequence = baseSequence + count
    const frame = { sequence: 1, bytes: Buffer.alloc(0), isShared: true }
    const rest = { count, arrivalUs, frame, at: 0, byteLength: bytes }
    view.append(1, shard, { baseSequence, nextSequence, ...rest })
  }
  const stream = view.streams.get('a')
  if (stream === undefined) throw new Error('expected the stream')
  return stream
}

const firsts = (stream: StreamView, nowUs: number) =>
  expiredTrims(stream, nowUs).map(({ shard, first }) => [shard, first])

describe('retention by age', () => {
  const batches: readonly Batch[] = [
    [0, 1000, 1],
    [0, 2000, 1],
    [1, 1500, 1],
  ]

  test('keeps what is exactly as old as the age, and drops what is a microsecond older', () => {
    const stream = streamOf({ ageMs: 10 }, batches)
    expect(firsts(stream, 11_000)).toEqual([])
    expect(firsts(stream, 11_001)).toEqual([[0, 2]])
    expect(firsts(stream, 11_501)).toEqual([
      [0, 2],
      [1, 2],
    ])
    expect(firsts(stream, 12_001)).toEqual([
      [0, 3],
      [1, 2],
    ])
  })

  test('drops nothing where there is no age, nothing is left, or the time went back', () => {
    expect(firsts(streamOf({}, batches), 1e15)).toEqual([])
    expect(firsts(streamOf({ ageMs: 10 }, []), 1e15)).toEqual([])
    expect(firsts(streamOf({ ageMs: 10 }, batches), -1e15)).toEqual([])
  })

  test('drops nothing of a sealed stream', () => {
    const sealed = { sinceUs: 0, by: 'x' }
    expect(firsts(streamOf({ ageMs: 1, bytes: 1 }, batches, { sealed }), 1e15)).toEqual([])
  })
})

describe('retention by bytes', () => {
  test('keeps exactly the size, and what is needed to reach it', () => {
    const batches: readonly Batch[] = [1, 2, 3, 4].map((arrivalUs) => [0, arrivalUs, 100])
    expect(firsts(streamOf({ bytes: 400 }, batches), 0)).toEqual([])
    expect(firsts(streamOf({ bytes: 301 }, batches), 0)).toEqual([])
    expect(firsts(streamOf({ bytes: 300 }, batches), 0)).toEqual([[0, 2]])
    expect(firsts(streamOf({ bytes: 1 }, batches), 0)).toEqual([[0, 4]])
  })

  test('lets the oldest batch of all shards go first', () => {
    const batches: readonly Batch[] = [
      [0, 1, 100],
      [1, 2, 100],
      [0, 3, 100],
      [1, 4, 100],
    ]
    expect(firsts(streamOf({ bytes: 250 }, batches), 0)).toEqual([[0, 2]])
    expect(firsts(streamOf({ bytes: 200 }, batches), 0)).toEqual([
      [0, 2],
      [1, 2],
    ])
  })

  test('goes on while there is no time to go by', () => {
    const batches: readonly Batch[] = [
      [0, 1, 100],
      [0, 2, 100],
    ]
    const stream = streamOf({ ageMs: 1, bytes: 100 }, batches)
    expect(expiredTrims(stream, undefined).map(({ first }) => first)).toEqual([2])
  })

  test('counts only what the age leaves', () => {
    const batches: readonly Batch[] = [
      [0, 1000, 100],
      [0, 2000, 100],
      [0, 3000, 100],
    ]
    expect(firsts(streamOf({ ageMs: 1, bytes: 200 }, batches), 2001)).toEqual([[0, 2]])
  })
})

test('law: a stream keeps at least its bytes, and not a whole batch more, oldest gone first', () => {
  const batch = fc.tuple(fc.nat(1), fc.integer({ min: 1, max: 100 }), fc.nat(5))
  fc.assert(
    fc.property(fc.array(batch), fc.integer({ min: 1, max: 2000 }), (drawn, bytesLeast) => {
      let arrivalUs = 0
      const batches = drawn.map(([shard, bytes, more]): Batch => {
        arrivalUs += more
        return [shard, arrivalUs, bytes]
      })
      const stream = streamOf({ bytes: bytesLeast }, batches)
      const total = batches.reduce((sum, [, , bytes]) => sum + bytes, 0)
      for (const { shard, first } of expiredTrims(stream, 0)) stream.shards[shard]?.log.trim(first)
      const entries = stream.shards.map(({ log }) => log)
      const kept = entries.reduce((sum, { bytes }) => sum + bytes, 0)
      expect(kept).toBeGreaterThanOrEqual(Math.min(total, bytesLeast))
      const oldest = entries
        .map((log) => [...log.pieces()][0])
        .filter((entry) => entry !== undefined)
      const [next] = oldest.sort((left, right) => left.oldestUs - right.oldestUs)
      const least = Math.min(
        ...oldest.filter((entry) => entry.oldestUs === next?.oldestUs).map(({ bytes }) => bytes),
      )
      if (kept > bytesLeast)
        expect(kept - Math.max(least, next?.bytes ?? 0)).toBeLessThan(bytesLeast)
    }),
  )
})

test('offsets of a group expire once it has been idle for longer than their days', () => {
  const view = emptyView()
  view.apply({ kind: 'stream', incarnation: 1, createdUs: 0, partitioner: '', record: STREAM })
  for (const group of ['idle', 'joined']) {
    view.apply({ kind: 'offset', group, stream: 'a', incarnation: 1, shard: 0, next: 1 })
  }
  view.apply({ kind: 'idle', group: 'idle', sinceUs: 5 })
  const keptUs = GROUP_OFFSETS_KEPT_MS * 1000
  expect(expiredGroups(view, 5 + keptUs)).toEqual([])
  expect(expiredGroups(view, 6 + keptUs)).toEqual(['idle'])
  view.apply({ kind: 'idle', group: 'idle', sinceUs: null })
  expect(expiredGroups(view, 1e18)).toEqual([])
})

test('offsets of redrives last: what was put back must not come again', () => {
  const view = emptyView()
  view.apply({ kind: 'stream', incarnation: 1, createdUs: 0, partitioner: '', record: STREAM })
  for (const group of ['redrive.a', 'team/redrive.a', 'team/b', 'redriven']) {
    view.apply({ kind: 'offset', group, stream: 'a', incarnation: 1, shard: 0, next: 1 })
    view.apply({ kind: 'idle', group, sinceUs: 5 })
  }
  expect(expiredGroups(view, 1e18)).toEqual(['team/b', 'redriven'])
})
