/**
 * What sets one engine apart from another: how judged changes become durable, and where batches lie. The log,
 * the streams and the groups are the same over every store.
 */
import type { EngineMeasures } from '../measures.ts'
import type { Judgement } from './admission.ts'
import type { KeyIndexes } from './compaction/key-indexes.ts'
import type { LogView } from './log-view.ts'

export interface Store {
  readonly view: LogView
  /** For reads by key. */
  readonly keys: KeyIndexes
  /**
   * Has the request judged in its turn, makes its changes durable and visible, and gives its result; rejects with what
   * the judge threw, or LogReadOnly.
   */
  commit<Result>(request: CommitRequest<Result>): Promise<Result>
  /** Why nothing can be committed now. */
  condition(): string | undefined
  measures(): EngineMeasures | undefined
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
