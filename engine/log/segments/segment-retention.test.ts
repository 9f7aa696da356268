import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Disk } from '../../ports/disk.ts'
import { type TailBatch, tailBytes } from '../tail.ts'
import { openSegmentStore } from './open-segment-store.ts'
import { RECYCLED_FILES_MAX } from './segment-allocation.ts'
import { decodeSegmentHeader, segmentPath } from './segment-file.ts'
import {
  SEGMENT_HEADER_BYTES,
  type SegmentFileName,
  type SegmentMeta,
  type ShardSegments,
} from './segment-store.ts'
import {
  makeBatches,
  newDisk,
  openStore,
  RECYCLED,
  SHARD,
  STREAM,
  STREAMS,
} from './segments-for-test.ts'

const SEGMENT_BYTES = 16 * 1024
/** Each batch fills a segment by itself. */
const full = (count: number, from = 1, place = SHARD) =>
  makeBatches(
    Array.from({ length: count }, () => ({ count: 1, bytes: 11_000 })),
    from,
    place,
  )
const pathsIn = (paths: readonly string[], directory: string) =>
  paths.filter((path) => path.startsWith(`${directory}/`))

async function readsAs(shard: ShardSegments, batches: readonly TailBatch[]): Promise<void> {
  for (const batch of batches) {
    const result = await shard.read(batch.baseSequence, 1)
    expect(Buffer.from(result?.bytes ?? []).equals(tailBytes(batch))).toBe(true)
  }
}

