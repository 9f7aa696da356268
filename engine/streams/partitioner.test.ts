import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jumpHash, shardOfKey, xxHash32 } from './partitioner.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)

/** The published definition, with 64-bit arithmetic. */
function jumpHashPlainly(key: bigint, buckets: number): number {
  let state = key
  let bucket = 0n
  for (let jump = 0n; jump < BigInt(buckets); ) {
    bucket = jump
    state = (state * 2_862_933_555_777_941_757n + 1n) & 0xffff_ffff_ffff_ffffn
    jump = BigInt(Math.floor(Number(bucket + 1n) * (2 ** 31 / Number((state >> 33n) + 1n))))
  }
  return Number(bucket)
}

describe('the partitioner', () => {
  test('hashes keys as xxHash32 is published', () => {
    expect(xxHash32(bytes(''))).toBe(0x02cc5d05)
    expect(xxHash32(bytes('a'))).toBe(0x550d7456)
    expect(xxHash32(bytes('abc'))).toBe(0x32d153ff)
    expect(xxHash32(bytes('Nobody inspects the spammish repetition'))).toBe(0xe2293b2f)
  })

  test('picks buckets as the jump hash is published', () => {
    expect(jumpHash(0, 1, 1)).toBe(0)
    expect(jumpHash(0, 42, 57)).toBe(43)
    expect(jumpHash(0, 0xdead10cc, 666)).toBe(361)
    expect(jumpHash(0, 256, 1024)).toBe(520)
  })

  test('agrees with 64-bit arithmetic for any key', () => {
    const half = fc.integer({ min: 0, max: 2 ** 32 - 1 })
    fc.assert(
      fc.property(half, half, fc.integer({ min: 1, max: 4096 }), (high, low, buckets) => {
        const key = (BigInt(high) << 32n) | BigInt(low)
        expect(jumpHash(high, low, buckets)).toBe(jumpHashPlainly(key, buckets))
      }),
      { numRuns: 2000 },
    )
  })

  test('keeps a key where it is or moves it to a new shard when a stream grows', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.integer({ min: 1, max: 4000 }),
        fc.integer({ min: 0, max: 96 }),
        (key, shards, more) => {
          const before = shardOfKey(key, shards)
          const after = shardOfKey(key, shards + more)
          expect(after === before || after >= shards).toBe(true)
        },
      ),
    )
  })

  test('spreads keys evenly', () => {
    const counts = new Array<number>(8).fill(0)
    for (let index = 0; index < 8000; index++) {
      const shard = shardOfKey(bytes(`key-${index}`), 8)
      counts[shard] = (counts[shard] ?? 0) + 1
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(200)
  })
})
