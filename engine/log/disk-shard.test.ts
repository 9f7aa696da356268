import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../ports/seeded-random.ts'
import { SimulatedDisk } from '../ports/simulated-disk.ts'
import { encodeBatch } from './batch.ts'
import { stampHeader } from './batch-header.ts'
import { DiskShard, type SegmentRoll } from './disk-shard.ts'
import { openSegmentStore } from './segments/open-segment-store.ts'
import type { SegmentFileName } from './segments/segment-store.ts'

const NEVER: SegmentRoll = { ageUs: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }

async function open() {
  const disk = new SimulatedDisk(new SeededRandom(1))
  await disk.directories.make('/streams')
  const store = await openSegmentStore({ disk, directory: '/streams', recycled: '/recycled' })
  const discarded: SegmentFileName[] = []
  const names = { stream: 'a', incarnation: 1, shard: 0 }
  const segments = store.shard(1, 0, [], 'a')
  const shard = new DiskShard(segments, names, (files) => void discarded.push(...files))
  /** One batch of one record, in a frame of its own. */
  const append = (sequence: number, arrivalUs = sequence): void => {
    const bytes = encodeBatch([{ data: Buffer.alloc(1000) }])
    const place = { shard: 0, incarnation: 1, baseSequence: sequence, arrivalUs, frame: sequence }
    stampHeader(bytes, place)
    shard.append({
      baseSequence: sequence,
      nextSequence: sequence + 1,
      count: 1,
      arrivalUs,
      frame: { sequence, bytes, isShared: false },
      at: 0,
      byteLength: bytes.length,
    })
  }
  return { shard, append, discarded }
}

const bases = (shard: DiskShard): readonly number[] => shard.metas.map(({ base }) => base)

describe('a shard on disk', () => {
  test('rolls within one flush by bytes and by age, so that retention is not coarse', async () => {
    const { shard, append } = await open()
    for (const sequence of [1, 2, 3, 4, 5]) append(sequence)
    await shard.flush(5, { ...NEVER, bytes: 4096 + 2000 })
    expect(bases(shard)).toEqual([1, 3, 5])
    append(6, 1_000)
    append(7, 1_004)
    append(8, 1_005)
    await shard.flush(8, { ...NEVER, ageUs: 1_000 })
    expect(bases(shard)).toEqual([1, 3, 5, 8])
  })

  test('flushes no frame above the one it is asked for', async () => {
    const { shard, append } = await open()
    for (const sequence of [1, 2, 3]) append(sequence)
    expect(shard.unflushedFrame).toBe(1)
    await shard.flush(2, NEVER)
    expect([shard.metas.at(-1)?.next, shard.unflushedFrame]).toEqual([3, 3])
    expect([shard.records, [...shard.pieces()].length]).toEqual([3, 2])
  })

  test('lets go of memory only as far as the segments have its batches, and reads on', async () => {
    const { shard, append } = await open()
    for (const sequence of [1, 2, 3]) append(sequence)
    await shard.flush(2, NEVER)
    shard.evict(3)
    for (const from of [1, 2, 3]) {
      const { next } = await shard.read(from, 1)
      expect(next).toBe(from + 1)
    }
    expect([shard.records, shard.next]).toEqual([3, 4])
  })

  test('gives up segments that a trim passed, and counts what is left', async () => {
    const { shard, append, discarded } = await open()
    for (const sequence of [1, 2, 3]) append(sequence)
    await shard.flush(3, { ...NEVER, bytes: 1 })
    const { bytes } = shard
    shard.trim(3)
    expect(discarded.map(({ base }) => base)).toEqual([1, 2])
    expect([shard.first, shard.records, shard.bytes]).toEqual([3, 1, bytes / 3])
  })

  test('tells readers what is lost, and lets them go on behind it', async () => {
    const { shard, append } = await open()
    append(1)
    shard.markLost({ from: 2, to: 3 })
    append(4)
    expect((await shard.read(1, 10_000)).next).toBe(2)
    await expect(shard.read(2, 10_000)).rejects.toMatchObject({
      code: 'LogCorrupt',
      message: expect.stringContaining('sequences 2 to 3 in shard 0 of a'),
    })
    expect((await shard.read(4, 10_000)).next).toBe(5)
  })
})
