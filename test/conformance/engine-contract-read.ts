/** What every engine promises of positions and readers. */
import { describe, expect, test } from 'vitest'
import { BATCH_HEADER_BYTES, decodeRecords } from '../../engine/log/batch.ts'
import { type OpenEngine, rejection, thrown, useEngine } from './engine-under-test.ts'

export function describeReadContract(open: OpenEngine): void {
  describe('read', () => {
    const under = useEngine(open)
    const { at, write } = under

    test('gives whole batches, as many as fit and at least one', async () => {
      for (const text of ['1', '2', '3']) await write(text)
      await using reader = under.engine.log.open(at(1))
      const one = await reader.next(1, 0)
      expect([one?.from, one?.next]).toEqual([1, 2])
      const size = BATCH_HEADER_BYTES + 3
      expect((await reader.next(2 * size, 0))?.next).toBe(4)
      expect(reader.position.sequence).toBe(4)
      expect(await reader.next(1, 0)).toBeUndefined()
    })

    test('may begin a batch before the position, and says where to start', async () => {
      await write('1', '2', '3')
      await using reader = under.engine.log.open(at(2))
      const read = await reader.next(100, 0)
      expect(read?.from).toBe(2)
      const records = decodeRecords(read?.bytes ?? Buffer.alloc(0), read?.from)
      expect(records.map(({ sequence }) => sequence)).toEqual([2, 3])
    })

    test('waits for an append, and ends the wait after its time', async () => {
      await using reader = under.engine.log.open(at(1))
      const found = reader.next(100, 1000)
      await write('x')
      expect((await found)?.next).toBe(2)
      const nothing = reader.next(100, 1000)
      await under.clock.advance(1000)
      expect(await nothing).toBeUndefined()
    })

    test('ends a wait when the signal aborts or the reader is disposed', async () => {
      const reader = under.engine.log.open(at(1))
      const abort = new AbortController()
      const aborted = reader.next(100, 1e9, abort.signal)
      abort.abort()
      expect(await aborted).toBeUndefined()
      const disposed = reader.next(100, 1e9)
      await reader[Symbol.asyncDispose]()
      expect(await disposed).toBeUndefined()
      expect(await reader.next(100, 0)).toBeUndefined()
    })

    test('refuses another incarnation and what retention has passed', async () => {
      for (const text of ['1', '2']) await write(text)
      await using reader = under.engine.log.open(at(1))
      await under.engine.log.write({ appends: [], trims: [{ ...at(0), first: 2 }] })
      expect(thrown(() => under.engine.log.open(at(1)))).toBe('PositionInvalid')
      expect(await rejection(reader.next(100, 0))).toBe('PositionInvalid')
      const other = { ...at(2), incarnation: under.stream.incarnation + 1 }
      expect(thrown(() => under.engine.log.open(other))).toBe('PositionInvalid')
    })

    test('resolves earliest, latest, sequence and time', async () => {
      await write('1')
      await under.clock.advance(10)
      const laterUs = under.clock.wallUs()
      await write('2')
      const resolve = async (where: Parameters<typeof under.engine.log.resolve>[1]) =>
        (await under.engine.log.resolve(at(0), where)).sequence
      expect(await resolve({ kind: 'earliest' })).toBe(1)
      expect(await resolve({ kind: 'latest' })).toBe(3)
      expect(await resolve({ kind: 'sequence', sequence: 2 })).toBe(2)
      expect(await resolve({ kind: 'sequence', sequence: 3 })).toBe(3)
      expect(await resolve({ kind: 'time', arrivalUs: laterUs })).toBe(2)
      expect(await resolve({ kind: 'time', arrivalUs: laterUs + 1 })).toBe(3)
      const beyond = under.engine.log.resolve(at(0), { kind: 'sequence', sequence: 4 })
      expect(await rejection(beyond)).toBe('PositionInvalid')
      await under.engine.log.write({ appends: [], trims: [{ ...at(0), first: 2 }] })
      const gone = under.engine.log.resolve(at(0), { kind: 'sequence', sequence: 1 })
      expect(await rejection(gone)).toBe('PositionInvalid')
    })

    test('resolves nothing where the reference is wrong', async () => {
      const latest = { kind: 'latest' } as const
      const wrong = [
        { ...at(0), stream: 'none' },
        { ...at(0), incarnation: 99 },
        { ...at(0), shard: 3 },
      ]
      const codes = wrong.map((ref) => rejection(under.engine.log.resolve(ref, latest)))
      const expected = ['StreamNotFound', 'StreamNotFound', 'ShardOutOfRange']
      expect(await Promise.all(codes)).toEqual(expected)
    })
  })
}
