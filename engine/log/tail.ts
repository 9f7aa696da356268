/** Committed batches as they lie in memory, in the bytes of the frame that committed them. */
import type { ReadResult } from './log.ts'

export interface TailFrame {
  readonly sequence: number
  /** The frame as it was written; batches are parts of it. */
  readonly bytes: Buffer
  /** A reader has a part of it, or it has memory in common with others: it is not written over. */
  isShared: boolean
}

export interface TailBatch {
  readonly baseSequence: number
  /** One above the last sequence of the batch. */
  readonly nextSequence: number
  readonly count: number
  readonly arrivalUs: number
  readonly frame: TailFrame
  /** Where the batch starts in the bytes of the frame, header first. */
  readonly at: number
  readonly byteLength: number
}

export function tailBytes({ frame, at, byteLength }: TailBatch): Buffer {
  return frame.bytes.subarray(at, at + byteLength)
}

/** Index of the first batch that ends above `sequence`; their number when there is none. */
export function findInTail(batches: readonly TailBatch[], sequence: number): number {
  let low = 0
  let high = batches.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const batch = batches[middle]
    if (batch !== undefined && batch.nextSequence > sequence) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * Whole batches from `start` on that begin below `end`, as many as fit and at least one. A single one is a view of its
 * frame; several are copied once.
 */
export function concatTail(
  batches: readonly TailBatch[],
  start: number,
  from: number,
  bytesMax: number,
  end: number = Number.POSITIVE_INFINITY,
): ReadResult {
  const [first] = batches.slice(start, start + 1)
  if (first === undefined) return { bytes: Buffer.alloc(0), from, next: from }
  let bytes = first.byteLength
  let after = start + 1
  for (; after < batches.length; after++) {
    const batch = batches[after]
    if (batch === undefined || batch.baseSequence >= end) break
    if (bytes + batch.byteLength > bytesMax) break
    bytes += batch.byteLength
  }
  const next = batches[after - 1]?.nextSequence ?? from
  if (after === start + 1) {
    first.frame.isShared = true
    return { bytes: tailBytes(first), from, next }
  }
  const copy = Buffer.allocUnsafe(bytes)
  let at = 0
  for (let index = start; index < after; index++) {
    const batch = batches[index]
    if (batch === undefined) break
    batch.frame.bytes.copy(copy, at, batch.at, batch.at + batch.byteLength)
    at += batch.byteLength
  }
  return { bytes: copy, from, next }
}
