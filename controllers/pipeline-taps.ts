/** What people look at while a Pipeline or Sink runs: the records before and after one of its components. */
import type { Identity } from '../crds/resource.ts'
import type { TapRecord } from '../engine/pipelines/tap.ts'
import type { TapPlace } from '../engine/pipelines/tap-point.ts'
import type { TapOptions } from '../engine/pipelines/taps.ts'

export interface PipelineTaps {
  /** Where records can be looked at. NotFound, or Conflict for what does not run. */
  places(identity: Identity): readonly TapPlace[]
  /**
   * Shows records there until the limit is reached, the caller disposes of it, or it runs no more; a restart it outlives.
   * As `places`, and as `Pipeline.tap`.
   */
  tap(identity: Identity, request: TapRequest, listener: PipelineTapListener): Disposable
}

export interface TapRequest extends TapOptions {
  /** The label or path of a component. */
  readonly at: string
}

/** As quick as a `TapListener`. */
export interface PipelineTapListener {
  seen(record: TapRecord): void
  /** From here on another run is looked at: batches and records are counted anew. */
  restarted(): void
  /** Once, and not after a disposal. */
  ended(end: PipelineTapEnd): void
}

export interface PipelineTapEnd {
  readonly reason: 'limit' | 'completed' | 'paused' | 'removed' | 'changed' | 'closing'
  /** For people. */
  readonly message: string
}
