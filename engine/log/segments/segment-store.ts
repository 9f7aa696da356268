/**
 * The read store: the batches of each shard, back to back, in files of their own. It is written behind the journal and
 * made durable by checkpoints, so nothing here is on the way of an acknowledgement, and what a crash tears is written
 * again from the journal.
 *
 * A checkpoint is the truth about which segments there are and how much of each counts (`SegmentMeta`); what lies in a
 * file behind that, or in a file that no checkpoint names, never happened.
 */
import type { ReadResult } from '../log.ts'
import type { TailBatch } from '../tail.ts'

export interface SegmentStore extends AsyncDisposable {
  /** The segments of one shard, as a checkpoint knows them; none for a new shard, which costs no input or output. */
  shard(
    incarnation: number,
    shard: number,
    metas: readonly SegmentMeta[],
    stream: string,
  ): ShardSegments
  /**
   * Makes all durable that was appended before the call, names of new files included. After a failure the store writes
   * nothing more and every later call but a read fails with it: what is lost only the journal knows.
   */
  sync(): Promise<void>
  /** Fills with zeros what the next appends will need, and puts indexes behind sealed segments. On nobody's way; a full disk is no failure. */
  fillAhead(): Promise<void>
  /**
   * No checkpoint names them any more: what `trim` or `replace` gave is used again where it is worth it, anything else
   * is removed. Readers who are at them are not disturbed.
   */
  discard(files: readonly SegmentFileName[]): Promise<void>
  /** Does what opens a file for a moment, closing ones that nobody is at while there is no descriptor for it. */
  withDescriptor<Result>(work: () => Promise<Result>): Promise<Result>
  /** Everything that lies in the directory, for recovery and verification. */
  list(): Promise<readonly SegmentFileName[]>
}

export interface ShardSegments {
  /** Oldest first. */
  readonly metas: readonly SegmentMeta[]
  /** One above the last sequence that lies in them; 1 when there never was one. */
  readonly next: number
  /**
   * Adds batches behind what is there, in as few writes as can be; rolls to a new segment by size. When it resolves
   * they can be read from here. After a failure the same batches may be given again.
   */
  append(batches: readonly TailBatch[]): Promise<void>
  /** What segments that are begun from now on say of their stream. */
  rename(stream: string): void
  /** The next append starts a new segment; one that is under way ends the last one. */
  seal(): void
  /** Whole batches from the one that holds `from`, or the next above it, verified; undefined where there is none. LogCorrupt names the sequences. */
  read(from: number, bytesMax: number): Promise<ReadResult | undefined>
  /** The first sequence at or above the given one that a record has; undefined where there is none. */
  findSequence(sequence: number): Promise<number | undefined>
  /** Of the first record that arrived at or after the time; undefined where there is none. Lost ones right before it count. */
  findTime(arrivalUs: number): Promise<number | undefined>
  /** Lets go of segments that lie wholly below, but for one that is being appended to; gives the files, for `discard` once no checkpoint names them. */
  trim(first: number): readonly SegmentFileName[]
  /**
   * Writes batches as one sealed segment for `replace`, of at least one batch; its range and generation are what it
   * takes the place of and one more. Nobody reads it before. `sync` makes it durable, as an append.
   */
  compose(
    range: Pick<SegmentMeta, 'base' | 'next' | 'generation'>,
    batches: AsyncIterable<Uint8Array>,
  ): Promise<SegmentMeta>
  /** Puts `into` in the place of sealed neighbours that it was made from; as `trim` with the files. */
  replace(from: readonly SegmentMeta[], into: readonly SegmentMeta[]): readonly SegmentFileName[]
}

/** Immutable; a change gives another object. */
export interface SegmentMeta {
  readonly base: number
  /** Tells a segment from the ones that it was compacted from; 0 for one that was appended to. */
  readonly generation: number
  /** One above the last sequence in it. */
  readonly next: number
  readonly records: number
  /** How much of the file counts, header included. */
  readonly bytes: number
  readonly oldestUs: number
  readonly newestUs: number
  readonly sealed: boolean
}

export interface SegmentFileName {
  readonly incarnation: number
  readonly shard: number
  readonly base: number
  readonly generation: number
}

export const SEGMENT_BYTES: number = 64 * 1024 * 1024
/** The first block of each segment. */
export const SEGMENT_HEADER_BYTES = 4096
export const DESCRIPTORS_MAX = 2048
