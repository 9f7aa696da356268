/**
 * The streams port: which streams exist. The engine decides existence, so each stream's record carries who owns it
 * and what protects it: losing the catalog never loses a stream, and removing a file cannot remove a guard.
 */

export interface Streams {
  /** Durable when it resolves. StreamExists where the name is taken, sealed ones included. */
  create(stream: StreamRecord): Promise<StreamDescription>
  /** Replaces the record whole; shards may only grow. StreamNotFound for another incarnation. */
  alter(incarnation: number, stream: StreamRecord): Promise<StreamDescription>
  /**
   * Replaces the record whole, its name too: data, sequences and offsets stay, and who reads or writes under the former
   * name goes on, until the process ends. StreamExists where the new name is taken; the former one is free at once.
   * A name stays in its namespace.
   */
  rename(name: string, incarnation: number, stream: StreamRecord): Promise<StreamDescription>
  /** The stream and its data, for good. It does not ask `protected`: the planner does. */
  delete(name: string, incarnation: number): Promise<void>
  /** The named ones that exist, or all; from memory, without waiting for anything. */
  describe(names?: readonly string[]): readonly StreamDescription[]
  /** Called after each create, alter, rename and delete, with the name; after a rename with both. */
  watch(listener: (name: string) => void): Disposable
}

export interface StreamRecord {
  /** Opaque and unique; the control plane uses `namespace/name`. */
  readonly name: string
  /** What foreign APIs call it. */
  readonly id: string
  readonly uid: string
  /** The source's name; undefined for an orphan. */
  readonly owner: string | undefined
  /** Of the declaration that was applied last. */
  readonly digest: string
  /** Name of its StreamType; reserved as long as the stream exists. */
  readonly type: string | undefined
  readonly shards: number
  readonly durability: 'durable' | 'relaxed'
  readonly retention: StreamRetention
  readonly compaction: StreamCompaction
  readonly deletionPolicy: 'Retain' | 'Delete'
  readonly protected: boolean
  /** How long a sealed stream is kept; undefined for ever. */
  readonly retainForMs: number | undefined
  /** Present once the declaration is gone: no appends, no expiry. */
  readonly sealed: Seal | undefined
}

/**
 * With `key`, the latest record of each key is kept, and those before it go in time; a record without data removes its
 * key, and goes too after a day. Every record needs a key; one that came without, before the stream was compacted,
 * stays. What is left keeps its sequence: there are gaps, a position in one means the next record, and a group's lag in
 * records may count what is gone. A protected stream is compacted as well, for it promises no more; a sealed one is not.
 * Retention applies beside it.
 */
export type StreamCompaction = 'none' | 'key'

export interface StreamRetention {
  readonly ageMs: number | undefined
  readonly bytes: number | undefined
}

export interface Seal {
  readonly sinceUs: number
  /** Who owned it last: only that source may take it back by declaring it again. */
  readonly by: string
}

export interface StreamDescription extends StreamRecord {
  readonly incarnation: number
  readonly createdUs: number
  readonly records: number
  readonly bytes: number
  readonly shardStates: readonly ShardState[]
}

export interface ShardState {
  readonly shard: number
  /** The oldest sequence kept; equal to `next` while the shard is empty. */
  readonly first: number
  readonly next: number
  readonly records: number
  readonly bytes: number
  /** Microseconds; undefined while the shard is empty. */
  readonly oldestUs: number | undefined
  readonly newestUs: number | undefined
}

export const SHARDS_MAX = 4096
