import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../../ports/seeded-random.ts'
import type { SimulatedDisk } from '../../ports/simulated-disk.ts'
import { encodeBatch, stampHeader } from '../batch.ts'
import { type TailBatch, tailBytes } from '../tail.ts'
import { segmentPath } from './segment-file.ts'
import { INDEX_STEP_BYTES, indexPosition } from './segment-index.ts'
import { SEGMENT_HEADER_BYTES, type SegmentMeta, type ShardSegments } from './segment-store.ts'
import { makeBatches, newDisk, openStore, SHARD, STREAM, STREAMS } from './segments-for-test.ts'

interface Written {
  readonly disk: SimulatedDisk
  readonly batches: readonly TailBatch[]
  readonly metas: readonly SegmentMeta[]
}

async function write(batches: readonly TailBatch[], sealed = false): Promise<Written> {
  const disk = newDisk()
  await using store = await openStore(disk, 2 ** 20)
  const shard = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
  await shard.append(batches)
  if (sealed) shard.seal()
  await store.fillAhead()
  await store.sync()
  return { disk, batches, metas: shard.metas }
}

async function reopened<Result>(
  { disk, metas }: Written,
  work: (shard: ShardSegments) => Promise<Result>,
): Promise<Result> {
  await using store = await openStore(disk, 2 ** 20)
  return await work(store.shard(SHARD.incarnation, SHARD.shard, metas, STREAM))
}

const pathOf = ({ base, generation }: SegmentMeta) =>
  segmentPath(STREAMS, { ...SHARD, base, generation })

const pathIn = ({ metas }: Written, at = 0) => pathOf(metas[at] as SegmentMeta)

/** Where each batch lies in a segment that holds them all. */
function positions(batches: readonly TailBatch[]): number[] {
  let end = SEGMENT_HEADER_BYTES
  return batches.map(({ byteLength }) => {
    end += byteLength
    return end - byteLength
  })
}

/** Every sequence is either read as it was written, or refused as one of `lost`. */
async function checkReads(
  shard: ShardSegments,
  batches: readonly TailBatch[],
  lost: readonly TailBatch[],
): Promise<void> {
  for (const batch of batches) {
    for (let from = batch.baseSequence; from < batch.nextSequence; from++) {
      const reading = shard.read(from, 1)
      if (!lost.includes(batch)) {
        expect(Buffer.from((await reading)?.bytes ?? []).equals(tailBytes(batch))).toBe(true)
        continue
      }
      const first = lost[0]?.baseSequence
      const last = (lost.at(-1)?.nextSequence ?? 0) - 1
      const range = first === last ? `sequence ${first} ` : `sequences ${first} to ${last} `
      await expect(reading).rejects.toMatchObject({
        code: 'LogCorrupt',
        message: expect.stringContaining(`${range}of stream ${STREAM} shard ${SHARD.shard} `),
        hint: expect.stringContaining(`from sequence ${last + 1} on`),
      })
    }
  }
}

const small = () =>
  makeBatches([
    { count: 2, bytes: 20 },
    { count: 1, bytes: 30 },
    { count: 3, bytes: 20 },
    { count: 1, bytes: 10 },
    { count: 2, bytes: 20 },
  ])

