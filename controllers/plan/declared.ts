/**
 * Decides what happens to one resource that a set declares, as if it stood alone: ownership, readoption, and which of
 * its fields changed. What it depends on is judged afterwards.
 */
import { type Identity, identityText } from '../../crds/resource.ts'
import type { Member, Resource, ValidMember } from '../sets/resource-set.ts'
import type { Reason } from '../status/reasons.ts'
import { CHANGES_MAX, differences } from './differences.ts'
import { type FieldVerdict, ruleOf } from './field-tables.ts'
import { isLive, isSealed, type ObservedResource, type PlanPolicy } from './observed.ts'
import type { Action, FieldChange, Risk, Verb } from './plan.ts'
import type { Loss } from './stream-cost.ts'

export interface DeclaredContext {
  readonly source: string
  readonly policy: PlanPolicy
  readonly wallUs: number
  /** Who holds this id, in any letter case, other than the given resource. */
  readonly holderOfId: (resource: Resource) => ObservedResource | undefined
  /** A stream that holds records of this type, or of one that it is part of. */
  readonly holderOfType: (type: Identity) => Identity | undefined
}

/** Undefined keeps it as it is. */
export type Draft = Action | undefined

export function decideDeclared(
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
    return blocked(member, observed, 'Conflict', ownedByAnother(observed, context.source))
  if (isSealed(observed) && observed !== undefined) return decideReadoption(member, observed)
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

function decideReadoption(member: ValidMember, observed: ObservedResource): Action {
  const declaredType = member.resource.spec['type']
  const type = observed.stream?.type
  if (declaredType !== type)
    return blocked(
      member,
      observed,
      'Immutable',
      `The retained stream has type ${type ?? 'none'}, the declaration ${String(declaredType ?? 'none')}: declare it with the same type, or purge it first.`,
    )
  if (observed.id !== member.resource.id)
    return blocked(
      member,
      observed,
      'Immutable',
      `The retained stream has id ${observed.id}, the declaration ${member.resource.id}: declare it with the same id, or purge it first.`,
    )
  return act(member, observed, 'readopt', 'safe', 'declared again; its data is taken back')
}

function decideChange(
  member: ValidMember,
  observed: ObservedResource,
  context: DeclaredContext,
): Draft {
  const { resource } = member
  const { accepted } = observed
  if (accepted === undefined) return undefined
  if (accepted.digest === resource.digest && !observed.uncertain) return undefined
  if (observed.id !== resource.id)
    return blocked(
      member,
      observed,
      'Immutable',
      `spec.id cannot change from ${observed.id} to ${resource.id}; declare a resource of another name.`,
    )
  const { kind } = resource.identity
  const heldBy = kind === 'StreamType' ? context.holderOfType(resource.identity) : undefined
  const changes = differences(accepted, resource)
  const judged = changes.map((change) => ({
    change,
    verdict: ruleOf(kind, change.path).judge({
      from: accepted,
      to: resource,
      stream: observed.stream,
      heldBy,
      wallUs: context.wallUs,
    }),
  }))
  const refused = judged.map(({ verdict }) => verdict).find((verdict) => verdict.kind === 'refused')
  if (refused?.kind === 'refused')
    return blocked(
      member,
      observed,
      refused.reason,
      sentence(refused.instead),
      changes.slice(0, CHANGES_MAX),
    )
  return changed(member, observed, judged)
}

function changed(
  member: ValidMember,
  observed: ObservedResource,
  judged: readonly { readonly change: FieldChange; readonly verdict: FieldVerdict }[],
): Action {
  let verb: Verb = 'update'
  let risk: Risk = 'safe'
  let loss: Loss | undefined
  const reasons = new Set<string>()
  for (const { change, verdict } of judged) {
    if (verdict.kind === 'satisfied') reasons.add(`${change.path}: ${verdict.note}`)
    if (verdict.kind !== 'change') continue
    reasons.add(`${change.path} changed`)
    if (verdict.verb === 'replace') verb = 'replace'
    if (RISKS.indexOf(verdict.risk) > RISKS.indexOf(risk)) risk = verdict.risk
    loss = verdict.cost ?? loss
  }
  const reason = reasons.size === 0 ? 'applied again to be sure' : [...reasons].join('; ')
  const action = act(member, observed, verb, risk, reason)
  const cost = loss && { ...loss, consumers: [], readers: [] }
  return { ...action, changes: judged.slice(0, CHANGES_MAX).map(({ change }) => change), cost }
}

const RISKS: readonly Risk[] = ['safe', 'disruptive', 'data-loss']

function act(
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

function idTaken(id: string, holder: ObservedResource): string {
  const { identity, owner } = holder
  const who = `${identityText(identity)}${owner === undefined ? '' : ` of source ${owner}`}`
  if (isSealed(holder))
    return `The id ${id} is taken by ${who}, which is retained: give this one another spec.id, or purge it with \`headgate purge ${identity.name} -n ${identity.namespace}\`.`
  return `The id ${id} is taken by ${who}: give this one another spec.id.`
}

function ownedByAnother(observed: ObservedResource, source: string): string {
  const owner = observed.owner === undefined ? 'no source' : `source ${observed.owner}`
  if (isSealed(observed))
    return `The stream is retained for ${owner}, so source ${source} cannot declare it: let ${owner} declare it again, or purge it with \`headgate purge ${observed.identity.name} -n ${observed.identity.namespace}\`.`
  return `It is owned by ${owner}, so source ${source} cannot declare it too: remove one of the two declarations.`
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

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
