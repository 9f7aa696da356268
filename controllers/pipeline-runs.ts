/** What people do with a pipeline that runs, besides what its declaration says. */
import type { Identity } from '../crds/resource.ts'

export interface PipelineRuns {
  /** It drains, stops and begins anew, a finite input from its start. NotFound, or Conflict where it is paused. */
  restart(identity: Identity): Promise<void>
  /**
   * Stops it where it is, or lets it run on, as `spec.paused` would: for what came through the Connect API. Rejects with
   * Conflict for what another source owns, whose declaration says whether it runs; NotFound.
   */
  pause(identity: Identity, paused: boolean): Promise<void>
}