describe('a damaged segment', () => {
  test('loses one batch to any byte of it that is wrong, and says which sequences', async () => {
    const written = await write(small())
    const at = positions(written.batches)[2] ?? 0
    const damaged = written.batches[2] as TailBatch
    await reopened(written, async (known) => {
      await checkReads(known, written.batches, [])
      for (let byte = at; byte < at + damaged.byteLength; byte++) {
        written.disk.rot(pathIn(written), byte)
        // With an index that knew it whole, and with one that has to be made of what is there.
        await checkReads(known, written.batches, [damaged])
        await reopened(written, (shard) => checkReads(shard, written.batches, [damaged]))
        written.disk.rot(pathIn(written), byte)
      }
      await checkReads(known, written.batches, [])
    })
  })

  test('loses its first and its last batch alone, too', async () => {
    for (const index of [0, 4]) {
      const written = await write(small())
      written.disk.rot(pathIn(written), (positions(written.batches)[index] ?? 0) + 40)
      const lost = written.batches.slice(index, index + 1)
      await reopened(written, (shard) => checkReads(shard, written.batches, lost))
    }
  })

  test('gives what lies before the damage, and all that lies behind it', async () => {
    const plans = Array.from({ length: 200 }, () => ({ count: 2, bytes: 300 }))
    const written = await write(makeBatches(plans), true)
    const [first, last] = [60, 120]
    const at = positions(written.batches)
    for (let byte = at[first] ?? 0; byte < (at[last] ?? 0); byte++) {
      written.disk.rot(pathIn(written), byte)
    }
    const lost = written.batches.slice(first, last)
    await reopened(written, async (shard) => {
      const until = await shard.read(1, 2 ** 20)
      expect(until?.next).toBe(lost[0]?.baseSequence)
      await checkReads(shard, written.batches, lost)
      // Looking for a place never fails: reading there says what is wrong.
      const from = lost[0]?.baseSequence ?? 0
      expect(await shard.findSequence(from + 5)).toBe(from + 5)
      expect(await shard.findTime(lost[3]?.arrivalUs ?? 0)).toBe(from)
      const behind = written.batches[last + 1]
      expect(await shard.findTime(behind?.arrivalUs ?? 0)).toBe(behind?.baseSequence)
    })
  })

  test('loses what the file is too short for, or all of a file that is gone, and no other', async () => {
    const disk = newDisk()
    const batches = makeBatches(Array.from({ length: 30 }, () => ({ count: 2, bytes: 1000 })))
    await using store = await openStore(disk, 16 * 1024)
    const written = store.shard(SHARD.incarnation, SHARD.shard, [], STREAM)
    await written.append(batches)
    const metas = written.metas
    await disk.files.remove(pathOf(metas[1] as SegmentMeta))
    const cut = metas[3] as SegmentMeta
    const whole = disk.bytesOf(pathOf(cut)) as Uint8Array
    await disk.files.remove(pathOf(cut))
    const file = await disk.files.open(pathOf(cut), 'create')
    await file.write(whole.subarray(0, cut.bytes - 5), 0)
    await file.close()
    const within = ({ base, next }: SegmentMeta) =>
      batches.filter(({ baseSequence }) => baseSequence >= base && baseSequence < next)
    await reopened({ disk, batches, metas }, async (shard) => {
      const gone = within(metas[1] as SegmentMeta)
      const tail = within(cut).slice(-1)
      await checkReads(shard, gone, gone)
      await checkReads(shard, tail, tail)
      const sound = batches.filter((batch) => !gone.includes(batch) && !tail.includes(batch))
      await checkReads(shard, sound, [])
    })
  })

  test('is not fooled by batches of others, or by one of its own in another place', async () => {
    const batches = makeBatches(Array.from({ length: 5 }, () => ({ count: 2, bytes: 30 })))
    const target = batches[2] as TailBatch
    const others = [
      makeBatches([{ count: 2, bytes: 30 }], target.baseSequence, { incarnation: 7, shard: 4 }),
      makeBatches([{ count: 2, bytes: 30 }], target.baseSequence, { incarnation: 8, shard: 3 }),
      makeBatches([{ count: 2, bytes: 30 }], target.baseSequence - 1),
      makeBatches([{ count: 2, bytes: 30 }], 1000),
      [batches[1] as TailBatch],
      [batches[4] as TailBatch],
    ]
    for (const [other] of others) {
      const written = await write(batches)
      const file = await written.disk.files.open(pathIn(written), 'update')
      await file.write(tailBytes(other as TailBatch), positions(batches)[2] ?? 0)
      await file.close()
      // The last of them takes the place of those that it overlaps.
      const lost = other === batches[4] ? undefined : [target]
      await reopened(written, async (shard) => {
        if (lost !== undefined) return checkReads(shard, batches, lost)
        await expect(shard.read(target.baseSequence, 1)).resolves.toMatchObject({
          next: batches[4]?.nextSequence,
        })
      })
    }
  })

  test('is not read for longer, nor into more memory, because of what its bytes say', async () => {
    const batches = small()
    const written = await write(batches)
    const target = batches[2] as TailBatch
    // A header that is sound by its crc, of a body that would be far larger than the segment.
    const forged = encodeBatch([{ data: Buffer.alloc(10) }])
    forged.writeUInt32LE(60 * 1024 * 1024, 40)
    const { baseSequence, arrivalUs } = target
    stampHeader(forged, { ...SHARD, baseSequence, arrivalUs, frame: 1 })
    const file = await written.disk.files.open(pathIn(written), 'update')
    await file.write(forged.subarray(0, 64), positions(batches)[2] ?? 0)
    await file.close()
    await reopened(written, (shard) => checkReads(shard, batches, [target]))
  })
})

