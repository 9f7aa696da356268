/** What every engine promises of the streams that exist. */
import { describe, expect, test } from 'vitest'
import {
  batchOf,
  type OpenEngine,
  rejection,
  streamRecord,
  thrown,
  useEngine,
} from './engine-under-test.ts'

export function describeStreamsContract(open: OpenEngine): void {
  describe('streams', () => {
    const under = useEngine(open)
    const { append, at, commit, texts, write } = under

    test('refuses a name that is taken, sealed ones included', async () => {
      expect(await rejection(under.engine.streams.create(streamRecord('a')))).toBe('StreamExists')
      const seal = { sinceUs: 1, by: 'test' }
      const record = streamRecord('a', { shards: 3, sealed: seal })
      await under.engine.streams.alter(under.stream.incarnation, record)
      expect(await rejection(under.engine.streams.create(streamRecord('a')))).toBe('StreamExists')
    })

    test('describes the named ones that exist, or all, with what they hold', async () => {
      await under.engine.streams.create(streamRecord('b'))
      await write('x', 'y')
      expect(under.engine.streams.describe().map(({ name }) => name)).toEqual(['a', 'b'])
      const [described, ...others] = under.engine.streams.describe(['none', 'a'])
      expect(others).toEqual([])
      expect(described).toMatchObject({ ...streamRecord('a', { shards: 3 }), records: 2 })
      const nowUs = under.clock.wallUs()
      const [first, second] = described?.shardStates ?? []
      expect(first).toMatchObject({ shard: 0, first: 1, next: 3, records: 2, oldestUs: nowUs })
      expect(second).toMatchObject({ shard: 1, first: 1, next: 1, records: 0, bytes: 0 })
      expect(described?.bytes).toBe(first?.bytes)
    })

    test('replaces the record whole, and lets shards only grow', async () => {
      const changed = streamRecord('a', { shards: 5, protected: true, owner: undefined })
      const altered = await under.engine.streams.alter(under.stream.incarnation, changed)
      expect(altered).toMatchObject({ protected: true, shards: 5 })
      expect(altered.owner).toBeUndefined()
      await under.engine.log.write({ appends: [append(batchOf('x'), { shard: 4 })] })
      const fewer = under.engine.streams.alter(
        under.stream.incarnation,
        streamRecord('a', { shards: 4 }),
      )
      expect(await rejection(fewer)).toBe('ShardOutOfRange')
      const other = under.engine.streams.alter(99, streamRecord('a', { shards: 5 }))
      expect(await rejection(other)).toBe('StreamNotFound')
    })

    test('makes another incarnation after delete, to which old positions do not lead', async () => {
      await write('x')
      await under.engine.log.write(commit(0, 2))
      await using reader = under.engine.log.open(at(2))
      const waiting = rejection(reader.next(100, 1e9))
      await under.engine.streams.delete('a', under.stream.incarnation)
      expect(await waiting).toBe('PositionInvalid')
      expect(under.engine.streams.describe(['a'])).toEqual([])
      expect(thrown(() => under.engine.log.open(at(1)))).toBe('StreamNotFound')
      expect(under.engine.groups.offsets('g')).toEqual([])
      const again = await under.engine.streams.create(streamRecord('a'))
      expect(again.incarnation).toBeGreaterThan(under.stream.incarnation)
      expect(await texts()).toEqual([])
      expect(thrown(() => under.engine.log.open(at(1)))).toBe('PositionInvalid')
      expect(await rejection(write('y'))).toBe('StreamNotFound')
      const twice = under.engine.streams.delete('a', under.stream.incarnation)
      expect(await rejection(twice)).toBe('StreamNotFound')
    })

    test('renames a stream with its records, offsets and readers, and frees its name', async () => {
      const { engine, stream } = under
      const { incarnation } = stream
      await write('x', 'y')
      await engine.log.write(commit(0, 2))
      await using reader = engine.log.open(at(3))
      const waiting = reader.next(100, 1e9)
      const record = streamRecord('b', { shards: 4, uid: stream.uid })
      const renamed = await engine.streams.rename('a', incarnation, record)
      expect(renamed).toMatchObject({ name: 'b', shards: 4, incarnation, records: 2 })
      expect(engine.streams.describe().map(({ name }) => name)).toEqual(['b'])
      expect(engine.groups.offsets('g')).toEqual([{ stream: 'b', incarnation, shard: 0, next: 2 }])
      const fresh = await engine.streams.create(streamRecord('a'))
      expect(fresh.incarnation).toBeGreaterThan(incarnation)
      await engine.log.write({ appends: [append(batchOf('z'), { stream: 'b' })] })
      expect((await waiting)?.next).toBe(4)
      expect(await texts(0, 'b')).toEqual(['x', 'y', 'z'])
      expect(await texts(0, 'a')).toEqual([])
    })

    test('lets who knew a stream by its former name go on, and nobody else reach it by that', async () => {
      const { engine } = under
      const { incarnation } = under.stream
      await engine.streams.rename('a', incarnation, streamRecord('b', { shards: 3 }))
      const other = await engine.streams.create(streamRecord('a', { shards: 3 }))
      await write('old')
      await engine.log.write(commit(0, 2))
      await engine.log.write({ appends: [append(batchOf('new'), other)] })
      expect(await texts(0, 'b')).toEqual(['old'])
      expect(await texts(0, 'a')).toEqual(['new'])
      expect(engine.groups.offsets('g')).toMatchObject([{ stream: 'b', next: 2 }])
      const member = await under.join('m')
      expect(member.shards).toEqual([0, 1, 2])
      expect(engine.groups.describe(['g'])[0]?.members[0]?.stream).toBe('b')
      const mixed = append(batchOf('x'), { stream: 'b', incarnation: other.incarnation })
      expect(await rejection(engine.log.write({ appends: [mixed] }))).toBe('StreamNotFound')
      expect(
        thrown(() => engine.log.open({ ...at(1), incarnation: other.incarnation, stream: 'b' })),
      ).toBe('PositionInvalid')
      await engine.streams.delete('b', incarnation)
      expect(thrown(() => engine.log.open(at(1)))).toBe('PositionInvalid')
      expect(await rejection(write('gone'))).toBe('StreamNotFound')
    })

    test('refuses to rename to a name that is taken, what is not there, or to fewer shards', async () => {
      const { engine } = under
      const { incarnation } = under.stream
      const { incarnation: taken } = await engine.streams.create(streamRecord('b'))
      const rename = (name: string, from: number, to: string, shards = 3) =>
        rejection(engine.streams.rename(name, from, streamRecord(to, { shards })))
      expect(await rename('a', incarnation, 'b')).toBe('StreamExists')
      expect(await rename('a', taken, 'c')).toBe('StreamNotFound')
      expect(await rename('none', incarnation, 'c')).toBe('StreamNotFound')
      expect(await rename('a', incarnation, 'c', 2)).toBe('ShardOutOfRange')
      expect(engine.streams.describe().map(({ name }) => name)).toEqual(['a', 'b'])
      expect(await rename('a', incarnation, 'a', 4)).toBe('no error')
      expect(await rename('a', incarnation, 'c', 4)).toBe('no error')
      expect(await rename('a', incarnation, 'd', 4)).toBe('StreamNotFound')
      expect(await rename('c', incarnation, 'a', 4)).toBe('no error')
    })

    test('tells watchers of a rename under both names', async () => {
      const told: string[] = []
      using _ = under.engine.streams.watch((changed) => told.push(changed))
      const { incarnation } = under.stream
      await under.engine.streams.rename('a', incarnation, streamRecord('b', { shards: 3 }))
      expect(told.sort()).toEqual(['a', 'b'])
    })

    test('tells watchers after each create, alter and delete, until they are disposed', async () => {
      const told: string[] = []
      const watch = under.engine.streams.watch((changed) => told.push(changed))
      const { incarnation } = await under.engine.streams.create(streamRecord('b'))
      await under.engine.streams.alter(incarnation, streamRecord('b', { shards: 2 }))
      await under.engine.streams.delete('b', incarnation)
      watch[Symbol.dispose]()
      await under.engine.streams.create(streamRecord('c'))
      expect(told).toEqual(['b', 'b', 'b'])
    })
  })
}
