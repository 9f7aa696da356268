import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { BATCH_FLAG_DELTAS, BATCH_HEADER_BYTES, writeHeader } from '../batch-header.ts'
import { type TailBatch, tailBytes } from '../tail.ts'
import { SEGMENT_HEADER_BYTES, type ShardSegments } from './segment-store.ts'
import {
  type BatchPlan,
  expectedRead,
  makeBatches,
  newDisk,
  openStore,
  SHARD,
  STREAM,
} from './segments-for-test.ts'

const plans = (count: number, bytes = 700): BatchPlan[] =>
  Array.from({ length: count }, (_, index) => ({ count: 1 + (index % 3), bytes }))

/** Everything from the sequence on, as bytes. */
async function readAll(shard: ShardSegments, from = 1, bytesMax = 5000): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for (let next = from; ; ) {
    const result = await shard.read(next, bytesMax)
    if (result === undefined) return Buffer.concat(parts)
    parts.push(result.bytes)
    expect(result.from).toBe(next)
    expect(result.next).toBeGreaterThan(next)
    next = result.next
  }
}

const allBytes = (batches: readonly TailBatch[]): Buffer => Buffer.concat(batches.map(tailBytes))

describe('segments of a shard', () => {
  test('give back what was appended, over many segments, byte by byte', async () => {
    const disk = newDisk()
    await using store = await openStore(disk, 16 * 1024)
    const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
    const batches = makeBatches(plans(100))
    for (let at = 0; at < batches.length; at += 7) await shard.append(batches.slice(at, at + 7))
    expect(shard.metas.length).toBeGreaterThan(5)
    expect(shard.metas.slice(0, -1).every(({ sealed }) => sealed)).toBe(true)
    expect(shard.next).toBe(batches.at(-1)?.nextSequence)
    expect(shard.metas.reduce((sum, { records }) => sum + records, 0)).toBe(199)
    expect((await readAll(shard)).equals(allBytes(batches))).toBe(true)
  })

  test('are read from every sequence with every kind of limit', async () => {
    const disk = newDisk()
    await using store = await openStore(disk, 32 * 1024)
    const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
    const batches = makeBatches([
      ...plans(30, 300),
      { count: 2, bytes: 20_000 },
      ...plans(20, 50),
      { count: 1, bytes: 60_000 },
      { count: 3, bytes: 10, gap: 5 },
      ...plans(5, 2000),
    ])
    await shard.append(batches)
    const end = shard.next
    for (const bytesMax of [0, 1, 64, 1000, 8192, 30_000, 1_000_000]) {
      for (let from = 1; from < end; from++) {
        const result = await shard.read(from, bytesMax)
        const expected = expectedRead(batches, from, bytesMax)
        // One read stays within a segment, so it may end before its limit.
        const got = Buffer.from(result?.bytes ?? [])
        expect(allBytes(expected).subarray(0, got.length).equals(got)).toBe(true)
        expect(expected.map(({ nextSequence }) => nextSequence)).toContain(result?.next)
      }
    }
    expect(await shard.read(end, 100)).toBeUndefined()
  })

  test('are the same after they were opened again, with and without an index', async () => {
    const disk = newDisk()
    const batches = makeBatches(plans(80))
    const first = await openStore(disk, 16 * 1024)
    const written = first.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
    await written.append(batches.slice(0, 60))
    await first.fillAhead()
    await written.append(batches.slice(60))
    await first.sync()
    await first[Symbol.asyncDispose]()
    await using store = await openStore(disk, 16 * 1024)
    const shard = store.shard(SHARD.incarnation, SHARD.shard, written.metas, STREAM)
    const calls = disk.calls
    expect(shard.next).toBe(written.next)
    expect(disk.calls).toBe(calls)
    expect((await readAll(shard)).equals(allBytes(batches))).toBe(true)
    const more = makeBatches(plans(10), shard.next)
    await shard.append(more)
    expect((await readAll(shard)).equals(allBytes([...batches, ...more]))).toBe(true)
  })

  test('begin anew after a seal, and with a batch that is larger than a segment', async () => {
    await using store = await openStore(newDisk(), 16 * 1024)
    const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
    const batches = makeBatches([...plans(2), { count: 1, bytes: 50_000 }, ...plans(2)])
    await shard.append(batches.slice(0, 1))
    shard.seal()
    shard.seal()
    await shard.append(batches.slice(1))
    expect(shard.metas.map(({ base, sealed }) => [base, sealed])).toEqual([
      [1, true],
      [2, true],
      [4, true],
      [5, false],
    ])
    expect((await readAll(shard)).equals(allBytes(batches))).toBe(true)
  })

  test('fill a segment to its last byte and not one further', async () => {
    const [batch] = makeBatches([{ count: 1, bytes: 1000 }])
    const length = batch?.byteLength ?? 0
    for (const [segmentBytes, segments] of [
      [SEGMENT_HEADER_BYTES + 2 * length, 1],
      [SEGMENT_HEADER_BYTES + 2 * length - 1, 2],
    ] as const) {
      await using store = await openStore(newDisk(), segmentBytes)
      const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
      await shard.append(
        makeBatches([
          { count: 1, bytes: 1000 },
          { count: 1, bytes: 1000 },
        ]),
      )
      expect(shard.metas).toHaveLength(segments)
    }
  })

  test('refuse batches of others, and those that do not follow', async () => {
    await using store = await openStore(newDisk())
    const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
    await shard.append(makeBatches(plans(3)))
    const next = shard.next
    for (const batches of [
      makeBatches(plans(1), next - 1),
      makeBatches(plans(1), next, { incarnation: 7, shard: 4 }),
      makeBatches(plans(1), next, { incarnation: 8, shard: 3 }),
      [...makeBatches(plans(2), next), ...makeBatches(plans(1), next)],
    ]) {
      await expect(shard.append(batches)).rejects.toMatchObject({ code: 'Internal' })
      expect(shard.next).toBe(next)
    }
  })

  test('find sequences over gaps and times by arrival', async () => {
    await using store = await openStore(newDisk(), 16 * 1024)
    const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
    const batches = makeBatches(
      Array.from({ length: 60 }, (_, index) => ({
        count: 2,
        bytes: 500,
        gap: index % 4,
        arrivalUs: 1000 + 10 * Math.floor(index / 5),
      })),
    )
    await shard.append(batches)
    for (let sequence = 0; sequence <= shard.next; sequence++) {
      const batch = batches.find(({ nextSequence }) => nextSequence > sequence)
      const expected = batch && Math.max(batch.baseSequence, sequence)
      expect(await shard.findSequence(sequence)).toBe(expected)
    }
    for (let time = 990; time < 1130; time += 5) {
      const expected = batches.find(({ arrivalUs }) => arrivalUs >= time)?.baseSequence
      expect(await shard.findTime(time)).toBe(expected)
    }
  })

  test('find records of batches that were compacted, by their own sequence and time', async () => {
    await using store = await openStore(newDisk())
    const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
    const records = [
      [10, 1000],
      [13, 1000],
      [14, 1500],
      [20, 1700],
    ] as const
    const [before, after] = makeBatches([
      { count: 1, bytes: 5, gap: 1, arrivalUs: 900 },
      { count: 1, bytes: 5, gap: 20, arrivalUs: 2000 },
    ]) as [TailBatch, TailBatch]
    const batches = [before, compacted(records), after]
    await shard.append(batches)
    expect((await readAll(shard)).equals(allBytes(batches))).toBe(true)
    const all = [[2, 900], ...records, [23, 2000]] as const
    for (let sequence = 1; sequence < 25; sequence++) {
      const expected = all.find(([at]) => at >= sequence)?.[0]
      expect(await shard.findSequence(sequence)).toBe(expected)
    }
    for (let time = 800; time <= 2100; time += 100) {
      expect(await shard.findTime(time)).toBe(all.find(([, at]) => at >= time)?.[0])
    }
  })
})

