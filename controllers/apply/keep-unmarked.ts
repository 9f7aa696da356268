/**
 * What was written object by object goes because somebody deleted it by name, and for no other reason: a store of what
 * was posted that lost something deletes nothing.
 */
import { identityKey } from '../../crds/resource.ts'
import type { ObservedResource } from '../plan/observed.ts'
import { isRemoval } from '../plan/order.ts'
import type { Action, Plan } from '../plan/plan.ts'
import { APPROVABLE } from './report.ts'

const REASON =
  'What was written of it is lost, and nobody deleted it: write it again, or delete it.'

export function keepUnmarked(plan: Plan, resources: ReadonlyMap<string, ObservedResource>): Plan {
  const isUnmarked = ({ verb, wanted, blockedBy, identity }: Action): boolean =>
    isRemoval(wanted ?? verb) &&
    (verb !== 'blocked' || APPROVABLE.has(blockedBy)) &&
    resources.get(identityKey(identity))?.removal === undefined
  if (!plan.actions.some(isUnmarked)) return plan
  return {
    ...plan,
    destructiveDigest: undefined,
    actions: plan.actions.map((action) => (isUnmarked(action) ? kept(action) : action)),
  }
}

function kept(action: Action): Action {
  const wanted = action.wanted ?? action.verb
  return { ...action, verb: 'blocked', wanted, blockedBy: 'PruneDisabled', reason: REASON }
}
