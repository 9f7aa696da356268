/** What the last plans of the sources hold back: an index by resource, made once for each plan. */
import { type Identity, identityKey } from '../../crds/resource.ts'
import type { Action, Plan } from '../plan/plan.ts'
import type { Held } from '../status/resource-objects.ts'
import type { Running } from './running.ts'

/** Of one resource. */
export function heldOf(identity: Identity, { loops }: Running): readonly Held[] {
  const key = identityKey(identity)
  let held: readonly Held[] = NONE
  for (const [source, loop] of loops) {
    const actions = heldBy(loop.state().plan).get(key)
    if (actions !== undefined) held = [...held, ...actions.map((action) => ({ source, action }))]
  }
  return held
}

const NONE: readonly Held[] = []
const NOTHING_HELD: ReadonlyMap<string, readonly Action[]> = new Map()
const heldByPlan = new WeakMap<Plan, ReadonlyMap<string, readonly Action[]>>()

/** By identityKey. */
export function heldBy(plan: Plan | undefined): ReadonlyMap<string, readonly Action[]> {
  if (plan === undefined) return NOTHING_HELD
  const known = heldByPlan.get(plan)
  if (known !== undefined) return known
  const held = new Map<string, readonly Action[]>()
  for (const action of plan.actions) {
    if (action.verb !== 'blocked' || action.blockedBy === 'Settling') continue
    const key = identityKey(action.identity)
    held.set(key, [...(held.get(key) ?? []), action])
  }
  heldByPlan.set(plan, held)
  return held
}
