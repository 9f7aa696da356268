import { expect, test } from 'vitest'
import { type TailBatch, tailBytes } from '../tail.ts'
import { segmentPath } from './segment-file.ts'
import { makeBatches, newDisk, openStore, SHARD, STREAM, STREAMS } from './segments-for-test.ts'
import { FILL_BYTES_MAX, FILL_BYTES_MIN } from './zero-fill.ts'

test('a busy segment is filled ahead in steps that double, and none of what was appended is lost', async () => {
  const disk = newDisk()
  const segmentBytes = 24 * 1024 * 1024
  await using store = await openStore(disk, segmentBytes)
  const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
  const path = segmentPath(STREAMS, { ...SHARD, base: 1, generation: 0 })
  const size = (): number => disk.bytesOf(path)?.length ?? 0
  const batches: TailBatch[] = []
  const aheads: number[] = []
  for (let bytes = 10_000; shard.metas.length < 2; bytes = Math.min(bytes * 4, 1_900_000)) {
    const more = makeBatches([{ count: 2, bytes: bytes / 2 }], shard.next)
    batches.push(...more)
    await shard.append(more)
    await store.fillAhead()
    aheads.push(size() - (shard.metas[0]?.bytes ?? 0))
  }
  expect(aheads[0]).toBe(FILL_BYTES_MIN)
  expect(Math.max(...aheads)).toBe(FILL_BYTES_MAX)
  expect(size()).toBeLessThanOrEqual(segmentBytes + 16 * 1024)
  for (const batch of batches) {
    const result = await shard.read(batch.baseSequence, 1)
    expect(Buffer.from(result?.bytes ?? []).equals(tailBytes(batch))).toBe(true)
  }
})

test('a segment with little in it reserves little, and a full disk is no failure', async () => {
  const disk = newDisk()
  await using store = await openStore(disk, 2 ** 24)
  const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
  const path = segmentPath(STREAMS, { ...SHARD, base: 1, generation: 0 })
  await shard.append(makeBatches([{ count: 1, bytes: 10 }]))
  await store.sync()
  disk.full = true
  const before = disk.bytesOf(path)?.length
  await store.fillAhead()
  expect(disk.bytesOf(path)?.length).toBe(before)
  disk.full = false
  for (let round = 0; round < 5; round++) {
    await shard.append(makeBatches([{ count: 1, bytes: 10 }], shard.next))
    await store.fillAhead()
  }
  expect(disk.bytesOf(path)?.length).toBeLessThan(2 * FILL_BYTES_MIN)
})
