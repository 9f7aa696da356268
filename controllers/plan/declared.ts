/**
 * Decides what happens to one resource that a set declares, as if it stood alone: ownership, readoption, renaming, and
 * which of its fields changed. What it depends on is judged afterwards.
 */
import { type Identity, identityKey, identityText } from '../../crds/resource.ts'
import type { Member, Resource, ValidMember } from '../sets/resource-set.ts'
import { act, blocked, type Draft } from './draft.ts'
import { driftOf, driftTold } from './drift.ts'
import { judgeChange, type TypeHolder } from './judge-change.ts'
import { decideMove, type MoveContext } from './moved-from.ts'
import {
  isLive,
  isSealed,
  type Observed,
  type ObservedResource,
  type PlanPolicy,
} from './observed.ts'
import { ownedByAnother, takeoverOf } from './ownership.ts'
import type { Action } from './plan.ts'
import { suspensionOf } from './suspension.ts'

export interface DeclaredContext extends MoveContext {
  readonly policy: PlanPolicy
  readonly observed: Observed
  readonly wallUs: number
  /** Who holds this id, in any letter case, other than the given resource. */
  readonly holderOfId: (resource: Resource) => ObservedResource | undefined
  readonly holderOfType: TypeHolder
}

export function decideDeclared(
  member: Member,
  observed: ObservedResource | undefined,
  context: DeclaredContext,
): Draft {
  const draft = decide(member, observed, context)
  if (draft === undefined || draft.verb === 'blocked') return draft
  const { observed: all, wallUs } = context
  const suspended =
    suspensionOf(identityKey(member.identity), all, wallUs) ??
    (draft.movedFrom && suspensionOf(identityKey(draft.movedFrom), all, wallUs))
  if (suspended === undefined) return draft
  return { ...blocked(member, observed, 'Suspended', suspended, draft.changes), wanted: draft.verb }
}

function decide(
  member: Member,
  observed: ObservedResource | undefined,
  context: DeclaredContext,
): Draft {
  if (member.state === 'invalid') {
    const first = member.problems.find(({ severity }) => severity === 'error')
    return blocked(member, observed, 'Invalid', first?.message ?? 'The declaration is invalid.')
  }
  const outside = outsideOfGrants(member.identity, context.policy)
  if (outside !== undefined) return blocked(member, observed, 'GrantMissing', outside)
  // What a repair found by its records alone is retained for nobody: whoever declares it may have it.
  const isFree = isSealed(observed) && observed?.owner === undefined
  if (observed !== undefined && observed.owner !== context.source && !isFree)
    return decideForeign(member, observed, context)
  const move = decideMove(member, observed, context)
  if (move?.kind === 'refused')
    return { ...blocked(member, observed, move.by, move.reason), movedFrom: move.former }
  if (move?.kind === 'moves') return decideMoved(member, move.before, context)
  if (isSealed(observed) && observed !== undefined)
    return decideReadoption(member, observed, context)
  if (observed === undefined || !isLive(observed)) return decideCreation(member, observed, context)
  return decideChange(member, observed, context)
}

function decideCreation(
  member: ValidMember,
  observed: ObservedResource | undefined,
  context: DeclaredContext,
): Action {
  const holder = context.holderOfId(member.resource)
  if (holder !== undefined)
    return blocked(member, observed, 'Conflict', idTaken(member.resource.id, holder))
  return act(member, observed, 'create', 'safe', 'declared for the first time')
}

/** What another source owns, or nobody: taken over where a person said so, else refused. */
function decideForeign(
  member: ValidMember,
  observed: ObservedResource,
  context: DeclaredContext,
): Draft {
  const takeover = takeoverOf(observed, context.source, context.observed)
  if (takeover === undefined)
    return blocked(
      member,
      observed,
      'Conflict',
      ownedByAnother(observed, context.source, context.observed.sources),
    )
  const { verb, reason } = takeover
  const before = observed.owner === undefined ? {} : { ownerBefore: observed.owner }
  const judged = isLive(observed)
    ? judgeChange(member, observed, context)
    : isSealed(observed)
      ? decideReadoption(member, observed, context)
      : act(member, observed, verb, 'safe', reason)
  if (judged.verb === 'blocked') return { ...judged, wanted: verb, ...before }
  const changed = judged.changes.length > 0 ? `; ${judged.reason}` : ''
  return { ...judged, verb, reason: `${reason}${changed}`, ...before }
}

