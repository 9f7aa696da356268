/** Decides which batches go to which segment, and what each segment then is. Pure. */
import { HeadgateError } from '../../error.ts'
import { nextSequence, peekHeader } from '../batch-header.ts'
import type { TailBatch } from '../tail.ts'
import { SEGMENT_HEADER_BYTES, type SegmentMeta } from './segment-store.ts'

export interface AppendPiece {
  readonly isNew: boolean
  /** Where the first of the batches goes. */
  readonly position: number
  readonly batches: readonly TailBatch[]
  /** With the batches in it. */
  readonly meta: SegmentMeta
}

/** Fills the last segment, unless it is sealed, and then others; a batch that is larger than one has one of its own. */
export function planAppend(
  last: SegmentMeta | undefined,
  batches: readonly TailBatch[],
  segmentBytes: number,
): readonly AppendPiece[] {
  const pieces: AppendPiece[] = []
  let open = last?.sealed === false ? last : undefined
  for (let start = 0; start < batches.length; ) {
    const isNew = open === undefined || !fits(open, batches[start], segmentBytes)
    const position = isNew || open === undefined ? SEGMENT_HEADER_BYTES : open.bytes
    let meta = isNew ? undefined : open
    let end = start
    for (; end < batches.length; end++) {
      const batch = batches[end]
      if (batch === undefined || (meta !== undefined && !fits(meta, batch, segmentBytes))) break
      meta = extended(meta, batch)
    }
    if (meta === undefined) break
    pieces.push({ isNew, position, batches: batches.slice(start, end), meta })
    open = meta
    start = end
  }
  return pieces
}

/** Throws unless the batches belong to the shard and follow what is there. */
export function checkBatches(
  batches: readonly TailBatch[],
  incarnation: number,
  shard: number,
  next: number,
): void {
  let least = next
  for (const batch of batches) {
    const header = peekHeader(batch.frame.bytes, batch.at)
    const fits =
      header.incarnation === incarnation &&
      header.shard === shard &&
      header.baseSequence === batch.baseSequence &&
      nextSequence(header) === batch.nextSequence
    if (!fits || batch.baseSequence < least) {
      throw new HeadgateError(
        'Internal',
        `expected a batch of incarnation ${incarnation} shard ${shard} from sequence ${least} on, ` +
          `got incarnation ${header.incarnation} shard ${header.shard} sequence ${header.baseSequence}`,
      )
    }
    least = batch.nextSequence
  }
}

function fits(meta: SegmentMeta, batch: TailBatch | undefined, segmentBytes: number): boolean {
  return batch !== undefined && meta.bytes + batch.byteLength <= segmentBytes
}

function extended(meta: SegmentMeta | undefined, batch: TailBatch): SegmentMeta {
  const { arrivalUs } = batch
  return {
    base: meta?.base ?? batch.baseSequence,
    generation: meta?.generation ?? 0,
    next: batch.nextSequence,
    records: (meta?.records ?? 0) + batch.count,
    bytes: (meta?.bytes ?? SEGMENT_HEADER_BYTES) + batch.byteLength,
    oldestUs: Math.min(meta?.oldestUs ?? arrivalUs, arrivalUs),
    newestUs: Math.max(meta?.newestUs ?? arrivalUs, arrivalUs),
    sealed: false,
  }
}
