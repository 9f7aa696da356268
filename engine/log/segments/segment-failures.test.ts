import { describe, expect, test } from 'vitest'
import { type TailBatch, tailBytes } from '../tail.ts'
import type { SegmentStore, ShardSegments } from './segment-store.ts'
import { makeBatches, newDisk, openStore, SHARD, STREAM } from './segments-for-test.ts'

const SEGMENT_BYTES = 16 * 1024
const some = (count: number, from = 1, place = SHARD) =>
  makeBatches(
    Array.from({ length: count }, (_, index) => ({ count: 1 + (index % 2), bytes: 1500 })),
    from,
    place,
  )

function shardOf(store: SegmentStore, metas: ShardSegments['metas'] = []): ShardSegments {
  return store.shard(SHARD.incarnation, SHARD.shard, metas, STREAM)
}

async function readsAs(shard: ShardSegments, batches: readonly TailBatch[]): Promise<void> {
  const parts: Uint8Array[] = []
  for (let next = 1; ; ) {
    const result = await shard.read(next, 4000)
    if (result === undefined) break
    parts.push(result.bytes)
    next = result.next
  }
  expect(Buffer.concat(parts).equals(Buffer.concat(batches.map(tailBytes)))).toBe(true)
}

describe('an append', () => {
  test.each(['ENOSPC', 'EIO', 'EMFILE', 'short'] as const)(
    'that meets %s at any call changes nothing or all, and may come again',
    async (fault) => {
      const batches = some(40)
      let failed = 0
      for (let step = 0; ; step++) {
        const disk = newDisk(step)
        const store = await openStore(disk, SEGMENT_BYTES, 64)
        const shard = shardOf(store)
        await shard.append(batches.slice(0, 3))
        const call = disk.calls + step
        disk.failCall(call, fault)
        const outcome = await shard.append(batches.slice(3)).then(
          () => true,
          () => false,
        )
        const isOver = disk.calls <= call
        if (!outcome) {
          failed++
          expect(shard.next).toBe(batches[2]?.nextSequence)
          await readsAs(shard, batches.slice(0, 3))
          await shard.append(batches.slice(3))
        }
        if (!isOver) {
          await readsAs(shard, batches)
          await store.sync()
        }
        await store[Symbol.asyncDispose]()
        expect(disk.openPaths).toEqual([])
        if (isOver) break
      }
      expect(failed > 0).toBe(fault !== 'short')
    },
  )

  test('waits for room on a full disk without losing what is there', async () => {
    const disk = newDisk()
    await using store = await openStore(disk, SEGMENT_BYTES)
    const shard = shardOf(store)
    const batches = some(30)
    await shard.append(batches.slice(0, 2))
    await store.fillAhead()
    disk.full = true
    // Zeros are there for some of it.
    await shard.append(batches.slice(2, 4))
    await expect(shard.append(batches.slice(4))).rejects.toMatchObject({ code: 'ENOSPC' })
    await store.fillAhead()
    await store.sync()
    await readsAs(shard, batches.slice(0, 4))
    disk.full = false
    await shard.append(batches.slice(4))
    await readsAs(shard, batches)
  })

  test('leaves a shard as it is when a seal or a trim comes meanwhile', async () => {
    const disk = newDisk()
    await using store = await openStore(disk, SEGMENT_BYTES)
    const shard = shardOf(store)
    const batches = some(10)
    await shard.append(batches.slice(0, 2))
    const { calls } = disk
    const appending = shard.append(batches.slice(2, 4))
    while (disk.calls === calls) await Promise.resolve()
    shard.seal()
    expect(shard.trim(shard.next)).toEqual([])
    const following = shard.append(batches.slice(4))
    await Promise.all([appending, following])
    expect(shard.metas[0]).toMatchObject({ sealed: true, next: batches[4]?.baseSequence })
    await readsAs(shard, batches)
  })
})

