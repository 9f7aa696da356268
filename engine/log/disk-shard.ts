/**
 * The records of one shard of the disk engine: the older ones in segments, the newest in memory, with some overlap so
 * that readers who keep up cause no read at all. What is in memory alone is moved to the segments by checkpoints.
 */
import { corrupt } from './batch-header.ts'
import type { ReadResult } from './log.ts'
import { pieceOf } from './memory-shard.ts'
import type { SegmentFileName, SegmentMeta, ShardSegments } from './segments/segment-store.ts'
import { SEGMENT_HEADER_BYTES } from './segments/segment-store.ts'
import type { ShardLog, ShardPiece } from './shard-log.ts'
import { concatTail, findInTail, type TailBatch } from './tail.ts'

export interface SequenceRange {
  readonly from: number
  /** The last one. */
  readonly to: number
}

/** When the segment that is appended to is followed by another, though it is not full. */
export interface SegmentRoll {
  readonly ageUs: number
  readonly bytes: number
}

/** Told of files that nothing needs any more but the checkpoint that still names them. */
export type OnDiscard = (files: readonly SegmentFileName[]) => void

/** Of a segment, as far as it decides whether another follows. */
type Extent = Pick<SegmentMeta, 'oldestUs' | 'bytes'>

const NO_BATCHES: readonly TailBatch[] = []

export class DiskShard implements ShardLog {
  stream: string
  readonly incarnation: number
  readonly shard: number
  readonly #segments: ShardSegments
  readonly #onDiscard: OnDiscard
  /** Shared by all shards that are idle. */
  #tail: TailBatch[] = NO_BATCHES as TailBatch[]
  #records = 0
  #bytes = 0
  #first = 1
  #next = 1
  #lost: SequenceRange[] | undefined

  constructor(
    segments: ShardSegments,
    names: { readonly stream: string; readonly incarnation: number; readonly shard: number },
    onDiscard: OnDiscard,
  ) {
    this.stream = names.stream
    this.incarnation = names.incarnation
    this.shard = names.shard
    this.#segments = segments
    this.#onDiscard = onDiscard
    this.#first = segments.metas[0]?.base ?? 1
    this.#next = Math.max(segments.next, 1)
    this.#count()
  }

  rename(stream: string): void {
    this.stream = stream
    this.#segments.rename(stream)
  }

  get first(): number {
    return this.#first
  }

