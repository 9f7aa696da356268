/**
 * Holds back what the policies of headgate.yaml do not allow, and what cannot go on without it. It is the last word: what
 * is blocked for another reason is not asked about.
 */
import { identityKey, identityText } from '../../crds/resource.ts'
import type { ChangePolicy } from './change-policy.ts'
import { isLive, type ObservedResource } from './observed.ts'
import { isRemoval } from './order.ts'
import type { Action } from './plan.ts'

export interface PolicyRequest {
  readonly policies: readonly ChangePolicy[]
  readonly source: string
  readonly nowUs: number
  readonly resources: ReadonlyMap<string, ObservedResource>
}

/** `actions` are in order: each comes after what it waits for. */
export function obeyPolicies(
  actions: readonly Action[],
  { policies, source, nowUs, resources }: PolicyRequest,
): readonly Action[] {
  const doable = actions.filter(({ verb }) => verb !== 'blocked')
  if (policies.length === 0 || doable.length === 0) return actions
  const held = new Map<string, Action>()
  const labelsOf = ({ desired, identity }: Action): Readonly<Record<string, string>> =>
    desired?.labels ?? resources.get(identityKey(identity))?.accepted?.labels ?? {}
  for (const policy of policies)
    for (const { action, reason } of policy.refusals({ source, actions: doable, labelsOf, nowUs }))
      held.set(identityKey(action.identity), {
        ...action,
        verb: 'blocked',
        wanted: action.verb,
        blockedBy: 'Policy',
        reason,
      })
  if (held.size === 0) return actions
  return actions.map((action) => {
    const key = identityKey(action.identity)
    const behind = held.get(key) ?? stalledBehind(action, held, resources)
    if (behind !== undefined) held.set(key, behind)
    const result = behind ?? action
    return { ...result, waitsFor: result.waitsFor.filter((before) => !held.has(before)) }
  })
}

/** An update may go on without another update; a removal waits for whatever it waits for, and so does a creation. */
function stalledBehind(
  action: Action,
  held: ReadonlyMap<string, Action>,
  resources: ReadonlyMap<string, ObservedResource>,
): Action | undefined {
  if (action.verb === 'blocked') return undefined
  for (const key of action.waitsFor) {
    const before = held.get(key)
    if (before === undefined) continue
    if (!isRemoval(action.verb) && isLive(resources.get(key))) continue
    return {
      ...action,
      verb: 'blocked',
      wanted: action.verb,
      blockedBy: 'DependencyNotReady',
      reason: `It waits for ${identityText(before.identity)}, which is blocked (${before.blockedBy ?? 'blocked'}).`,
    }
  }
  return undefined
}