describe('a sync', () => {
  test('that failed is never made again, and stops writing but not reading', async () => {
    const disk = newDisk()
    await using store = await openStore(disk, SEGMENT_BYTES)
    const shard = shardOf(store)
    const batches = some(4)
    await shard.append(batches)
    disk.failCall(disk.calls, 'EIO')
    await expect(store.sync()).rejects.toMatchObject({ code: 'EIO' })
    const calls = disk.calls
    await expect(store.sync()).rejects.toMatchObject({ code: 'EIO' })
    await expect(shard.append(some(1, shard.next))).rejects.toMatchObject({ code: 'EIO' })
    await expect(store.fillAhead()).rejects.toMatchObject({ code: 'EIO' })
    await expect(store.discard([])).rejects.toMatchObject({ code: 'EIO' })
    expect(disk.calls).toBe(calls)
    await readsAs(shard, batches)
  })

  test('of names makes room where the platform has no descriptor left', async () => {
    const disk = newDisk()
    await using store = await openStore(disk, SEGMENT_BYTES)
    const shard = shardOf(store)
    const batches = some(20)
    await shard.append(batches)
    const open = disk.openHandles
    // One sync for each file, then those of the directories.
    disk.failCall(disk.calls + open, 'EMFILE')
    await store.sync()
    expect(disk.openHandles).toBe(open - 1)
    await readsAs(shard, batches)
  })

  test('costs nothing where nothing was written', async () => {
    const disk = newDisk()
    await using store = await openStore(disk, SEGMENT_BYTES)
    const shard = shardOf(store)
    await shard.append(some(4))
    await store.sync()
    await store.fillAhead()
    const calls = disk.calls
    for (let round = 0; round < 3; round++) {
      await store.sync()
      await store.fillAhead()
    }
    expect(disk.calls).toBe(calls)
  })

  test('covers files that were closed for others', async () => {
    const disk = newDisk()
    const store = await openStore(disk, SEGMENT_BYTES, 2)
    const written = await Promise.all(
      Array.from({ length: 12 }, async (_, shard) => {
        const place = { incarnation: 1, shard }
        const batches = some(8, 1, place)
        const segments = store.shard(1, shard, [], STREAM)
        await segments.append(batches)
        return { shard, batches, metas: segments.metas }
      }),
    )
    await store.sync()
    expect(disk.openHandles).toBeLessThanOrEqual(2)
    disk.crash({ survivors: 'none', names: 'none' })
    await using reopened = await openStore(disk, SEGMENT_BYTES, 2)
    for (const { shard, batches, metas } of written) {
      await readsAs(reopened.shard(1, shard, metas, STREAM), batches)
    }
  })
})

describe('a crash', () => {
  test('at any call keeps what the sync before it promised', async () => {
    const batches = some(60)
    for (let seed = 0, isOver = false; !isOver; seed++) {
      const disk = newDisk(seed)
      const store = await openStore(disk, SEGMENT_BYTES, 3)
      const shard = shardOf(store)
      disk.cutPowerAt(seed * 3)
      let promised = shard.metas
      try {
        for (let at = 0; at < batches.length; at += 6) {
          await shard.append(batches.slice(at, at + 6))
          const trimmed = shard.trim((batches[at]?.baseSequence ?? 0) - 12)
          const { metas } = shard
          await store.sync()
          promised = metas
          await store.discard(trimmed)
          await store.fillAhead()
        }
        isOver = true
      } catch (error) {
        expect(error).toMatchObject({ code: 'EIO' })
      }
      disk.crash({ survivors: seed % 2 === 0 ? 'garbage' : 'random', names: 'random' })
      await using after = await openStore(disk, SEGMENT_BYTES, 3)
      await goOn(after, promised, batches)
    }
  })
})

/** As recovery does: what no checkpoint names goes, and the rest of the batches comes from the journal again. */
async function goOn(
  store: SegmentStore,
  promised: ShardSegments['metas'],
  batches: readonly TailBatch[],
): Promise<void> {
  const shard = shardOf(store, promised)
  const kept = batches.filter(
    ({ baseSequence, nextSequence }) =>
      baseSequence >= (promised[0]?.base ?? 1) && nextSequence <= shard.next,
  )
  await readsAs(shard, kept)
  const named = new Set(promised.map(({ base }) => base))
  await store.discard((await store.list()).filter(({ base }) => !named.has(base)))
  const rest = batches.filter(({ baseSequence }) => baseSequence >= shard.next)
  for (let at = 0; at < rest.length; at += 5) {
    await shard.append(rest.slice(at, at + 5))
    await store.sync()
  }
  await readsAs(shard, [...kept, ...rest])
}
