/**
 * What sets one engine apart from another: how judged changes become durable, and how batches are fetched. The log,
 * the streams and the groups are the same over every store.
 */
import type { Judgement } from './admission.ts'
import type { LogView } from './log-view.ts'
import type { IndexEntry } from './shard-index.ts'

export interface Store<Place> {
  readonly view: LogView<Place>
  /**
   * Has the request judged in its turn, makes its changes durable and visible, and gives its result; rejects with what
   * the judge threw, or LogReadOnly.
   */
  commit<Result>(request: CommitRequest<Result>): Promise<Result>
  /** The batches back to back in a buffer of their own. Throws LogCorrupt. */
  fetch(entries: readonly IndexEntry<Place>[]): Promise<Uint8Array>
  /** Why nothing can be committed now. */
  condition(): string | undefined
}

export interface CommitRequest<Result> {
  /** What it adds to the queue. */
  readonly bytes: number
  /** Leaves the queue when aborted; once it is judged it goes through. */
  readonly signal?: AbortSignal | undefined
  judge(): Judgement<Result>
}

/** What a small request counts as. */
export const CONTROL_REQUEST_BYTES = 256
