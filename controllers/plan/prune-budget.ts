/**
 * Decides whether absence may delete: how many resources of one kind a source may lose.
 *
 * It guards absence only. What a person deletes by name is not budgeted, because nobody deletes twenty things one by
 * one by accident; what was approved is an explicit act as well.
 */
import type { Kind } from '../../crds/resource.ts'

/** A small folder may lose three of a kind at once; a hundred may lose thirty. */
export const PRUNE_COUNT_FREE = 3
export const PRUNE_SHARE_MAX = 0.3
/** What was lost within this counts too, or a slow drip would empty a source. */
export const PRUNE_WINDOW_US: number = 3_600_000_000

/** How many of one kind a source may lose within an hour without approval: the greater of the two. */
export interface PruneBudget {
  readonly count: number
  /** Of those that it owns, from 0 to 1. */
  readonly share: number
}

export const PRUNE_BUDGET_DEFAULT: PruneBudget = {
  count: PRUNE_COUNT_FREE,
  share: PRUNE_SHARE_MAX,
}

export type PruneVerdict =
  | { readonly kind: 'allowed' }
  | {
      readonly kind: 'blocked'
      readonly reason: 'EmptySet' | 'OverBudget'
      /** How many more may go now. */
      readonly allowed: number
    }

export interface Absence {
  readonly kind: Kind
  /** How many this source owns, the absent ones included. */
  readonly owned: number
  /** How many of them the set no longer declares. */
  readonly absent: number
  /** How many it lost by absence in the last hour. */
  readonly lostLately: number
  /** True when the set declares nothing at all, of any kind: far more often an accident than a wish. */
  readonly setIsEmpty: boolean
  readonly budget: PruneBudget
}

export function judgeAbsence(absence: Absence): PruneVerdict {
  const { owned, absent, lostLately, setIsEmpty } = absence
  if (absent === 0) return { kind: 'allowed' }
  if (setIsEmpty) return { kind: 'blocked', reason: 'EmptySet', allowed: 0 }
  const before = owned + lostLately
  const budget = Math.max(absence.budget.count, Math.floor(before * absence.budget.share))
  if (absent + lostLately <= budget) return { kind: 'allowed' }
  return { kind: 'blocked', reason: 'OverBudget', allowed: Math.max(0, budget - lostLately) }
}
