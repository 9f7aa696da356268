/**
 * What one commit changes, as data: what admission decided, what a journal frame holds, what the view applies. A
 * change has been judged; applying it cannot fail.
 */
import type { GroupOffset } from '../streams/groups.ts'
import type { StreamRecord } from '../streams/streams.ts'

export type Change = AppendChange | ControlChange

/** Everything but records: small, and written as JSON. */
export type ControlChange =
  | StreamChange
  | { readonly kind: 'delete'; readonly incarnation: number }
  | TrimChange
  | OffsetChange
  | { readonly kind: 'reset'; readonly group: string; readonly offsets: readonly GroupOffset[] }
  /** Since when the group has no members; null once it has one again. */
  | { readonly kind: 'idle'; readonly group: string; readonly sinceUs: number | null }
  | ReserveChange
  | RememberChange

export interface AppendChange {
  readonly kind: 'append'
  readonly stream: string
  readonly incarnation: number
  readonly shard: number
  /** Encoded, not yet stamped. */
  readonly batch: Uint8Array
  readonly baseSequence: number
  readonly count: number
  readonly arrivalUs: number
  /** Acknowledged before it is synced. */
  readonly relaxed: boolean
}

/** Creates the stream, or replaces its record. */
export interface StreamChange {
  readonly kind: 'stream'
  readonly incarnation: number
  readonly createdUs: number
  /** How keys find their shard; fixed for the life of the stream. */
  readonly partitioner: string
  readonly record: StreamRecord
}

export interface TrimChange {
  readonly kind: 'trim'
  readonly incarnation: number
  readonly shard: number
  readonly first: number
}

export interface OffsetChange {
  readonly kind: 'offset'
  readonly group: string
  readonly stream: string
  readonly incarnation: number
  readonly shard: number
  readonly next: number
}

/** Sequences below `next` may have been given out by a relaxed stream; after a crash it goes on from there. */
export interface ReserveChange {
  readonly kind: 'reserve'
  readonly incarnation: number
  readonly shard: number
  readonly next: number
}

/** What an idempotent write gave, for when it comes again. */
export interface RememberChange {
  readonly kind: 'remember'
  readonly key: string
  /** sha256 of the set, base64. */
  readonly content: string
  readonly atUs: number
  /** For each append the runs of its records: shard, first sequence, count. */
  readonly runs: readonly (readonly SequenceRun[])[]
}

export type SequenceRun = readonly [shard: number, sequence: number, count: number]
