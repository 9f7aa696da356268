/** Why a resource is as it is: who owns it, where it is written, what changed it last and what for. */
import type { Identity } from '../../crds/resource.ts'
import type { RevisionAction, RevisionCause } from '../history/history.ts'
import type { Suspension } from '../plan/observed.ts'
import type { Place } from '../sets/problem.ts'
import type { Condition } from './condition.ts'

export interface Why {
  readonly identity: Identity
  /** The source that owns it; undefined for what no source owns, or what is gone. */
  readonly owner: string | undefined
  /** Where it is declared. */
  readonly origin: Place | undefined
  /** The revision of its source that changed it last; undefined before the first. */
  readonly revision: number | undefined
  readonly lastChange: LastChange | undefined
  readonly suspended: Suspension | undefined
  readonly conditions: readonly Condition[]
}

export interface LastChange
  extends Pick<RevisionAction, 'verb' | 'risk' | 'reason' | 'changes' | 'error'> {
  readonly source: string
  readonly revision: number
  readonly setDigest: string
  readonly atUs: number
  readonly cause: RevisionCause
}