describe('segments that are let go of', () => {
  test('stay on disk until they are discarded, and then make place for new ones', async () => {
    const disk = newDisk()
    await using store = await openStore(disk, SEGMENT_BYTES)
    const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
    const batches = full(6)
    await shard.append(batches)
    await store.sync()
    const trimmed = shard.trim(4)
    expect(trimmed.map(({ base }) => base)).toEqual([1, 2, 3])
    expect(shard.metas.map(({ base }) => base)).toEqual([4, 5, 6])
    expect(pathsIn(disk.paths, STREAMS)).toHaveLength(6)
    expect(await shard.read(1, 1)).toMatchObject({ next: 5 })
    await store.discard(trimmed)
    expect(pathsIn(disk.paths, STREAMS)).toHaveLength(3)
    expect(pathsIn(disk.paths, RECYCLED)).toHaveLength(3)
    const more = full(4, 7)
    await shard.append(more)
    expect(pathsIn(disk.paths, RECYCLED)).toHaveLength(0)
    await readsAs(shard, [...batches.slice(3), ...more])
    expect(shard.trim(3)).toEqual([])
    await store.discard(trimmed)
  })

  test('leave a shard that goes on with its numbers when all of them are gone', async () => {
    const disk = newDisk()
    await using store = await openStore(disk, SEGMENT_BYTES)
    const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
    await shard.append(full(2))
    await store.discard(shard.trim(3))
    expect(shard.metas).toEqual([])
    expect(shard.next).toBe(3)
    expect(await shard.read(1, 1)).toBeUndefined()
    const more = full(1, 3)
    await shard.append(more)
    await store.sync()
    await readsAs(shard, more)
  })

  test('are used again with another header, and nothing of their past is read', async () => {
    const disk = newDisk()
    await using store = await openStore(disk, SEGMENT_BYTES)
    const past = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
    const sized = { count: 1, bytes: 2000 }
    await past.append(makeBatches(Array.from({ length: 30 }, () => sized)))
    const end = past.next
    const other = store.shard(9, 5, [], 'default/other')
    await other.append(full(3, 1, { incarnation: 9, shard: 5 }))
    await store.discard(past.trim(end))
    // The same shard, then another: in both the batches of the past lie just behind what counts.
    const mine = makeBatches([sized, sized], end)
    await past.append(mine)
    const theirs = makeBatches([{ count: 1, bytes: 5000 }], 4, { incarnation: 9, shard: 5 })
    await other.append(theirs)
    await readsAs(past, mine)
    await readsAs(other, theirs)
    expect(await past.read(past.next, 2 ** 20)).toBeUndefined()
    expect(await past.findSequence(past.next)).toBeUndefined()
    const path = segmentPath(STREAMS, { incarnation: 9, shard: 5, base: 4, generation: 0 })
    const file = Buffer.from(disk.bytesOf(path) as Uint8Array)
    const meta = other.metas.at(-1) as SegmentMeta
    expect(file.length).toBeGreaterThan(meta.bytes)
    expect(file.subarray(meta.bytes).some((byte) => byte !== 0)).toBe(true)
    expect(decodeSegmentHeader(file.subarray(0, SEGMENT_HEADER_BYTES))).toEqual({
      incarnation: 9,
      shard: 5,
      base: 4,
      generation: 0,
      stream: 'default/other',
    })
  })

  test('are kept for use up to a limit, and small ones not at all', async () => {
    const disk = newDisk()
    await using store = await openStore(disk, SEGMENT_BYTES)
    const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
    await shard.append(makeBatches([{ count: 1, bytes: 10 }]))
    shard.seal()
    await shard.append(full(RECYCLED_FILES_MAX + 1, 2))
    await store.discard(shard.trim(2))
    expect(pathsIn(disk.paths, RECYCLED)).toHaveLength(0)
    await store.discard(shard.trim(shard.next))
    expect(pathsIn(disk.paths, RECYCLED)).toHaveLength(RECYCLED_FILES_MAX)
    expect(await store.list()).toEqual([])
    expect(await disk.directories.list(STREAMS)).toEqual([])
  })

  test('are readable to their end for fifty slow readers, and none is left open', async () => {
    const disk = newDisk()
    const store = await openStore(disk, SEGMENT_BYTES, 4)
    const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
    const batches = full(20)
    await shard.append(batches)
    let all = [...batches]
    const readers = Array.from({ length: 50 }, async (_, index) => {
      for (let next = 1 + (index % 20); ; ) {
        const result = await shard.read(next, 1 + index * 1000)
        if (result === undefined) return
        const first = all.find(
          ({ nextSequence }) => nextSequence > next && nextSequence <= result.next,
        )
        // Retention may have passed the place, and then the next that is there follows.
        const from = all.findIndex(({ nextSequence }) => nextSequence === result.next)
        const got = Buffer.from(result.bytes)
        expect(first).toBeDefined()
        expect(
          got.subarray(-11_000).equals(tailBytes(all[from] as TailBatch).subarray(-11_000)),
        ).toBe(true)
        next = result.next
        for (let turns = 0; turns < index % 7; turns++) await Promise.resolve()
      }
    })
    const trimming = (async () => {
      for (let first = 2; first < 21; first++) {
        await store.discard(shard.trim(first))
        const more = full(1, shard.next)
        all = [...all, ...more]
        await shard.append(more)
      }
    })()
    await Promise.all([...readers, trimming])
    expect(disk.openHandles).toBeLessThanOrEqual(4)
    await store[Symbol.asyncDispose]()
    expect(disk.openPaths).toEqual([])
  })

  test('are not written again under a reader who is at them', async () => {
    const disk = newDisk()
    const gate = Promise.withResolvers<void>()
    let held = 0
    const slow: Disk = {
      directories: disk.directories,
      files: {
        ...disk.files,
        open: async (path, mode) => {
          const file = await disk.files.open(path, mode)
          const read = async (into: Uint8Array, position: number): Promise<number> => {
            held++
            await gate.promise
            return file.read(into, position)
          }
          return {
            read,
            write: (bytes, position) => file.write(bytes, position),
            sync: () => file.sync(),
            size: () => file.size(),
            close: () => file.close(),
          }
        },
      },
    }
    const places = { directory: STREAMS, recycled: RECYCLED, segmentBytes: SEGMENT_BYTES }
    await using store = await openSegmentStore({ disk: slow, ...places })
    const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
    const batches = full(3)
    await shard.append(batches)
    const reading = shard.read(2, 1)
    while (held === 0) await Promise.resolve()
    await store.discard(shard.trim(3))
    expect(pathsIn(disk.paths, RECYCLED)).toHaveLength(1)
    await shard.append(full(3, 4))
    gate.resolve()
    expect(
      Buffer.from((await reading)?.bytes ?? []).equals(tailBytes(batches[1] as TailBatch)),
    ).toBe(true)
    expect(disk.openPaths.filter((path) => path.includes('-00000000000000000002.'))).toEqual([])
  })

  test('can be what sealed neighbours are replaced by', async () => {
    const disk = newDisk()
    await using store = await openStore(disk, SEGMENT_BYTES)
    const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
    const batches = full(4)
    await shard.append(batches)
    const [first, second, third, active] = shard.metas as [
      SegmentMeta,
      SegmentMeta,
      SegmentMeta,
      SegmentMeta,
    ]
    for (const [from, into] of [
      [[], []],
      [[first, third], []],
      [[active], []],
      [[second], [{ ...second, generation: 1, base: 1 }]],
      [[second], [{ ...second, generation: 1, next: 4 }]],
      [[{ ...second, generation: 5 }], []],
    ] as const) {
      expect(() => shard.replace(from, into)).toThrow('expected sealed neighbours')
    }
    const files: readonly SegmentFileName[] = shard.replace([second, third], [])
    expect(files.map(({ base }) => base)).toEqual([2, 3])
    await store.discard(files)
    expect(await shard.read(2, 1)).toMatchObject({ next: 5 })
    await readsAs(shard, [batches[0] as TailBatch, batches[3] as TailBatch])
  })
})

