/**
 * All or nothing: what holds one resource of an atomic set back holds all of it back. A pure function from the plan as
 * it would be to the plan as it is carried out.
 */
import { identityText } from '../../crds/resource.ts'
import type { Action, Plan } from '../plan/plan.ts'

/** Kept on purpose, while the rest of the set may well be as declared. */
const STEADY: ReadonlySet<string | undefined> = new Set([
  'Drifted',
  'InUse',
  'Protected',
  'PruneDisabled',
  'Released',
])

export function holdBack(plan: Plan): Plan {
  const [first, ...others] = plan.actions.filter(holdsBack)
  if (first === undefined) return plan
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  const reason = `Its set is applied in whole or not at all, and ${identityText(first.identity)}${more} is held back (${first.blockedBy ?? 'blocked'}).`
  return { ...plan, actions: plan.actions.map((action) => held(action, reason)) }
}

function holdsBack({ verb, blockedBy }: Action): boolean {
  return verb === 'blocked' && !STEADY.has(blockedBy)
}

function held(action: Action, reason: string): Action {
  if (action.verb === 'blocked') return action
  return { ...action, verb: 'blocked', wanted: action.verb, blockedBy: 'HeldBack', reason }
}
