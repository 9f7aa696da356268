/** What a loop asks and tells of history: which set is in force, and what was made of it. */
import type { Plan } from '../plan/plan.ts'
import type { ResourceSet } from '../sets/resource-set.ts'
import type { Outcome } from './apply-plan.ts'

export interface SetPins {
  /** Asked before each plan. Answers the set that was read, or the one that a rollback put in its place. */
  setFor(source: string, read: ResourceSet): ResourceSet
}

export interface ConvergenceRecorder {
  /** Told after each convergence that made or tried something. Answers the number of its revision. */
  record(convergence: ConvergenceRecord): number | undefined
}

export interface ConvergenceRecord {
  readonly source: string
  /** What was converged to. */
  readonly set: ResourceSet
  /** What was left after the last round. */
  readonly plan: Plan
  /** What was made or tried, in the order in which it ended. */
  readonly outcomes: readonly Outcome[]
  readonly startedUs: number
  readonly elapsedMs: number
  /** Whether a set was posted, or the loop looked by itself. */
  readonly cause: 'apply' | 'look'
}

/** Nothing is pinned and nothing remembered. */
export const NO_HISTORY: SetPins & ConvergenceRecorder = {
  setFor: (_source, read) => read,
  record: () => undefined,
}
