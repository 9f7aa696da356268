/**
 * The records of one shard that can be read, wherever they lie: in memory for the model, in memory and segments for
 * the disk engine. It is told what is durable, in order, and judges nothing.
 */
import type { ReadResult } from './log.ts'
import type { TailBatch } from './tail.ts'

export interface ShardLog {
  /** The oldest sequence kept; equal to `next` while it is empty. */
  readonly first: number
  readonly next: number
  readonly records: number
  readonly bytes: number
  readonly oldestUs: number | undefined
  readonly newestUs: number | undefined
  /** The batch follows what is there; it is readable at once. */
  append(batch: TailBatch): void
  /** The stream has another name from now on. */
  rename?(stream: string): void
  /** Drops what lies wholly below `first`; a batch that `first` cuts through stays. */
  trim(first: number): void
  /** Sequences below `next` will not be given out any more. */
  skipTo(next: number): void
  /** Whole batches from the one that holds `from` on, where `first` <= `from` < `next`. Throws LogCorrupt, naming the sequences. */
  read(from: number, bytesMax: number): Promise<ReadResult>
  /** The first sequence at or above that a record has; `next` where there is none. */
  findSequence(sequence: number): Promise<number>
  /** The first record that arrived at or after the time; `next` where there is none. */
  findTime(arrivalUs: number): Promise<number>
  /** What retention drops as one, oldest first; the last one only when all of it is past its time. */
  pieces(): Iterable<ShardPiece>
}

export interface ShardPiece {
  /** One above its last sequence. */
  readonly nextSequence: number
  readonly bytes: number
  readonly oldestUs: number
  readonly newestUs: number
}