describe('a segment that is composed', () => {
  test('takes the place of its neighbours, is found in, and survives a crash once it is synced', async () => {
    const disk = newDisk()
    const store = await openStore(disk, SEGMENT_BYTES)
    const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
    const batches = full(4)
    await shard.append(batches)
    const from = shard.metas.slice(0, 3)
    const kept = makeBatches([
      { count: 1, bytes: 10, gap: 1, arrivalUs: 20 },
      { count: 1, bytes: 20_000, arrivalUs: 30 },
    ])
    const composed = await shard.compose({ base: 1, next: 4, generation: 1 }, inTurn(kept))
    expect(composed).toMatchObject({ records: 2, oldestUs: 20, newestUs: 30, sealed: true })
    await readsAs(shard, batches)
    const files = shard.replace(from, [composed])
    await store.sync()
    const { metas } = shard
    await store.discard(files)
    disk.crash({ survivors: 'none', names: 'none' })
    await using reopened = await openStore(disk, SEGMENT_BYTES)
    const after = reopened.shard(SHARD.incarnation, SHARD.shard, metas, STREAM)
    await readsAs(after, [...kept, batches[3] as TailBatch])
    expect(await after.findSequence(1)).toBe(2)
    expect(await after.findTime(25)).toBe(3)
  })

  test('refuses batches of others or out of order', async () => {
    await using store = await openStore(newDisk(), SEGMENT_BYTES)
    const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
    for (const wrong of [
      full(1, 1, { incarnation: 7, shard: 4 }),
      full(1, 9),
      [...full(1, 2), ...full(1, 1)],
    ]) {
      const composing = shard.compose({ base: 1, next: 4, generation: 1 }, inTurn(wrong))
      await expect(composing).rejects.toMatchObject({ code: 'LogCorrupt' })
    }
  })
})

async function* inTurn(batches: readonly TailBatch[]): AsyncGenerator<Uint8Array> {
  for (const batch of batches) yield tailBytes(batch)
}

describe('a file that lies where a segment begins', () => {
  test('is put aside and never written to, as it may have another name', async () => {
    const disk = newDisk()
    const path = segmentPath(STREAMS, { ...SHARD, base: 1, generation: 0 })
    await disk.directories.make(dirname(path))
    const leftover = await disk.files.open(path, 'create')
    await leftover.write(Buffer.alloc(20_000, 0xaa), 0)
    await using store = await openStore(disk, SEGMENT_BYTES)
    const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
    const batches = full(1)
    await shard.append(batches)
    await readsAs(shard, batches)
    const into = Buffer.alloc(20_000)
    await leftover.read(into, 0)
    expect(into.every((byte) => byte === 0xaa)).toBe(true)
    await leftover.close()
  })
})

describe('the list of segments', () => {
  test('names what lies there, and passes over what is no segment', async () => {
    const disk = newDisk()
    await using store = await openStore(disk, SEGMENT_BYTES)
    expect(await store.list()).toEqual([])
    await store.shard(SHARD.incarnation, SHARD.shard, [], STREAM).append(full(2))
    const place = { incarnation: 123_456_789, shard: 4095 }
    const far = makeBatches([{ count: 1, bytes: 10, arrivalUs: 5 }], 2 ** 52, place)
    await store.shard(place.incarnation, place.shard, [], STREAM).append(far)
    for (const name of ['notes.txt', '0003-1.0.segment', '0003-00000000000000000009.00.segment']) {
      await (await disk.files.open(`${STREAMS}/00000007/${name}`, 'create')).close()
    }
    const names = [...(await store.list())].sort((one, other) => one.base - other.base)
    expect(names).toEqual([
      { ...SHARD, base: 1, generation: 0 },
      { ...SHARD, base: 2, generation: 0 },
      { ...place, base: 2 ** 52, generation: 0 },
    ])
  })
})
