/** What every engine promises of consumer groups: who reads what, and whose offsets count. */
import { describe, expect, test } from 'vitest'
import { GROUP_OFFSETS_KEPT_MS } from '../../engine/streams/groups.ts'
import {
  batchOf,
  type OpenEngine,
  rejection,
  streamRecord,
  useEngine,
} from './engine-under-test.ts'

export function describeGroupsContract(open: OpenEngine): void {
  describe('groups', () => {
    const under = useEngine(open)
    const { append, at, commit, join, settled, texts, write } = under

    test('give all shards to the first member and share them with the second', async () => {
      const first = await join('m1')
      expect(first.shards).toEqual([0, 1, 2])
      const second = await join('m2')
      const beat = await under.engine.groups.heartbeat('g', 'm1')
      expect(second.generation).toBeGreaterThan(first.generation)
      expect(beat.generation).toBe(second.generation)
      expect([...beat.shards, ...second.shards].sort()).toEqual([0, 1, 2])
      expect(beat.shards.every((shard) => first.shards.includes(shard))).toBe(true)
      await under.engine.groups.leave('g', 'm1')
      expect((await under.engine.groups.heartbeat('g', 'm2')).shards).toEqual([0, 1, 2])
    })

    test('give a member just the shards that it pins', async () => {
      expect((await join('m1', [1])).shards).toEqual([1])
      expect((await join('m2')).shards).toEqual([0, 2])
      expect((await join('m3', [2])).shards).toEqual([2])
      expect((await under.engine.groups.heartbeat('g', 'm2')).shards).toEqual([0])
      expect(await rejection(join('m4', [3]))).toBe('ShardOutOfRange')
    })

    test('refuse an offset under an older generation, with all of its write', async () => {
      const first = await join('m1')
      await write('x')
      await under.engine.log.write(commit(first.generation, 1))
      const second = await join('m2')
      const stale = { ...commit(first.generation, 2), appends: [append(batchOf('y'))] }
      expect(await rejection(under.engine.log.write(stale))).toBe('GenerationStale')
      expect(await texts()).toEqual(['x'])
      await under.engine.log.write(commit(second.generation, 2))
      expect(under.engine.groups.offsets('g').map(({ next }) => next)).toEqual([2])
    })

    test('fence the former self of a member that joins again', async () => {
      const former = await join('m1')
      const again = await join('m1')
      expect(again.shards).toEqual(former.shards)
      expect(await rejection(under.engine.log.write(commit(former.generation, 1)))).toBe(
        'GenerationStale',
      )
    })

    test('end a session on the monotonic clock, whatever the wall does', async () => {
      const first = await join('m1')
      under.clock.jumpWall(1e15)
      await under.clock.advance(9_999)
      expect((await under.engine.groups.heartbeat('g', 'm1')).generation).toBe(first.generation)
      await under.clock.advance(10_000)
      expect(await rejection(under.engine.groups.heartbeat('g', 'm1'))).toBe('GenerationStale')
      expect(await rejection(under.engine.log.write(commit(first.generation, 1)))).toBe(
        'GenerationStale',
      )
      expect((await join('m2')).shards).toEqual([0, 1, 2])
    })

    test('hand out the shards of a stream that grew', async () => {
      const first = await join('m1')
      await under.engine.streams.alter(under.stream.incarnation, streamRecord('a', { shards: 4 }))
      const beat = await under.engine.groups.heartbeat('g', 'm1')
      expect(beat.shards).toEqual([0, 1, 2, 3])
      expect(beat.generation).toBeGreaterThan(first.generation)
    })

    test('take generation 0 while nobody is joined, and only then', async () => {
      await write('x')
      await under.engine.log.write(commit(0, 2))
      await join('m1')
      expect(await rejection(under.engine.log.write(commit(0, 1)))).toBe('GenerationStale')
      await under.engine.groups.leave('g', 'm1')
      await under.engine.log.write(commit(0, 1))
      expect(under.engine.groups.offsets('g').map(({ next }) => next)).toEqual([1])
    })

    test('reset replaces the offsets, fences members, and forgets with an empty list', async () => {
      for (const text of ['1', '2']) await write(text)
      const member = await join('m1')
      await under.engine.log.write(commit(member.generation, 3))
      const { sequence: _, ...shard } = at(0)
      await under.engine.groups.reset('g', [{ ...shard, next: 2 }])
      expect(under.engine.groups.offsets('g')).toEqual([{ ...shard, next: 2 }])
      expect(await rejection(under.engine.log.write(commit(member.generation, 3)))).toBe(
        'GenerationStale',
      )
      const beyond = under.engine.groups.reset('g', [{ ...shard, next: 4 }])
      expect(await rejection(beyond)).toBe('PositionInvalid')
      await under.engine.groups.reset('g', [])
      expect(under.engine.groups.offsets('g')).toEqual([])
    })

    test('keep offsets for their days after the last member, and no longer', async () => {
      await under.engine.log.write(commit(0, 1))
      await under.clock.advance(GROUP_OFFSETS_KEPT_MS - 60_000)
      expect(under.engine.groups.offsets('g').length).toBe(1)
      await under.clock.advance(120_000)
      await settled()
      expect(under.engine.groups.offsets('g')).toEqual([])
    })
  })
}