  get next(): number {
    return this.#next
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Those of a piece that a trim cut through do not count; where the piece has gaps, by their share. */
  get records(): number {
    const [oldest] = this.#segments.metas
    const base = oldest?.base ?? this.#tail[0]?.baseSequence ?? this.#first
    const share = oldest === undefined ? 1 : oldest.records / (oldest.next - oldest.base)
    const cut = Math.floor(Math.max(this.#first - base, 0) * share)
    return Math.max(this.#records - cut, 0)
  }

  get oldestUs(): number | undefined {
    return this.#segments.metas[0]?.oldestUs ?? this.#tail[0]?.arrivalUs
  }

  get newestUs(): number | undefined {
    return this.#tail.at(-1)?.arrivalUs ?? this.#segments.metas.at(-1)?.newestUs
  }

  get metas(): readonly SegmentMeta[] {
    return this.#segments.metas
  }

  /** What could not be read when the directory was opened; never given out again. */
  get lost(): readonly SequenceRange[] {
    return this.#lost ?? []
  }

  append(batch: TailBatch): void {
    // Recovery starts at the oldest frame that some shard still needs; this one may have it already.
    if (batch.nextSequence <= this.#segments.next) return
    if (this.#tail === NO_BATCHES) this.#tail = []
    if (this.#tail.length === 0 && this.#segments.metas.length === 0) {
      this.#first = Math.max(this.#first, batch.baseSequence)
    }
    this.#tail.push(batch)
    this.#records += batch.count
    this.#bytes += batch.byteLength
    this.#next = Math.max(this.#next, batch.nextSequence)
  }

  trim(first: number): void {
    const discarded = this.#segments.trim(first)
    if (discarded.length > 0) this.#onDiscard(discarded)
    this.#dropTail(findInTail(this.#tail, first))
    this.#first = Math.min(Math.max(this.#first, first), this.#next)
    // A gap below the oldest record left belongs to what was dropped.
    const oldest = this.#segments.metas[0]?.base ?? this.#tail[0]?.baseSequence ?? this.#next
    this.#first = Math.max(this.#first, oldest)
    this.#lost = this.#lost?.filter(({ to }) => to >= this.#first)
    this.#count()
  }

  skipTo(next: number): void {
    this.#next = Math.max(this.#next, next)
    if (this.#segments.metas.length === 0 && this.#tail.length === 0) this.#first = this.#next
  }

  /** As a checkpoint has it; what it says and no segment holds comes from the journal. */
  restore(first: number, next: number): void {
    this.#next = Math.max(this.#next, next)
    this.#first = Math.max(first, this.#segments.metas[0]?.base ?? first)
  }

  async read(from: number, bytesMax: number): Promise<ReadResult> {
    const lost = this.#lost?.find(({ to }) => to >= from)
    if (lost !== undefined && lost.from <= from) throw this.#lostError(lost)
    const end = lost?.from
    if (from < this.#segments.next && (this.#tail[0]?.baseSequence ?? this.#next) > from) {
      const read = await this.#segments.read(from, bytesMax)
      if (read !== undefined) return read
    }
    const start = findInTail(this.#tail, from)
    const found = this.#tail[start]
    if (found === undefined) return { bytes: Buffer.alloc(0), from, next: this.#next }
    if (end !== undefined && found.baseSequence > end && lost !== undefined) {
      throw this.#lostError(lost)
    }
    return concatTail(this.#tail, start, from, bytesMax, end)
  }

  async findSequence(sequence: number): Promise<number> {
    if (sequence < this.#segments.next) {
      const found = await this.#segments.findSequence(sequence)
      if (found !== undefined) return Math.max(sequence, found)
    }
    const found = this.#tail[findInTail(this.#tail, sequence)]
    return Math.max(sequence, found?.baseSequence ?? this.#next)
  }

  async findTime(arrivalUs: number): Promise<number> {
    const newestUs = this.#segments.metas.at(-1)?.newestUs
    if (newestUs !== undefined && newestUs >= arrivalUs) {
      const found = await this.#segments.findTime(arrivalUs)
      if (found !== undefined) return Math.max(this.#first, found)
    }
    const found = this.#tail.find(
      (batch) => batch.arrivalUs >= arrivalUs && batch.nextSequence > this.#segments.next,
    )
    return Math.max(this.#first, found?.baseSequence ?? this.#next)
  }

  *pieces(): Iterable<ShardPiece> {
    for (const { next, bytes, oldestUs, newestUs } of this.#segments.metas) {
      yield { nextSequence: next, bytes: bytes - SEGMENT_HEADER_BYTES, oldestUs, newestUs }
    }
    for (let index = this.#unflushedFrom; index < this.#tail.length; index++) {
      const batch = this.#tail[index]
      if (batch !== undefined) yield pieceOf(batch)
    }
  }

  /** The oldest frame that only memory holds for this shard. */
  get unflushedFrame(): number | undefined {
    return this.#tail[this.#unflushedFrom]?.frame.sequence
  }

  /** Moves what frames up to this one brought to the segments. After a failure it can be asked again. */
  async flush(frameSequence: number, roll: SegmentRoll): Promise<void> {
    for (;;) {
      const active = this.#segments.metas.at(-1)
      const open = active === undefined || active.sealed ? undefined : active
      const batches = this.#takeUnflushed(frameSequence, open, roll)
      if (batches.length === 0) return
      const [first] = batches
      if (first !== undefined && open !== undefined && isDue(open, first, roll)) {
        this.#segments.seal()
      }
      await this.#segments.append(batches)
      // Meanwhile a trim may have dropped what was on its way.
      const discarded = this.#segments.trim(this.#first)
      if (discarded.length > 0) this.#onDiscard(discarded)
      this.#count()
    }
  }

  /** As many as belong to one segment: to the open one, or, where that is due to roll, to the next. */
  #takeUnflushed(
    frameSequence: number,
    open: SegmentMeta | undefined,
    roll: SegmentRoll,
  ): readonly TailBatch[] {
    const batches: TailBatch[] = []
    let meta: Extent | undefined = open
    for (let index = this.#unflushedFrom; index < this.#tail.length; index++) {
      const batch = this.#tail[index]
      if (batch === undefined || batch.frame.sequence > frameSequence) break
      const { arrivalUs, byteLength } = batch
      if (meta !== undefined && isDue(meta, batch, roll)) {
        if (batches.length > 0) break
        meta = undefined
      }
      batches.push(batch)
      meta =
        meta === undefined
          ? { oldestUs: arrivalUs, bytes: SEGMENT_HEADER_BYTES + byteLength }
          : { oldestUs: meta.oldestUs, bytes: meta.bytes + byteLength }
    }
    return batches
  }

  /** Memory lets go of a frame, and of those before it, as far as the segments have their batches. */
  evict(frameSequence: number): void {
    const flushed = this.#unflushedFrom
    let count = 0
    while (count < flushed && (this.#tail[count]?.frame.sequence ?? Infinity) <= frameSequence) {
      count++
    }
    this.#dropTail(count)
  }

  /** Ends the segment that is appended to once it is old, though nothing comes that would. */
  sealAged(nowUs: number, { ageUs }: SegmentRoll): void {
    const active = this.#segments.metas.at(-1)
    if (active === undefined || active.sealed || nowUs - active.oldestUs < ageUs) return
    this.#segments.seal()
  }

  /** As they lie in the segments alone. */
  readSegments(from: number, bytesMax: number): Promise<ReadResult | undefined> {
    return this.#segments.read(from, bytesMax)
  }

  compose(
    range: Pick<SegmentMeta, 'base' | 'next' | 'generation'>,
    batches: AsyncIterable<Uint8Array>,
  ): Promise<SegmentMeta> {
    return this.#segments.compose(range, batches)
  }

  /** Compaction puts segments in the place of those they were made from; memory forgets what was in those. */
  replace(from: readonly SegmentMeta[], into: readonly SegmentMeta[]): void {
    this.#onDiscard(this.#segments.replace(from, into))
    this.#dropTail(findInTail(this.#tail, from.at(-1)?.next ?? 0))
    this.#count()
  }

  /** Repair puts what is sound of a segment in its place, or nothing. What was lost in it is no error any more. */
  async mend(meta: SegmentMeta, batches: AsyncIterable<Uint8Array> | undefined): Promise<void> {
    if (!meta.sealed) this.#segments.seal()
    const { base, next, generation } = meta
    const range = { base, next, generation: generation + 1 }
    const into = batches === undefined ? [] : [await this.#segments.compose(range, batches)]
    this.#onDiscard(this.#segments.replace([{ ...meta, sealed: true }], into))
    this.forgetLost({ from: base, to: next - 1 })
    this.trim(this.#first)
  }

  /** Readers go on behind what was lost within the range, as behind any gap. */
  forgetLost(within: SequenceRange): void {
    this.#lost = this.#lost?.filter(({ from, to }) => to < within.from || from > within.to)
  }

  /** Readers are told from now on that these cannot be read. */
  markLost(range: SequenceRange): void {
    this.#lost = [...(this.#lost ?? []), range]
  }

  /** Index of the first batch that is not in the segments. */
  get #unflushedFrom(): number {
    return findInTail(this.#tail, this.#segments.next)
  }

  #dropTail(count: number): void {
    if (count === 0) return
    this.#tail = count === this.#tail.length ? (NO_BATCHES as TailBatch[]) : this.#tail.slice(count)
  }

  #count(): void {
    this.#records = 0
    this.#bytes = 0
    for (const { records, bytes } of this.#segments.metas) {
      this.#records += records
      this.#bytes += bytes - SEGMENT_HEADER_BYTES
    }
    for (let index = this.#unflushedFrom; index < this.#tail.length; index++) {
      const batch = this.#tail[index]
      this.#records += batch?.count ?? 0
      this.#bytes += batch?.byteLength ?? 0
    }
  }

  #lostError({ from, to }: SequenceRange): Error {
    return corrupt(
      `sequences ${from} to ${to} in shard ${this.shard} of ${this.stream}`,
      `damaged data; go on from ${to + 1}`,
    )
  }
}

function isDue({ oldestUs, bytes }: Extent, { arrivalUs }: TailBatch, roll: SegmentRoll): boolean {
  return arrivalUs - oldestUs >= roll.ageUs || bytes >= roll.bytes
}
