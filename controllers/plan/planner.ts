/**
 * `plan()`: what is declared and what is become the list of what to do. Pure and total: one decision for each resource
 * that the set declares or the source owns.
 */
import { createHash } from 'node:crypto'
import { type Identity, identityKey, identityText } from '../../crds/resource.ts'
import type { Member, Resource, ResourceSet } from '../sets/resource-set.ts'
import { type AbsenceRequest, type Absences, decideAbsence, type Moves } from './absence.ts'
import { withCosts } from './costs.ts'
import { type DeclaredContext, decideDeclared } from './declared.ts'
import { type Dependency, dependenciesOf } from './dependencies.ts'
import { blocked, type Draft } from './draft.ts'
import { formerOf } from './moved-from.ts'
import { obeyPolicies } from './obey-policies.ts'
import {
  isLive,
  isSealed,
  type Observed,
  type ObservedResource,
  type PlanPolicy,
  type PlanTime,
} from './observed.ts'
import { inOrder, isRemoval } from './order.ts'
import type { Action, Plan } from './plan.ts'

export interface PlanRequest {
  readonly set: ResourceSet
  readonly observed: Observed
  readonly policy: PlanPolicy
  readonly now: PlanTime
}

export function plan(request: PlanRequest): Plan {
  const { set, observed, now, policy } = request
  const { drafts, absences } = decideWhole(request)
  const declared = [...drafts.values()].filter((draft) => draft !== undefined)
  const ordered = inOrder(withWaits([...declared, ...absences.actions], observed))
  const actions = obeyPolicies(withCosts(ordered, observed), {
    policies: policy.changes,
    source: set.source,
    nowUs: now.wallUs,
    resources: observed.resources,
  })
  return {
    source: set.source,
    setDigest: set.digest,
    digest: digestOf(set.source, actions),
    destructiveDigest: absences.destructiveDigest,
    actions,
    kept: drafts.size - declared.length,
  }
}

/** What is left of a plan of which every action was carried out. */
export function afterAll(plan: Plan): Plan {
  const { source, actions, kept } = plan
  const made = actions.filter(({ desired }) => desired !== undefined).length
  return {
    ...plan,
    digest: digestOf(source, []),
    destructiveDigest: undefined,
    actions: [],
    kept: kept + made,
  }
}

interface Decisions {
  readonly drafts: ReadonlyMap<string, Draft>
  readonly absences: Absences
}

/** What holds a renaming back is known only once all else is decided, and then changes some of it; so it is done again. */
function decideWhole(request: PlanRequest): Decisions {
  const held = new Map<string, Action>()
  for (;;) {
    const drafts = stallDependents(new Map([...decideAll(request), ...held]), request)
    const usersOf = usersIn(drafts, request)
    const moves = movesIn(drafts)
    const absences = decideAbsence({ ...request, usersOf, moves })
    const inUse = movesInUse(moves, absences.actions, usersOf)
    if (inUse.length === 0) return { drafts, absences }
    for (const action of inUse) held.set(identityKey(action.identity), action)
  }
}

function decideAll({ set, observed, policy, now }: PlanRequest): Map<string, Draft> {
  const context: DeclaredContext = {
    source: set.source,
    set,
    resources: observed.resources,
    observed,
    policy,
    wallUs: now.wallUs,
    claimantsOf: claimantsOf(set),
    holderOfId: holderOfId(observed),
    holderOfType: holderOfType(observed),
  }
  const drafts = new Map<string, Draft>()
  for (const [key, member] of set.members)
    drafts.set(key, decideDeclared(member, observed.resources.get(key), context))
  return drafts
}

/** Built only once somebody says that it was renamed. */
function claimantsOf(set: ResourceSet): DeclaredContext['claimantsOf'] {
  let claimants: Map<string, Member[]> | undefined
  const build = (): Map<string, Member[]> => {
    const found = new Map<string, Member[]>()
    for (const member of set.members.values()) {
      const former = formerOf(member)
      if (former !== undefined) push(found, identityKey(former), member)
    }
    return found
  }
  return (former) => {
    claimants ??= build()
    return claimants.get(identityKey(former)) ?? []
  }
}

/** By the former name; those that are held back too. */
function movesIn(drafts: ReadonlyMap<string, Draft>): Moves {
  const moves = new Map<string, Action>()
  for (const draft of drafts.values())
    if (draft?.movedFrom !== undefined) moves.set(identityKey(draft.movedFrom), draft)
  return moves
}

