/** What every engine promises of consumer groups: who reads what, and whose offsets count. */
import { describe, expect, test } from 'vitest'
import {
  GROUP_OFFSETS_KEPT_MS,
  type GroupDescription,
  type Membership,
} from '../../engine/streams/groups.ts'
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
    const beat = (member: string): Promise<Membership> => under.engine.groups.heartbeat('g', member)

    test('give all shards to the first member, and one to the second once the first let go of it', async () => {
      const first = await join('m1')
      expect(first.shards).toEqual([0, 1, 2])
      expect(await join('m2')).toMatchObject({ shards: [], settling: true })
      const told = await beat('m1')
      expect(told).toMatchObject({ shards: [0, 1], settling: true })
      expect((await beat('m2')).shards).toEqual([])
      const through = await beat('m1')
      expect(through).toMatchObject({ shards: [0, 1], settling: false })
      expect(through.generation).toBeGreaterThan(first.generation)
      expect(await beat('m2')).toEqual({
        group: 'g',
        member: 'm2',
        generation: through.generation,
        shards: [2],
        settling: false,
        resetGeneration: 0,
      })
      await under.engine.groups.leave('g', 'm1')
      expect((await beat('m2')).shards).toEqual([0, 1, 2])
    })

    test('give a member just the shards that it pins', async () => {
      expect((await join('m1', [1])).shards).toEqual([1])
      expect((await join('m2')).shards).toEqual([0, 2])
      expect((await join('m3', [2])).shards).toEqual([])
      for (const shards of [[0], [0]]) expect((await beat('m2')).shards).toEqual(shards)
      expect((await beat('m3')).shards).toEqual([2])
      expect(await rejection(join('m4', [3]))).toBe('ShardOutOfRange')
    })

    test('refuse an offset of a shard that went, with all of its write, and none of one that stayed', async () => {
      const first = await join('m1', [0])
      await write('x')
      await under.engine.log.write(commit(first.generation, 1))
      await join('m2', [1])
      await under.engine.log.write(commit(first.generation, 2))
      const third = await join('m3', [0])
      expect(third.shards).toEqual([])
      await beat('m1')
      await beat('m1')
      const { generation, shards } = await beat('m3')
      expect(shards).toEqual([0])
      const stale = { ...commit(first.generation, 1), appends: [append(batchOf('y'))] }
      expect(await rejection(under.engine.log.write(stale))).toBe('GenerationStale')
      expect(await rejection(under.engine.log.write(commit(generation + 1, 1)))).toBe(
        'GenerationStale',
      )
      expect(await texts()).toEqual(['x'])
      expect(under.engine.groups.offsets('g').map(({ next }) => next)).toEqual([2])
      await under.engine.log.write(commit(generation, 1))
      expect(under.engine.groups.offsets('g').map(({ next }) => next)).toEqual([1])
    })

    test('refuse the late commit of a member that was paused beyond its session', async () => {
      for (const text of ['1', '2']) await write(text)
      const paused = await join('m1')
      await under.engine.log.write(commit(paused.generation, 2))
      await join('m2')
      await under.clock.advance(9_000)
      expect((await beat('m2')).shards).toEqual([])
      await under.clock.advance(1_000)
      const successor = await beat('m2')
      expect(successor.shards).toEqual([0, 1, 2])
      expect(successor.generation).toBeGreaterThan(paused.generation)
      expect(await rejection(under.engine.log.write(commit(paused.generation, 3)))).toBe(
        'GenerationStale',
      )
      expect(under.engine.groups.offsets('g').map(({ next }) => next)).toEqual([2])
      expect(await rejection(beat('m1'))).toBe('GenerationStale')
      await under.engine.log.write(commit(successor.generation, 3))
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

    test('reset sets offsets, fences members, and forgets with an empty list', async () => {
      for (const text of ['1', '2']) await write(text)
      const member = await join('m1')
      await under.engine.log.write(commit(member.generation, 3))
      const [{ sequence: _, ...shard }, { sequence: __, ...other }] = [at(0), at(0, 1)]
      await under.engine.groups.reset('g', [{ ...other, next: 1 }])
      await under.engine.groups.reset('g', [{ ...shard, next: 2 }])
      const offsets = under.engine.groups.offsets('g').toSorted((a, b) => a.shard - b.shard)
      expect(offsets).toEqual([
        { ...shard, next: 2 },
        { ...other, next: 1 },
      ])
      expect(await rejection(under.engine.log.write(commit(member.generation, 3)))).toBe(
        'GenerationStale',
      )
      const beyond = under.engine.groups.reset('g', [{ ...shard, next: 4 }])
      expect(await rejection(beyond)).toBe('PositionInvalid')
      const { generation, resetGeneration } = await beat('m1')
      expect([member.resetGeneration, resetGeneration]).toEqual([0, generation])
      await under.engine.log.write(commit(generation, 3))
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

    test('are described by name: members, what they hold, offsets, and since when nobody is there', async () => {
      const all = (groups?: readonly string[]): readonly GroupDescription[] =>
        under.engine.groups.describe(groups)
      expect(all()).toEqual([])
      const { generation } = await join('m1')
      const { sequence: _, ...shard } = at(0)
      await under.engine.log.write(commit(generation, 1))
      await under.clock.advance(2_000)
      expect(all(['g'])).toEqual([
        {
          group: 'g',
          generation,
          members: [
            {
              member: 'm1',
              stream: 'a',
              incarnation: under.stream.incarnation,
              pinned: undefined,
              shards: [0, 1, 2],
              leaving: [],
              sessionMs: 10_000,
              heartbeatAgeMs: 2_000,
            },
          ],
          idleSinceUs: undefined,
          offsets: [{ ...shard, next: 1 }],
        },
      ])
      await under.clock.advance(60_000)
      await settled()
      const [idle] = all()
      expect(idle).toMatchObject({ generation: 0, members: [] })
      expect(idle?.idleSinceUs).toBeLessThanOrEqual(under.clock.wallUs())
      expect(all(['other'])).toEqual([])
    })
  })
}
