/** What a look at a whole data directory found. */

export interface Verification {
  readonly directory: string
  /** Of the engine; undefined where the marker does not say. */
  readonly id: string | undefined
  /** Broken invariants; what others rest on comes first. */
  readonly findings: readonly Finding[]
  /** What is as it may be, and worth knowing. */
  readonly notes: readonly string[]
  readonly counts: VerifiedCounts
}

export interface Finding {
  /** Its name in the table of invariants. */
  readonly invariant: string
  readonly sentence: string
  readonly path: string
  readonly position?: number
  readonly message: string
}

/** How much was looked at. */
export interface VerifiedCounts {
  readonly streams: number
  readonly shards: number
  readonly segments: number
  readonly batches: number
  readonly records: number
  /** Of frames behind the checkpoint. */
  readonly frames: number
  readonly bytes: number
}
