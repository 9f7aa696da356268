/** What one convergence did, as data: `up` prints it, tests read it. Nothing is reported when nothing happened. */
import type { Identity } from '../../crds/resource.ts'
import type { Verb } from '../plan/plan.ts'
import type { Place, Problem } from '../sets/problem.ts'

export interface ConvergenceReport {
  readonly source: string
  /** Of the set that was read. */
  readonly setDigest: string
  /** True once after each start. */
  readonly isFirst: boolean
  readonly changes: readonly ConvergedChange[]
  readonly failures: readonly ConvergenceFailure[]
  /** From the first hint to the last resource being as declared. */
  readonly elapsedMs: number
  /** Where what changed is written; each once, in order. */
  readonly files: readonly string[]
  /** Those that the look before this one did not have. */
  readonly problems: readonly Problem[]
  /** How many problems the look before had and this one does not. */
  readonly problemsResolved: number
  /** Why nothing of the source goes; new causes only. */
  readonly incompleteBecause: readonly string[]
  /** Removals and changes that are held back; new ones only. */
  readonly blocked: readonly BlockedChange[]
  /** What `headgate approve` would carry out; present when something new waits for it. */
  readonly approval: ApprovalOffer | undefined
  /** How many resources of the source are as declared now. */
  readonly converged: number
}

export interface ConvergedChange {
  readonly verb: Verb
  readonly identity: Identity
  readonly reason: string
  readonly cause: Place | undefined
}

export interface ConvergenceFailure extends ConvergedChange {
  readonly code: string
  readonly message: string
  readonly hint: string | undefined
  /** Undefined when it waits for another declaration. */
  readonly retryInMs: number | undefined
}

export interface BlockedChange {
  readonly wanted: Verb | undefined
  readonly blockedBy: string
  readonly identity: Identity
  readonly reason: string
  readonly cause: Place | undefined
}

export interface ApprovalOffer {
  readonly destructiveDigest: string
  /** What a person types. */
  readonly command: string
}
