/** What every engine takes at most: at each limit, and one past it. */
import { describe, expect, test } from 'vitest'
import { BATCH_HEADER_BYTES, BatchEncoder } from '../../engine/log/batch.ts'
import { IDEMPOTENCY_KEY_LENGTH_MAX } from '../../engine/log/idempotency.ts'
import { BATCH_RECORDS_MAX, WRITE_SET_BYTES_MAX } from '../../engine/log/log.ts'
import { READ_BYTES_MAX } from '../../engine/log/store-reader.ts'
import { SHARDS_MAX } from '../../engine/streams/streams.ts'
import {
  batchOf,
  type OpenEngine,
  rejection,
  streamRecord,
  useEngine,
} from './engine-under-test.ts'

/** Of a record of up to 125 bytes: its length, its flags. */
const SMALL_RECORD_BYTES = 1 + 1
/** Of one of 16 KiB to 2 MiB. */
const LARGE_RECORD_BYTES = 3 + 1
const PIECE_BYTES = 1_000_000

/** A batch of exactly so many bytes, header included. */
function batchOfBytes(bytes: number): Buffer {
  const encoder = new BatchEncoder(bytes)
  const left = () => bytes - encoder.byteLength - LARGE_RECORD_BYTES
  while (left() >= 2 * PIECE_BYTES) encoder.append({ data: Buffer.alloc(PIECE_BYTES) })
  encoder.append({ data: Buffer.alloc(left()) })
  const batch = encoder.finish()
  expect(batch.length).toBe(bytes)
  return batch
}

export function describeLimitsContract(open: OpenEngine): void {
  describe('limits', () => {
    const under = useEngine(open)
    const { append, at, write } = under

    test('takes the largest set, and refuses one of a byte more', async () => {
      const small = BATCH_HEADER_BYTES + SMALL_RECORD_BYTES
      const large = append(batchOfBytes(WRITE_SET_BYTES_MAX - small))
      const beside = (text: string) => ({
        appends: [large, append(batchOf(text), { shard: 1 })],
      })
      expect(await rejection(under.engine.log.write(beside('x')))).toBe('RecordTooLarge')
      expect(under.engine.streams.describe(['a'])[0]?.records).toBe(0)
      await under.engine.log.write(beside(''))
      expect(under.engine.streams.describe(['a'])[0]?.bytes).toBe(WRITE_SET_BYTES_MAX)
    })

    test('counts what a set trims and commits as part of it', async () => {
      const large = append(batchOfBytes(WRITE_SET_BYTES_MAX))
      const trims = [{ ...at(1), first: 1 }]
      const refused = under.engine.log.write({ appends: [large], trims })
      expect(await rejection(refused)).toBe('RecordTooLarge')
    })

    test('takes a batch of the most records to shards by key', async () => {
      const encoder = new BatchEncoder()
      for (let index = 0; index < BATCH_RECORDS_MAX; index++) {
        encoder.append({ data: Buffer.alloc(0) })
      }
      const { stream, incarnation, batch } = append(encoder.finish())
      const { appends } = await under.engine.log.write({
        appends: [{ stream, incarnation, batch }],
      })
      expect(appends[0]?.sequences.length).toBe(BATCH_RECORDS_MAX)
      expect(under.engine.streams.describe(['a'])[0]?.records).toBe(BATCH_RECORDS_MAX)
    })

    test('takes the longest idempotency key, and neither a longer nor an empty one', async () => {
      const keyed = (idempotencyKey: string) =>
        rejection(under.engine.log.write({ appends: [append(batchOf('x'))], idempotencyKey }))
      const longest = 'k'.repeat(IDEMPOTENCY_KEY_LENGTH_MAX)
      expect(await keyed(longest)).toBe('no error')
      expect(await keyed(`${longest}k`)).toBe('BadRequest')
      expect(await keyed('')).toBe('BadRequest')
      expect(under.engine.streams.describe(['a'])[0]?.records).toBe(1)
    })

    test('reads as much at once as is allowed, and not a byte more', async () => {
      const half = READ_BYTES_MAX / 2
      for (const bytes of [half, half, half, half + 1]) {
        await under.engine.log.write({ appends: [append(batchOfBytes(bytes))] })
      }
      await using reader = under.engine.log.open(at(1))
      const sizes: number[] = []
      for (let read = await reader.next(1e12, 0); read !== undefined; ) {
        sizes.push(read.bytes.length)
        read = await reader.next(1e12, 0)
      }
      // Where what is kept ends in the middle, a read may be shorter.
      expect(Math.max(...sizes)).toBeLessThanOrEqual(READ_BYTES_MAX)
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(4 * half + 1)
    })

    test('gives a batch whole that is larger than what is read at once', async () => {
      const bytes = READ_BYTES_MAX + 1
      await under.engine.log.write({ appends: [append(batchOfBytes(bytes))] })
      await using reader = under.engine.log.open(at(1))
      expect((await reader.next(1, 0))?.bytes.length).toBe(bytes)
    })

    test('takes up to the most shards, and not one more', async () => {
      const most = await under.engine.streams.create(streamRecord('most', { shards: SHARDS_MAX }))
      expect(most.shardStates.length).toBe(SHARDS_MAX)
      const { incarnation } = most
      const shard = SHARDS_MAX - 1
      const last = append(batchOf('x'), { stream: 'most', incarnation, shard })
      await under.engine.log.write({ appends: [last] })
      const grown = under.engine.streams.alter(
        incarnation,
        streamRecord('most', { shards: SHARDS_MAX + 1 }),
      )
      expect(await rejection(grown)).toBe('ShardOutOfRange')
      for (const shards of [SHARDS_MAX + 1, 0, 1.5, Number.NaN]) {
        const refused = under.engine.streams.create(streamRecord('more', { shards }))
        expect(await rejection(refused)).toBe('ShardOutOfRange')
      }
      expect(under.engine.streams.describe(['more'])).toEqual([])
      await write('x')
    })
  })
}