describe('the index of a sealed segment', () => {
  const plans = (bytes: number) => Array.from({ length: 400 }, () => ({ count: 2, bytes }))

  /** Reads that it takes to find the last batch. */
  async function readsToFindTheLast(written: Written): Promise<number> {
    const paths: string[] = []
    const disk = written.disk.clone(new SeededRandom(1), {
      intercept: (op, path) => void (op === 'read' && paths.push(path)),
    })
    const last = written.batches.at(-1) as TailBatch
    const result = await reopened({ ...written, disk }, (shard) => shard.read(last.baseSequence, 1))
    expect(Buffer.from(result?.bytes ?? []).equals(tailBytes(last))).toBe(true)
    return paths.length
  }

  test('saves a scan, and its loss or damage changes no answer', async () => {
    const written = await write(makeBatches(plans(100)), true)
    const meta = written.metas[0] as SegmentMeta
    expect(meta.bytes).toBeGreaterThan(10 * INDEX_STEP_BYTES)
    const at = indexPosition(meta.bytes)
    const size = written.disk.bytesOf(pathOf(meta))?.length ?? 0
    expect(size).toBeGreaterThan(at)
    await reopened(written, (shard) => checkReads(shard, written.batches, []))
    for (const byte of [
      at,
      at + 8,
      at + 16,
      at + 28,
      at + 30,
      at + 33,
      at + 41,
      at + 60,
      at + 90,
    ]) {
      written.disk.rot(pathOf(meta), byte)
      await reopened(written, async (shard) => {
        for (const batch of written.batches) {
          expect(await shard.findSequence(batch.baseSequence)).toBe(batch.baseSequence)
          expect(await shard.findTime(batch.arrivalUs)).toBe(batch.baseSequence)
        }
      })
      written.disk.rot(pathOf(meta), byte)
    }
  })

  test('is written again by the store where it was missing, and only then', async () => {
    const written = await write(makeBatches(plans(1200)), true)
    const meta = written.metas[0] as SegmentMeta
    const path = pathOf(meta)
    const intact = Buffer.from(written.disk.bytesOf(path) as Uint8Array)
    const before = await readsToFindTheLast(written)
    written.disk.rot(path, indexPosition(meta.bytes) + 70)
    expect(await readsToFindTheLast(written)).toBeGreaterThan(before)
    await using store = await openStore(written.disk, 2 ** 20)
    const shard = store.shard(SHARD.incarnation, SHARD.shard, written.metas, STREAM)
    await shard.read(1, 1)
    expect(Buffer.from(written.disk.bytesOf(path) as Uint8Array).equals(intact)).toBe(false)
    await store.fillAhead()
    expect(Buffer.from(written.disk.bytesOf(path) as Uint8Array).equals(intact)).toBe(true)
    expect(await readsToFindTheLast(written)).toBe(before)
    const calls = written.disk.calls
    await store.fillAhead()
    await store.sync()
    expect(written.disk.calls).toBe(calls)
  })
})
