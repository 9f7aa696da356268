/**
 * The segments of one shard. One append at a time; reads go on beside it, each on the metas that it found.
 *
 * A shard that nobody uses is this object and its metas: indexes and descriptors are the store's, and come and go.
 */
import { HeadgateError } from '../../error.ts'
import type { ReadResult } from '../log.ts'
import { type TailBatch, tailBytes } from '../tail.ts'
import { type AppendPiece, checkBatches, planAppend } from './append-plan.ts'
import type { CoalescedWrites } from './coalesced-writes.ts'
import { composeSegment } from './compose-segment.ts'
import type { DescriptorCache } from './descriptor-cache.ts'
import { lostRecords, type Segment } from './segment.ts'
import type { SegmentAllocation } from './segment-allocation.ts'
import { encodeSegmentHeader, segmentPath } from './segment-file.ts'
import type { SegmentIndexes } from './segment-indexes.ts'
import { findSequenceIn, findTimeIn, type OpenSegment, readSegment } from './segment-read.ts'
import type { SegmentFileName, SegmentMeta, ShardSegments } from './segment-store.ts'
import { ZeroFill } from './zero-fill.ts'

/** What the shards of one store share. */
export interface SegmentParts {
  readonly streams: string
  readonly segmentBytes: number
  readonly descriptors: DescriptorCache
  readonly allocation: SegmentAllocation
  readonly indexes: SegmentIndexes
  readonly writes: CoalescedWrites
  /** Appended to since zeros were filled in last. */
  readonly appended: Set<StoredShard>
}

export interface ShardPlace {
  readonly incarnation: number
  readonly shard: number
  readonly stream: string
}

const NO_METAS: readonly SegmentMeta[] = []

export class StoredShard implements ShardSegments {
  readonly #parts: SegmentParts
  readonly #incarnation: number
  readonly #shard: number
  #stream: string
  #metas: readonly SegmentMeta[]
  #next: number
  /** While an append is under way, the segment that it may add to stays as it is. */
  #isAppending = false
  #isSealDue = false
  #turn: Promise<unknown> | undefined
  #fill: ZeroFill | undefined

  constructor(parts: SegmentParts, place: ShardPlace, metas: readonly SegmentMeta[]) {
    this.#parts = parts
    this.#incarnation = place.incarnation
    this.#shard = place.shard
    this.#stream = place.stream
    this.#metas = metas.length === 0 ? NO_METAS : metas
    this.#next = metas.at(-1)?.next ?? 1
  }

  rename(stream: string): void {
    this.#stream = stream
  }

  get metas(): readonly SegmentMeta[] {
    return this.#metas
  }

  get next(): number {
    return this.#next
  }