/** A stream keeps its name as long as something that stays refers to it by that name. */
function movesInUse(
  moves: Moves,
  absences: readonly Action[],
  usersOf: AbsenceRequest['usersOf'],
): readonly Action[] {
  if (moves.size === 0) return []
  const leaving = new Set(
    absences.filter(({ verb }) => isRemoval(verb)).map(({ identity }) => identityKey(identity)),
  )
  return [...moves].flatMap(([former, move]): Action[] => {
    const [user, ...others] = usersOf(former, leaving)
    if (move.verb === 'blocked' || user === undefined) return []
    const more = others.length === 0 ? '' : ` and ${others.length} more`
    const reason = `${identityText(user)}${more} still refers to Stream ${move.movedFrom?.name}: let it refer to ${move.identity.name}.`
    return [
      { ...move, verb: 'blocked', wanted: move.verb, blockedBy: 'InUse', risk: 'safe', reason },
    ]
  })
}

/** Ids are unique per namespace and kind in any letter case; built only once somebody is created. */
function holderOfId(observed: Observed): DeclaredContext['holderOfId'] {
  let holders: Map<string, ObservedResource[]> | undefined
  const idKey = ({ kind, namespace }: Identity, id: string): string =>
    `${kind}/${namespace}/${id.toLowerCase()}`
  return ({ identity, id }) => {
    holders ??= Map.groupBy(observed.resources.values(), (other) => idKey(other.identity, other.id))
    const all = holders.get(idKey(identity, id)) ?? []
    return all.find((holder) => identityKey(holder.identity) !== identityKey(identity))
  }
}

/** By every type that a record of theirs is made of; built only once a type changes. */
function holderOfType(observed: Observed): DeclaredContext['holderOfType'] {
  let holders: Map<string, Identity> | undefined
  const build = (): Map<string, Identity> => {
    const found = new Map<string, Identity>()
    for (const { identity, stream } of observed.resources.values()) {
      if (stream?.type === undefined || stream.records === 0) continue
      const types: Identity[] = [{ ...identity, kind: 'StreamType', name: stream.type }]
      for (let type = types.pop(); type !== undefined; type = types.pop()) {
        const key = identityKey(type)
        if (found.has(key)) continue
        found.set(key, identity)
        types.push(...(observed.resources.get(key)?.accepted?.references ?? []).map(({ to }) => to))
      }
    }
    return found
  }
  return (type) => {
    holders ??= build()
    return holders.get(identityKey(type))
  }
}

/** What is broken stalls what depends on it, and so on; each is visited again only when something before it stalled. */
function stallDependents(drafts: Map<string, Draft>, request: PlanRequest): Map<string, Draft> {
  const { set, observed } = request
  const dependentsOf = dependentsIn(set)
  const pending: string[] = []
  const visit = (key: string, member: Member): void => {
    if (drafts.get(key)?.verb === 'blocked') return
    const missing = missingOf(member, drafts, request)
    if (missing === undefined) return
    const stalled = blocked(member, observed.resources.get(key), 'DependencyNotReady', missing)
    const unchanged = drafts.get(key) === undefined
    drafts.set(key, unchanged ? { ...stalled, wanted: 'keep' } : stalled)
    pending.push(key)
  }
  for (const [key, member] of set.members) visit(key, member)
  for (let key = pending.pop(); key !== undefined; key = pending.pop())
    for (const [dependent, member] of dependentsOf(key)) visit(dependent, member)
  return drafts
}

/** Built only once something stalls. */
function dependentsIn(set: ResourceSet): (key: string) => readonly (readonly [string, Member])[] {
  let dependents: Map<string, [string, Member][]> | undefined
  const build = (): Map<string, [string, Member][]> => {
    const found = new Map<string, [string, Member][]>()
    for (const [key, member] of set.members)
      for (const dependency of dependenciesOfMember(member))
        push(found, dependency.key, [key, member])
    return found
  }
  return (key) => {
    dependents ??= build()
    return dependents.get(key) ?? []
  }
}

const SPREADS: ReadonlySet<string | undefined> = new Set([
  'Invalid',
  'DependencyNotReady',
  'GrantMissing',
])

