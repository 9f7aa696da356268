/**
 * Suspends sources and single resources: nothing of them is changed until they are resumed or their time has come. What
 * runs goes on running. Suspensions survive a restart.
 */
import type { Identity } from '../../crds/resource.ts'
import type { Suspension } from '../plan/observed.ts'

export interface Suspensions {
  source(name: string): Suspension | undefined
  resource(identity: Identity): Suspension | undefined
  /** By identityKey; what a plan observes. */
  resources(): ReadonlyMap<string, Suspension>
  /** NotFound for an unknown source or resource. Suspending again replaces reason and time. */
  suspend(target: SuspensionTarget, request: SuspendRequest): Promise<Suspension>
  /** NotFound for an unknown source or resource; nothing happens to one that is not suspended. */
  resume(target: SuspensionTarget): Promise<void>
}

export type SuspensionTarget = { readonly source: string } | { readonly resource: Identity }

export interface SuspendRequest {
  readonly reason: string | undefined
  /** When it ends by itself, on the wall clock; undefined lasts until it is resumed. */
  readonly untilUs: number | undefined
}
