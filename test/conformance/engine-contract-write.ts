/** What every engine promises of a write: order, atomicity, numbers, and what it refuses. */
import { describe, expect, test } from 'vitest'
import { encodeBatch } from '../../engine/log/batch.ts'
import type { WriteResult, WriteSet } from '../../engine/log/log.ts'
import {
  batchOf,
  type OpenEngine,
  readShard,
  rejection,
  streamRecord,
  useEngine,
} from './engine-under-test.ts'

export function describeWriteContract(open: OpenEngine): void {
  describe('write', () => {
    const under = useEngine(open)
    const { append, at, commit, settled, texts, write } = under

    test('gives shard and sequence per record, from 1, and makes them readable', async () => {
      const { appends } = await write('x', 'y')
      expect([...(appends[0]?.sequences ?? [])]).toEqual([1, 2])
      expect([...(appends[0]?.shards ?? [])]).toEqual([0, 0])
      expect(await texts()).toEqual(['x', 'y'])
    })

    test('keeps key, headers, client info and data of a record', async () => {
      const record = {
        key: Buffer.from('k'),
        headers: [
          { name: 'h', value: Buffer.from('1') },
          { name: 'h', value: Buffer.from('') },
        ],
        clientInfo: Buffer.from('info'),
        data: Buffer.from('d'),
      }
      await under.engine.log.write({ appends: [append(encodeBatch([record]))] })
      const [read] = await readShard(under.engine, 'a', 0)
      expect(read).toEqual({ ...record, sequence: 1, arrivalUs: under.clock.wallUs() })
    })

    test('applies sets in the order of submission', async () => {
      await Promise.all(['1', '2', '3', '4'].map((text) => write(text)))
      expect(await texts()).toEqual(['1', '2', '3', '4'])
    })

    test('resolves an empty set only once all sets before it can be seen', async () => {
      const relaxed = streamRecord('relaxed', { durability: 'relaxed' })
      const { incarnation } = await under.engine.streams.create(relaxed)
      const before = [
        write('1'),
        under.engine.log.write(commit(0, 1)),
        under.engine.log.write({
          appends: [append(batchOf('2'), { stream: 'relaxed', incarnation })],
        }),
      ]
      await settled()
      expect(under.engine.streams.describe().map(({ records }) => records)).toEqual([1, 1])
      expect(under.engine.groups.offsets('g').map(({ next }) => next)).toEqual([1])
      await Promise.all(before)
    })

    test('takes relaxed sets that were acknowledged along with an empty one', async () => {
      const relaxed = streamRecord('relaxed', { durability: 'relaxed' })
      const { incarnation } = await under.engine.streams.create(relaxed)
      const put = (text: string) =>
        under.engine.log.write({
          appends: [append(batchOf(text), { stream: 'relaxed', incarnation })],
        })
      // The first reserves sequences, durably; the second only has to be written.
      await put('1')
      await put('2')
      await settled()
      expect(under.engine.streams.describe(['relaxed'])[0]?.records).toBe(2)
    })

    test('does not change the bytes that it was given', async () => {
      const batch = batchOf('x')
      const before = Buffer.from(batch)
      await under.engine.log.write({ appends: [append(batch), append(batch, { shard: 1 })] })
      expect(batch.equals(before)).toBe(true)
      expect([await texts(0), await texts(1)]).toEqual([['x'], ['x']])
    })

    test('changes nothing when any part of the set is refused', async () => {
      await write('x')
      const bad: WriteSet[] = [
        { appends: [append(batchOf('y')), append(batchOf('z'), { shard: 3 })] },
        { appends: [append(batchOf('y')), append(batchOf('z'), { stream: 'none' })] },
        { appends: [append(batchOf('y')), append(batchOf('z'), { shard: 1, expectNext: 9 })] },
        { ...commit(7, 1), appends: [append(batchOf('y'))] },
        { ...commit(0, 99), appends: [append(batchOf('y'))] },
        { appends: [append(batchOf('y'))], trims: [{ ...at(0, 9), first: 2 }] },
      ]
      const codes = await Promise.all(bad.map((set) => rejection(under.engine.log.write(set))))
      expect(codes).toEqual([
        'ShardOutOfRange',
        'StreamNotFound',
        'ExpectedNextMismatch',
        'GenerationStale',
        'PositionInvalid',
        'ShardOutOfRange',
      ])
      expect(await texts()).toEqual(['x'])
      expect(under.engine.groups.offsets('g')).toEqual([])
      expect([...((await write('y')).appends[0]?.sequences ?? [])]).toEqual([2])
    })

    test('refuses another incarnation, and bytes that are no batch', async () => {
      const other = append(batchOf('x'), { incarnation: under.stream.incarnation + 1 })
      expect(await rejection(under.engine.log.write({ appends: [other] }))).toBe('StreamNotFound')
      const noise = append(Buffer.alloc(100, 7))
      expect(await rejection(under.engine.log.write({ appends: [noise] }))).toBe('LogCorrupt')
      const two = append(Buffer.concat([batchOf('x'), batchOf('y')]))
      expect(await rejection(under.engine.log.write({ appends: [two] }))).toBe('LogCorrupt')
    })

    test('takes expectNext only where the shard ends there', async () => {
      await under.engine.log.write({ appends: [append(batchOf('x'), { expectNext: 1 })] })
      const again = under.engine.log.write({ appends: [append(batchOf('y'), { expectNext: 1 })] })
      expect(await rejection(again)).toBe('ExpectedNextMismatch')
      await under.engine.log.write({ appends: [append(batchOf('z'), { expectNext: 2 })] })
      expect(await texts()).toEqual(['x', 'z'])
    })

    test('sends equal keys to one shard and keyless records round', async () => {
      const keyed = ['a', 'b', 'c', 'd', 'e', 'f', 'a', 'b', 'c', 'd', 'e', 'f'].map((key) => ({
        key: Buffer.from(key),
        data: Buffer.from('x'),
      }))
      const { stream: name, incarnation, batch } = append(encodeBatch(keyed))
      const first = await under.engine.log.write({
        appends: [{ stream: name, incarnation, batch }],
      })
      const shards = [...(first.appends[0]?.shards ?? [])]
      expect(shards.slice(0, 6)).toEqual(shards.slice(6))
      const keyless = batchOf('1', '2', '3')
      const second = await under.engine.log.write({
        appends: [{ stream: name, incarnation, batch: keyless }],
      })
      expect([...(second.appends[0]?.shards ?? [])].sort()).toEqual([0, 1, 2])
      for (const [index, shard] of shards.entries()) {
        const sequence = first.appends[0]?.sequences[index]
        const records = await readShard(under.engine, 'a', shard)
        const found = records.find((record) => record.sequence === sequence)
        expect(Buffer.from(found?.key ?? []).toString()).toBe(String(keyed[index]?.key))
      }
    })

    test('answers an idempotent set that comes again with its first result', async () => {
      const set = { appends: [append(batchOf('x', 'y'))], idempotencyKey: 'once' }
      const [first, same] = await Promise.all([
        under.engine.log.write(set),
        under.engine.log.write(set),
      ])
      const places = ({ appends }: WriteResult) =>
        appends.map(({ shards, sequences }) => [[...shards], [...sequences]])
      expect(places(first)).toEqual([
        [
          [0, 0],
          [1, 2],
        ],
      ])
      expect(places(same)).toEqual(places(first))
      expect(places(await under.engine.log.write(set))).toEqual(places(first))
      expect(await texts()).toEqual(['x', 'y'])
      const other = { appends: [append(batchOf('z'))], idempotencyKey: 'once' }
      expect(await rejection(under.engine.log.write(other))).toBe('IdempotencyKeyReused')
      expect(await texts()).toEqual(['x', 'y'])
    })

    test('leaves a set out that was aborted before its turn', async () => {
      const reason = new Error('no longer wanted')
      const aborted = under.engine.log.write(
        { appends: [append(batchOf('x'))] },
        AbortSignal.abort(reason),
      )
      await expect(aborted).rejects.toBe(reason)
      expect(await texts()).toEqual([])
    })

    test('takes an empty batch and gives no sequence', async () => {
      const { appends } = await write()
      expect(appends[0]?.sequences.length).toBe(0)
      expect((await write('x')).appends[0]?.sequences[0]).toBe(1)
    })

    test('never lets arrivals of a shard go back', async () => {
      await write('x')
      under.clock.jumpWall(-3_600_000_000)
      await write('y')
      const [first, second] = await readShard(under.engine, 'a', 0)
      expect(second?.arrivalUs).toBe(first?.arrivalUs)
    })

    test('trims what lies below, and what was dropped stays dropped', async () => {
      for (const text of ['1', '2', '3']) await write(text)
      await under.engine.log.write({ appends: [], trims: [{ ...at(0), first: 3 }] })
      await under.engine.log.write({ appends: [], trims: [{ ...at(0), first: 2 }] })
      expect(await texts()).toEqual(['3'])
      await under.engine.log.write({ appends: [], trims: [{ ...at(0), first: 99 }] })
      const [shard] = under.engine.streams.describe(['a'])[0]?.shardStates ?? []
      expect(shard).toMatchObject({ first: 4, next: 4, records: 0, bytes: 0 })
      expect((await write('4')).appends[0]?.sequences[0]).toBe(4)
    })

    test('refuses a sealed stream, which can still be read', async () => {
      await write('x')
      const seal = { sinceUs: under.clock.wallUs(), by: 'test' }
      const record = streamRecord('a', { shards: 3, sealed: seal })
      await under.engine.streams.alter(under.stream.incarnation, record)
      expect(await rejection(write('y'))).toBe('StreamSealed')
      expect(await texts()).toEqual(['x'])
    })
  })
}