function decideReadoption(
  member: ValidMember,
  observed: ObservedResource,
  context: DeclaredContext,
): Action {
  const refusal = differsFromRetained(member.resource, observed)
  if (refusal !== undefined) return blocked(member, observed, 'Immutable', refusal)
  const judged = judgeChange(member, observed, context)
  if (judged.verb === 'blocked') return judged
  const lost = judged.risk === 'data-loss' ? `; ${judged.reason}` : ''
  const reason = `declared again; its data is taken back${lost}`
  return { ...judged, verb: 'readopt', reason, changes: lost === '' ? [] : judged.changes }
}

function differsFromRetained(
  { spec, id }: Resource,
  observed: ObservedResource,
): string | undefined {
  const type = observed.stream?.type
  if (spec['type'] !== type)
    return `The retained stream has type ${type ?? 'none'}, the declaration ${String(spec['type'] ?? 'none')}: declare it with the same type, or purge it first.`
  if (observed.id !== id)
    return `The retained stream has id ${observed.id}, the declaration ${id}: declare it with the same id, or purge it first.`
  return undefined
}

function decideMoved(
  member: ValidMember,
  before: ObservedResource,
  context: DeclaredContext,
): Action {
  const holder = context.holderOfId(member.resource)
  if (holder !== undefined && identityKey(holder.identity) !== identityKey(before.identity))
    return blocked(member, before, 'Conflict', idTaken(member.resource.id, holder))
  const judged = judgeChange(member, before, context)
  const verb = isSealed(before) ? 'readopt' : 'update'
  if (judged.verb === 'blocked') return { ...judged, wanted: verb, movedFrom: before.identity }
  const fields = judged.changes.filter(({ path }) => path.startsWith('spec'))
  const changed = fields.length > 0 ? `; ${judged.reason}` : ''
  const reason = `renamed from ${before.identity.name}, with its data${changed}`
  return { ...judged, verb, reason, movedFrom: before.identity }
}

function decideChange(
  member: ValidMember,
  observed: ObservedResource,
  context: DeclaredContext,
): Draft {
  const { resource } = member
  const { accepted } = observed
  if (accepted === undefined) return undefined
  if (accepted.digest !== resource.digest || observed.uncertain) {
    if (observed.id === resource.id) return judgeChange(member, observed, context)
    return blocked(
      member,
      observed,
      'Immutable',
      `spec.id cannot change from ${observed.id} to ${resource.id}; declare a resource of another name.`,
    )
  }
  const drift = driftOf(observed)
  if (drift.length === 0) return undefined
  const told = driftTold(drift, observed, context.policy.drift, context.observed.flapping)
  if (told.held) return blocked(member, observed, 'Drifted', told.reason, drift)
  const judged = judgeChange(member, observed, context, drift)
  return judged.verb === 'blocked' ? judged : { ...judged, reason: told.reason }
}

function idTaken(id: string, holder: ObservedResource): string {
  const { identity, owner } = holder
  const who = `${identityText(identity)}${owner === undefined ? '' : ` of source ${owner}`}`
  if (isSealed(holder))
    return `The id ${id} is taken by ${who}, which is retained: give this one another spec.id, or purge it with \`headgate purge ${identity.name} -n ${identity.namespace}\`.`
  return `The id ${id} is taken by ${who}: give this one another spec.id.`
}

function outsideOfGrants({ kind, namespace }: Identity, policy: PlanPolicy): string | undefined {
  const { scope, grants } = policy
  const where = grants.declaredIn ?? 'headgate.yaml'
  if (!allows(scope.namespaces, namespace) || !allows(scope.kinds, kind))
    return `It lies outside of the source's scope: widen scope in ${where}.`
  if (!allows(grants.namespaces, namespace))
    return `The source may not declare anything in namespace ${namespace}: add it to grants.namespaces in ${where}.`
  if (!allows(grants.kinds, kind))
    return `The source may not declare a ${kind}: add it to grants.kinds in ${where}.`
  return undefined
}

export function allows<T>(list: readonly T[] | undefined, item: T): boolean {
  return list === undefined || list.includes(item)
}
