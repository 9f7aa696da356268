/** What is decided about one declared resource, as an action: what to do, or what holds it back. */
import type { Member, ValidMember } from '../sets/resource-set.ts'
import type { Reason } from '../status/reasons.ts'
import { isLive, isSealed, type ObservedResource } from './observed.ts'
import type { Action, FieldChange, Risk, Verb } from './plan.ts'

/** Undefined keeps it as it is. */
export type Draft = Action | undefined

export function act(
  member: ValidMember,
  observed: ObservedResource | undefined,
  verb: Verb,
  risk: Risk,
  reason: string,
): Action {
  return {
    verb,
    identity: member.identity,
    uid: observed?.uid,
    risk,
    reason,
    cause: member.origin,
    changes: [],
    waitsFor: [],
    cost: undefined,
    desired: member.resource,
  }
}

export function blocked(
  member: Member,
  observed: ObservedResource | undefined,
  blockedBy: Reason,
  reason: string,
  changes: readonly FieldChange[] = [],
): Action {
  return {
    verb: 'blocked',
    identity: member.identity,
    uid: observed?.uid,
    risk: 'safe',
    reason,
    blockedBy,
    wanted: isLive(observed) ? 'update' : isSealed(observed) ? 'readopt' : 'create',
    cause: member.origin,
    changes,
    waitsFor: [],
    cost: undefined,
    desired: member.state === 'valid' ? member.resource : undefined,
  }
}
