/** What a loop asks and tells of history: which set is in force, and what was made of it. */
import type { Plan } from '../plan/plan.ts'
import type { ResourceSet } from '../sets/resource-set.ts'
import type { Outcome } from './apply-plan.ts'

export interface SetPins {
  /**
   * Asked before each plan. Answers the set that was read, or the one that a rollback put in its place; that one is
   * complete, and its absences have settled.
   */
  setFor(source: string, read: ResourceSet): ResourceSet
}

export interface ConvergenceRecorder {
  /** Told of every look, also of one that had nothing to do. Answers the revision that it became, if it became one. */
  record(convergence: ConvergenceRecord): number | undefined
}

export interface ConvergenceRecord {
  readonly source: string
  /** What the source said. */
  readonly read: ResourceSet
  /** What was converged to: the same, unless the source is pinned. */
  readonly set: ResourceSet
  /** What was left after the last round. */
  readonly plan: Plan
  /** What was made or tried in all rounds; empty when there was nothing to do. */
  readonly outcomes: readonly Outcome[]
  /** An approval was spent. */
  readonly approved: boolean
  /** Something failed, and all that was done was taken back. */
  readonly compensated: boolean
  /** Somebody posted the set; else the loop looked by itself. */
  readonly posted: boolean
  readonly startedUs: number
  readonly elapsedMs: number
}

/** Nothing is pinned and nothing remembered. */
export const NO_HISTORY: SetPins & ConvergenceRecorder = {
  setFor: (_source, read) => read,
  record: () => undefined,
}
