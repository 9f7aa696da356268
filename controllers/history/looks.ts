/**
 * What a loop tells of its looks, and whom it asks before it plans: the two ends of the hook between a source's loop and
 * its history.
 */
import type { Outcome } from '../apply/apply-plan.ts'
import type { Plan } from '../plan/plan.ts'
import type { ResourceSet } from '../sets/resource-set.ts'

/** Asked by every look, before it plans. */
export interface Pins {
  /**
   * The set that is carried out in place of what was read; undefined where the source is followed. A pinned set is
   * complete, and its absences have settled (`alreadySettled`).
   */
  setFor(source: string, read: ResourceSet): ResourceSet | undefined
}

/** Told of every look, also of one that had nothing to do; it writes nothing then. */
export interface LookRecorder {
  record(look: RecordedLook): void
}

export interface RecordedLook {
  readonly source: string
  /** What the source said. */
  readonly read: ResourceSet
  /** What was carried out: the same, unless the source is pinned. */
  readonly set: ResourceSet
  /** The last plan of this look. */
  readonly plan: Plan
  /** Of all its rounds; empty when there was nothing to do. */
  readonly outcomes: readonly Outcome[]
  /** Whether an approval was spent. */
  readonly approved: boolean
  /** Something failed, and all that was done was taken back. */
  readonly compensated: boolean
  readonly startedUs: number
  readonly elapsedMs: number
}