function missingOf(
  member: Member,
  drafts: ReadonlyMap<string, Draft>,
  { set, observed }: PlanRequest,
): string | undefined {
  for (const { to, key } of dependenciesOfMember(member)) {
    const exists = observed.resources.get(key)
    const draft = drafts.get(key)
    if (set.members.has(key)) {
      if (draft?.verb !== 'blocked') continue
      if (isLive(exists) && !SPREADS.has(draft.blockedBy)) continue
      return `It needs ${identityText(to)}, which is stalled (${draft.blockedBy ?? 'blocked'}).`
    }
    if (isLive(exists)) continue
    return isSealed(exists)
      ? `It needs ${identityText(to)}, which is retained: declare it again.`
      : `It needs ${identityText(to)}, which is not declared.`
  }
  return undefined
}

function dependenciesOfMember(member: Member): readonly Dependency[] {
  return member.state === 'valid' ? dependenciesOf(member.resource) : []
}

interface Users {
  /** By what they refer to. */
  readonly users: ReadonlyMap<string, readonly Identity[]>
  readonly sealed: ReadonlyMap<string, readonly Identity[]>
}

/** Built only once somebody asks, which most plans do not. */
function usersIn(
  drafts: ReadonlyMap<string, Draft>,
  { observed }: PlanRequest,
): (key: string, leaving: ReadonlySet<string>) => readonly Identity[] {
  let found: Users | undefined
  return (key, leaving) => {
    found ??= findUsers(drafts, observed)
    const staying = (found.users.get(key) ?? []).filter((user) => !leaving.has(identityKey(user)))
    return [...staying, ...(found.sealed.get(key) ?? [])]
  }
}

/** Who refers to what, once the plan was carried out: applied declarations by the new text, everything else by the old. */
function findUsers(drafts: ReadonlyMap<string, Draft>, observed: Observed): Users {
  const users = new Map<string, Identity[]>()
  const add = (resource: Resource): void => {
    for (const { key } of dependenciesOf(resource)) push(users, key, resource.identity)
  }
  for (const draft of drafts.values())
    if (draft?.desired !== undefined && draft.verb !== 'blocked') add(draft.desired)
  const sealed = new Map<string, Identity[]>()
  for (const [key, { accepted, stream, identity }] of observed.resources) {
    const draft = drafts.get(key)
    const isReplaced = draft?.desired !== undefined && draft.verb !== 'blocked'
    if (accepted !== undefined && !isReplaced) add(accepted)
    // A retained stream reserves its type.
    if (
      stream?.type !== undefined &&
      (stream.sealed !== undefined || stream.deletionPolicy === 'Retain')
    )
      push(sealed, identityKey({ ...identity, kind: 'StreamType', name: stream.type }), identity)
  }
  return { users, sealed }
}

/** Creations wait for what they refer to; removals for what referred to them and goes, or turns elsewhere. */
function withWaits(actions: readonly Action[], observed: Observed): readonly Action[] {
  const doable = new Map(
    actions
      .filter(({ verb }) => verb !== 'blocked')
      .map((action) => [identityKey(action.identity), action]),
  )
  const moved = new Map<string, string>()
  for (const [key, { movedFrom }] of doable)
    if (movedFrom !== undefined) moved.set(identityKey(movedFrom), key)
  const waits = new Map<string, Set<string>>()
  const wait = (key: string, before: string): void => {
    const known = waits.get(key)
    if (known === undefined) waits.set(key, new Set([before]))
    else known.add(before)
  }
  for (const [key, action] of doable) {
    for (const to of action.desired === undefined ? [] : dependenciesOf(action.desired)) {
      const before = doable.get(to.key)
      if (before?.desired !== undefined) wait(key, to.key)
    }
    const accepted = observed.resources.get(key)?.accepted
    for (const to of accepted === undefined ? [] : dependenciesOf(accepted)) {
      const referred = doable.get(to.key)
      if (referred !== undefined && isRemoval(referred.verb)) wait(to.key, key)
      const move = moved.get(to.key)
      if (move !== undefined && isRemoval(action.verb)) wait(move, key)
    }
  }
  return actions.map((action) => ({
    ...action,
    waitsFor: [...(waits.get(identityKey(action.identity)) ?? [])].sort(),
  }))
}

function digestOf(source: string, actions: readonly Action[]): string {
  const lines = actions.map(({ verb, identity, uid, desired, blockedBy, movedFrom }) => [
    verb,
    identityKey(identity),
    uid,
    desired?.digest,
    blockedBy,
    ...(movedFrom === undefined ? [] : [identityKey(movedFrom)]),
  ])
  return createHash('sha256')
    .update(JSON.stringify([source, lines]))
    .digest('hex')
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
