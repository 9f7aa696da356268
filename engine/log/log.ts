/**
 * The log port: durable, sharded, ordered records. One write is the only change to data, and it is all or nothing.
 *
 * Implementations: the in-memory model (which property tests compare with) and the disk engine. A stream's name is
 * opaque here; the control plane uses `namespace/name`.
 */

import type { LogRecord } from './record.ts'

export interface ShardRef {
  readonly stream: string
  /** Another one after delete and recreate: a position of the old stream never reads the new one. */
  readonly incarnation: number
  readonly shard: number
}

/** Where a reader stands: the smallest sequence that it has not seen. */
export interface Position extends ShardRef {
  readonly sequence: number
}

export interface Log {
  /**
   * Resolves once everything in the set is durable (or, where all appends go to relaxed streams and no offsets are
   * committed, written); rejects with nothing changed, but for LogReadOnly, after which the outcome is unknown until
   * the log was opened again. Sets are applied in the order in which they were submitted; one that changes nothing
   * resolves only once all sets before it can be read.
   */
  write(set: WriteSet, signal?: AbortSignal): Promise<WriteResult>
  /** Throws PositionInvalid for another incarnation or a sequence that retention has passed. */
  open(at: Position): Reader
  /** StreamNotFound and ShardOutOfRange as the reference is wrong; PositionInvalid for a sequence that is gone or not yet next. */
  resolve(shard: ShardRef, where: Where): Promise<Position>
  /**
   * The latest record of the key in a compacted stream, of all its shards; undefined where there is none, or where it
   * removed the key. It does not read the stream each time, but the first time it does. Throws BadRequest where the
   * stream is not compacted, StreamNotFound, and KeysTooMany.
   */
  latest(stream: string, incarnation: number, key: Uint8Array): Promise<FoundRecord | undefined>
}

export interface FoundRecord extends LogRecord {
  readonly shard: number
}

export interface Reader extends AsyncDisposable {
  /**
   * The next batches in whole, encoded as `batch.ts` says, back to back in one buffer: at least one, and no more than
   * fit `bytesMax`. Undefined after `waitMs` without any; a wait ends early when the reader is disposed or the signal
   * aborts. The first batch may begin before `from`: skip its records below it.
   */
  next(bytesMax: number, waitMs: number, signal?: AbortSignal): Promise<ReadResult | undefined>
  /** Where the following `next` reads. */
  readonly position: Position
}

export interface ReadResult {
  readonly bytes: Uint8Array
  readonly from: number
  /** One above the last sequence in `bytes`. */
  readonly next: number
}

export type Where =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' }
  /** The given sequence, or the first one after it where there is a gap; at most the end of the shard. */
  | { readonly kind: 'sequence'; readonly sequence: number }
  /** The first record that arrived at or after the time; the end of the shard when there is none. */
  | { readonly kind: 'time'; readonly arrivalUs: number }

export interface WriteSet {
  readonly appends: readonly Append[]
  readonly offsets?: readonly OffsetCommit[]
  readonly trims?: readonly Trim[]
  /** A set that comes again with the same key and content changes nothing and gives the first result again. */
  readonly idempotencyKey?: string
}

export interface Append {
  readonly stream: string
  readonly incarnation: number
  /** Without it, each record goes by the jump hash of its key to one of the shards that this write sees; keyless ones rotate. */
  readonly shard?: number
  /** One encoded batch; its header is stamped by the log, its body is written as it is. */
  readonly batch: Uint8Array
  /** Refuses the whole set with ExpectedNextMismatch unless the shard's next sequence is this one. Needs `shard`. */
  readonly expectNext?: number
}

export interface OffsetCommit {
  readonly group: string
  /** The generation under which the member holds the shard; 0 for a group that nobody joined. */
  readonly generation: number
  readonly stream: string
  readonly incarnation: number
  readonly shard: number
  /** The sequence that the group reads next. */
  readonly next: number
}

/** Drops everything below `first`; what is dropped already stays dropped. */
export interface Trim extends ShardRef {
  readonly first: number
}

export interface WriteResult {
  /** In the order of the set's appends. */
  readonly appends: readonly AppendResult[]
}

/** Parallel arrays, one entry a record, in the order of the batch. */
export interface AppendResult {
  readonly shards: Uint16Array
  readonly sequences: Float64Array
}

/** One set; a larger one is refused with RecordTooLarge. */
export const WRITE_SET_BYTES_MAX: number = 64 * 1024 * 1024
export const BATCH_RECORDS_MAX = 65_536
