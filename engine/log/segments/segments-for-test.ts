/** What the tests of the segments share: a disk, a store, and batches as a journal would hand them on. */
import { SeededRandom } from '../../ports/seeded-random.ts'
import { SimulatedDisk } from '../../ports/simulated-disk.ts'
import { encodeBatch, stampHeader } from '../batch.ts'
import type { TailBatch } from '../tail.ts'
import { openSegmentStore } from './open-segment-store.ts'
import type { SegmentStore } from './segment-store.ts'

export const STREAMS = '/data/streams'
export const RECYCLED = '/data/recycled'
export const SHARD = { incarnation: 7, shard: 3 }
export const STREAM = 'default/orders'

export function newDisk(seed: number = 1): SimulatedDisk {
  return new SimulatedDisk(new SeededRandom(seed))
}

export function openStore(
  disk: SimulatedDisk,
  segmentBytes: number = 64 * 1024,
  descriptorsMax: number = 16,
): Promise<SegmentStore> {
  const options = { disk, directory: STREAMS, recycled: RECYCLED }
  return openSegmentStore({ ...options, segmentBytes, descriptorsMax })
}

export interface BatchPlan {
  readonly count: number
  /** Of the data of each record. */
  readonly bytes: number
  /** Sequences that nobody gets, before the batch. */
  readonly gap?: number
  readonly arrivalUs?: number
}

/** Batches one behind the other from a sequence on, in frames of their own. */
export function makeBatches(
  plans: readonly BatchPlan[],
  from = 1,
  place: { readonly incarnation: number; readonly shard: number } = SHARD,
): TailBatch[] {
  let next = from
  return plans.map(({ count, bytes, gap = 0, arrivalUs }, index) => {
    const baseSequence = next + gap
    next = baseSequence + count
    const data = (record: number) => Buffer.alloc(bytes, `${baseSequence + record}.`)
    const batch = encodeBatch(
      Array.from({ length: count }, (_, record) => ({ data: data(record) })),
    )
    const stamp = {
      ...place,
      baseSequence,
      arrivalUs: arrivalUs ?? baseSequence * 10,
      frame: index + 1,
    }
    stampHeader(batch, stamp)
    const padding = Buffer.alloc(32, 0xee)
    return {
      baseSequence,
      nextSequence: next,
      count,
      arrivalUs: stamp.arrivalUs,
      frame: {
        sequence: index + 1,
        bytes: Buffer.concat([padding, batch, padding]),
        isShared: false,
      },
      at: padding.length,
      byteLength: batch.length,
    }
  })
}

/** The batches that a read from `from` of at most so many bytes gives; they may end earlier, but not be others. */
export function expectedRead(
  batches: readonly TailBatch[],
  from: number,
  bytesMax: number,
): readonly TailBatch[] {
  const rest = batches.filter(({ nextSequence }) => nextSequence > from)
  let bytes = 0
  const end = rest.findIndex((batch, index) => {
    bytes += batch.byteLength
    return index > 0 && bytes > bytesMax
  })
  return end < 0 ? rest : rest.slice(0, end)
}
