/** What an engine tells of itself to those who run it; read when somebody asks, so it costs nothing in between. */

export interface EngineMeasures {
  /** From the submission of a write to its acknowledgement. */
  readonly appendSeconds: DurationCounts
  readonly syncSeconds: DurationCounts
  readonly checkpointSeconds: DurationCounts
  /** Writes that wait for their sync, or for one before it. */
  readonly queuedRequests: number
  readonly queuedBytes: number
  /** Writes that the queue had no room for. */
  readonly refusedRequests: number
  readonly journalUsedBytes: number
  readonly journalCapacityBytes: number
  /** Frames that memory holds, and of these what no segment has yet. */
  readonly tailBytes: number
  readonly unflushedBytes: number
}

export interface DurationCounts {
  /** Upper bounds, ascending. */
  readonly bounds: readonly number[]
  /** One for each bound, not cumulative, and last what lies above them. */
  readonly counts: Float64Array
  readonly sum: number
  readonly count: number
}