  append(batches: readonly TailBatch[]): Promise<void> {
    return this.#inTurn(async () => {
      const held = batches.filter(({ count }) => count > 0)
      checkBatches(held, this.#incarnation, this.#shard, this.#next)
      this.#parts.descriptors.check()
      const last = this.#metas.at(-1)
      this.#isAppending = true
      try {
        const pieces = planAppend(last, held, this.#parts.segmentBytes)
        let previous = last
        for (const piece of pieces) {
          await this.#write(piece, previous)
          previous = piece.meta
        }
        this.#publish(pieces)
      } finally {
        this.#isAppending = false
        if (this.#isSealDue) this.seal()
      }
    })
  }

  seal(): void {
    this.#isSealDue = this.#isAppending
    if (this.#isAppending) return
    const last = this.#metas.at(-1)
    if (last === undefined || last.sealed) return
    this.#metas = [...this.#metas.slice(0, -1), this.#sealed(last)]
  }

  read(from: number, bytesMax: number): Promise<ReadResult | undefined> {
    return this.#find(from, (open) => readSegment(open, from, bytesMax))
  }

  findSequence(sequence: number): Promise<number | undefined> {
    return this.#find(sequence, (open) => findSequenceIn(open, sequence))
  }

  async findTime(arrivalUs: number): Promise<number | undefined> {
    const first = this.#metas[firstIndex(this.#metas, (meta) => meta.newestUs >= arrivalUs)]
    if (first === undefined) return undefined
    return this.#find(first.base, (open) => findTimeIn(open, arrivalUs))
  }

  trim(first: number): readonly SegmentFileName[] {
    const below = firstIndex(this.#metas, (meta) => meta.next > first)
    const count = this.#isAppending ? Math.min(below, Math.max(this.#metas.length - 1, 0)) : below
    const dropped = this.#metas.slice(0, count)
    if (dropped.length > 0) this.#metas = this.#metas.slice(count)
    return dropped.map((meta) => this.#letGo(meta))
  }

  compose(
    range: Pick<SegmentMeta, 'base' | 'next' | 'generation'>,
    batches: AsyncIterable<Uint8Array>,
  ): Promise<SegmentMeta> {
    const empty = { records: 0, bytes: 0, oldestUs: 0, newestUs: 0, sealed: true }
    return composeSegment(this.#parts, this.#segment({ ...empty, ...range }), batches)
  }

  replace(from: readonly SegmentMeta[], into: readonly SegmentMeta[]): readonly SegmentFileName[] {
    const start = this.#metas.findIndex((meta) => isSame(meta, from[0]))
    const found = this.#metas.slice(Math.max(start, 0), Math.max(start, 0) + from.length)
    const fits =
      found.length === from.length &&
      found.every((meta, index) => meta.sealed && isSame(meta, from[index])) &&
      isInPlace(found, into)
    if (from.length === 0 || start < 0 || !fits) {
      throw new HeadgateError(
        'Internal',
        `expected sealed neighbours of stream ${this.#stream} shard ${this.#shard} and what lies ` +
          `within them, got segments that are not`,
      )
    }
    this.#metas = this.#metas.toSpliced(start, from.length, ...into)
    return found.map((meta) => this.#letGo(meta))
  }

  /** The store calls it for shards that were appended to. */
  fillAhead(): Promise<void> {
    return this.#inTurn(async () => {
      const last = this.#metas.at(-1)
      if (last === undefined || last.sealed) {
        this.#fill = undefined
        return
      }
      if (this.#fill?.base !== last.base) this.#fill = new ZeroFill(last.base)
      using lease = this.#parts.descriptors.lease(this.#segment(last).path)
      await this.#fill.ahead(lease, last.bytes, this.#parts.segmentBytes)
    })
  }

  async #write(piece: AppendPiece, previous: SegmentMeta | undefined): Promise<void> {
    const { descriptors, allocation, writes, segmentBytes } = this.#parts
    const segment = this.#segment(piece.meta)
    const parts = piece.batches.map(tailBytes)
    let start = piece.position
    if (piece.isNew) {
      // A shard that filled half a file fills the next one, too.
      const large = Math.max(previous?.bytes ?? 0, piece.meta.bytes) >= segmentBytes / 2
      await allocation.make(segment, large)
      parts.unshift(encodeSegmentHeader(segment))
      start = 0
    }
    using lease = descriptors.lease(segment.path)
    await writes.write(lease, start, parts)
  }

  /** All of an append becomes visible at once; until then nothing of it counts, so that it may be tried again. */
  #publish(pieces: readonly AppendPiece[]): void {
    const metas = [...this.#metas]
    for (const { isNew, position, meta, batches } of pieces) {
      const { path } = this.#segment(meta)
      const last = metas.at(-1)
      if (isNew) {
        if (last !== undefined) metas[metas.length - 1] = this.#sealed(last)
        metas.push(meta)
        this.#parts.allocation.settle(path)
        this.#parts.indexes.begin(path)
      } else {
        metas[metas.length - 1] = meta
      }
      const index = this.#parts.indexes.peek(path)
      let at = position
      for (const { byteLength, baseSequence, arrivalUs } of batches) {
        index?.add(at, byteLength, baseSequence, arrivalUs)
        at += byteLength
      }
      this.#next = meta.next
    }
    this.#metas = metas
    if (pieces.length > 0) this.#parts.appended.add(this)
  }

  #sealed(meta: SegmentMeta): SegmentMeta {
    const sealed = meta.sealed ? meta : { ...meta, sealed: true }
    if (sealed !== meta) this.#parts.indexes.seal(this.#segment(sealed))
    return sealed
  }

  #letGo(meta: SegmentMeta): SegmentFileName {
    const { incarnation, shard, base, generation, path } = this.#segment(meta)
    const { indexes, allocation, segmentBytes } = this.#parts
    indexes.drop(path)
    const isUsual = meta.bytes >= segmentBytes / 2 && meta.bytes <= segmentBytes
    if (isUsual) allocation.release(path)
    return { incarnation, shard, base, generation }
  }

  #segment(meta: SegmentMeta): Segment {
    const name = { incarnation: this.#incarnation, shard: this.#shard }
    const path = segmentPath(this.#parts.streams, { ...meta, ...name })
    return { ...meta, ...name, stream: this.#stream, path }
  }

  /** What the first segment gives that ends above `from` and has an answer. */
  async #find<Result>(
    from: number,
    look: (open: OpenSegment) => Promise<Result | undefined>,
  ): Promise<Result | undefined> {
    let least = from
    for (;;) {
      const meta = this.#metas[firstIndex(this.#metas, ({ next }) => next > least)]
      if (meta === undefined) return undefined
      const result = await this.#lookInto(meta, look)
      if (result !== 'gone' && result !== undefined) return result
      if (result === undefined) least = meta.next
    }
  }

  async #lookInto<Result>(
    meta: SegmentMeta,
    look: (open: OpenSegment) => Promise<Result | undefined>,
  ): Promise<Result | undefined | 'gone'> {
    const segment = this.#segment(meta)
    // Leased before anything is waited for: whatever is discarded now stays readable, or is known to be gone.
    using lease = this.#parts.descriptors.lease(segment.path)
    try {
      const index = await this.#parts.indexes.of(segment, lease)
      return await look({ segment, lease, index })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
      if (!this.#metas.some((held) => isSame(held, meta))) return 'gone'
      throw lostRecords(segment, meta.base, meta.next, error)
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn === undefined ? work() : this.#turn.then(work)
    const settled = turn
      .catch(() => undefined)
      .then(() => {
        if (this.#turn === settled) this.#turn = undefined
      })
    this.#turn = settled
    return turn
  }
}

function isSame(one: SegmentMeta, other: SegmentMeta | undefined): boolean {
  return one.base === other?.base && one.generation === other.generation
}

/** Whether `into` is in order and covers nothing that `from` does not. */
function isInPlace(from: readonly SegmentMeta[], into: readonly SegmentMeta[]): boolean {
  let least = from[0]?.base ?? 0
  for (const { base, next, sealed } of into) {
    if (!sealed || base < least || next < base) return false
    least = next
  }
  return least <= (from.at(-1)?.next ?? 0)
}

/** Of the first element that holds, where all behind it hold too; the length where none does. */
function firstIndex(metas: readonly SegmentMeta[], holds: (meta: SegmentMeta) => boolean): number {
  let low = 0
  let high = metas.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const meta = metas[middle]
    if (meta !== undefined && holds(meta)) high = middle
    else low = middle + 1
  }
  return low
}
