/**
 * What each source did: its revisions, the differences between them, and the way back to an earlier one.
 *
 * A revision is one set and what came of carrying it out. It is written when a convergence changed or tried something,
 * never for a look that found everything as declared.
 */
import type { Kind } from '../../crds/resource.ts'
import type { FieldChange, Plan, Risk, Verb } from '../plan/plan.ts'

/** Those before the newest that many are forgotten, but for one that its source is pinned to. */
export const REVISIONS_MAX = 100
/** Of one revision; what failed comes first, and all of them are counted. */
export const REVISION_ACTIONS_MAX = 1_000

export interface Revision {
  readonly source: string
  /** Counts the revisions of this source, from 1. */
  readonly revision: number
  readonly setDigest: string
  readonly startedUs: number
  readonly elapsedMs: number
  /** `partial`: some of it was carried out. `rolled-back`: something failed, and all of it was taken back. */
  readonly outcome: 'applied' | 'failed' | 'partial' | 'rolled-back'
  readonly cause: RevisionCause
  /** Secrets are hidden in them. */
  readonly actions: readonly RevisionAction[]
  /** How many there were, the ones that are not listed too. */
  readonly actionCount: number
  /** How many resources the set declares. */
  readonly declared: number
}

/**
 * `change`: the source said something else. `apply`: a set was posted. `resume`: by hand, after a rollback. `start`: it
 * was found as declared when the server started, and no revision told of it.
 *
 * What a revision leaves to do and is done later, after a retry or once an absence has settled, is added to it.
 */
export type RevisionCause =
  | 'change'
  | 'apply'
  | 'approval'
  | 'rollback'
  | 'resume'
  | 'drift'
  | 'start'

export interface RevisionAction {
  readonly verb: Verb
  readonly kind: Kind
  readonly namespace: string
  readonly name: string
  readonly risk: Risk
  readonly reason: string
  readonly changes: readonly FieldChange[]
  readonly error?: RevisionError
}

export interface RevisionError {
  readonly code: string
  readonly message: string
}

/** Of one resource, from the one set to the other. */
export interface RevisionDifference {
  readonly kind: Kind
  readonly namespace: string
  readonly name: string
  readonly change: 'added' | 'changed' | 'removed'
  /** For `changed`, with secrets hidden. */
  readonly changes: readonly FieldChange[]
}

export interface History {
  /** Newest first. NotFound for a source that neither is configured nor has a history. */
  list(source: string, limit?: number): readonly Revision[]
  get(source: string, revision: number): Revision | undefined
  /** From that revision to another one, or to what the source declares now. NotFound for a revision that is not kept. */
  diff(source: string, revision: number, to?: number): readonly RevisionDifference[]
  /**
   * Pins the source to that revision and carries it out. Resolves when that was done; what could not be carried out is
   * in the answer. NotFound for a revision that is not kept, NothingToRollBack for the one that is in force.
   */
  rollback(source: string, revision: number, reason?: string): Promise<RollbackAnswer>
  /** The source is followed again, even where it says what was rolled back. Resolves when that was carried out. */
  resume(source: string): Promise<void>
  /** What the source is pinned to; undefined when it is followed. */
  pin(source: string): Pin | undefined
}

/** The source is held at one of its revisions, until it says something that was not rolled back. */
export interface Pin {
  readonly source: string
  readonly revision: number
  readonly setDigest: string
  readonly sinceUs: number
  readonly reason: string | undefined
  /** Digests of the sets that were rolled back: the one that was in force, and all between it and the revision. */
  readonly rolledBack: readonly string[]
}

export interface RollbackAnswer {
  readonly pin: Pin
  /** What is left to do: it is blocked, or failed and is tried again. */
  readonly plan: Plan
  /** The revision that the rollback itself became; undefined when nothing had to change. */
  readonly revision: Revision | undefined
}