/** One batch whose records say their sequence and arrival above its own. */
function compacted(
  records: readonly (readonly [sequence: number, arrivalUs: number])[],
): TailBatch {
  const varint = (value: number) => (value < 128 ? [value] : [(value & 127) | 128, value >> 7])
  const [[baseSequence, arrivalUs] = [0, 0]] = records
  const body = records.flatMap(([sequence, arrival]) => {
    const rest = [0, ...varint(sequence - baseSequence), ...varint(arrival - arrivalUs), 0x61]
    return [...varint(rest.length), ...rest]
  })
  const bytes = Buffer.concat([Buffer.alloc(BATCH_HEADER_BYTES), Buffer.from(body)])
  const span = (records.at(-1)?.[0] ?? 0) - baseSequence
  writeHeader(bytes, {
    ...SHARD,
    flags: BATCH_FLAG_DELTAS,
    count: records.length,
    baseSequence,
    arrivalUs,
    frame: 1,
    bodyBytes: body.length,
    bodyCrc: crc32(Buffer.from(body)),
    span,
  })
  return {
    baseSequence,
    nextSequence: baseSequence + span + 1,
    count: records.length,
    arrivalUs,
    frame: { sequence: 1, bytes, isShared: false },
    at: 0,
    byteLength: bytes.length,
  }
}
