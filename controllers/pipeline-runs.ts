/** What people do with a pipeline that runs, besides what its declaration says. */
import type { Identity } from '../crds/resource.ts'
import type { StreamMove } from './resets/move-positions.ts'
import type { ResetWish } from './resets/reset-targets.ts'

export interface PipelineRuns {
  /** It drains, stops and begins anew, a finite input from its start. NotFound, or Conflict where it is paused. */
  restart(identity: Identity): Promise<void>
  /**
   * Stops it where it is, or lets it run on, as `spec.paused` would: for what came through the Connect API. Rejects with
   * Conflict for what another source owns, whose declaration says whether it runs; NotFound.
   */
  pause(identity: Identity, paused: boolean): Promise<void>
  /**
   * Moves where a Pipeline or Sink reads on: what it has under way is delivered or given up, and it reads on from there.
   * NotFound, BadRequest for one that reads no stream, PositionInvalid for a sequence that is not there yet.
   */
  reset(identity: Identity, request: ResetRequest): Promise<PipelineReset>
}

export interface ResetRequest extends ResetWish {
  /** Tells what it would do, and does nothing. */
  readonly dryRun: boolean
}

export interface PipelineReset {
  readonly moves: readonly StreamMove[]
  /** False for one that is paused, or cannot be started: it begins there once it runs. */
  readonly runs: boolean
}
