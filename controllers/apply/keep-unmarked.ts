/**
 * What was written object by object goes because somebody deleted it by name, and for no other reason: a store of what
 * was posted that lost something deletes nothing.
 */
import { identityKey } from '../../crds/resource.ts'
import type { ObservedResource } from '../plan/observed.ts'
import { isRemoval } from '../plan/order.ts'
import type { Action, Plan } from '../plan/plan.ts'

const REASON =
  'What was written of it is lost, and nobody deleted it: write it again, or delete it.'

export function keepUnmarked(plan: Plan, resources: ReadonlyMap<string, ObservedResource>): Plan {
  const isUnmarked = ({ verb, identity }: Action): boolean =>
    isRemoval(verb) && resources.get(identityKey(identity))?.removal === undefined
  if (!plan.actions.some(isUnmarked)) return plan
  return {
    ...plan,
    actions: plan.actions.map((action) =>
      isUnmarked(action)
        ? {
            ...action,
            verb: 'blocked',
            wanted: action.verb,
            blockedBy: 'PruneDisabled',
            reason: REASON,
          }
        : action,
    ),
  }
}
