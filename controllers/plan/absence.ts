/**
 * Decides what happens to what a source owns and no longer declares: what goes, what is kept, and why.
 *
 * Nothing goes because of a set that is incomplete, has not settled, is empty, is over budget or came from another
 * place, unless it was approved; nothing goes that is protected or that something which stays refers to.
 */
import { type Identity, identityKey, identityText, type Kind } from '../../crds/resource.ts'
import type { ResourceSet } from '../sets/resource-set.ts'
import type { Reason } from '../status/reasons.ts'
import { allows } from './declared.ts'
import { APPROVAL_VALID_US, destructiveDigest } from './destructive-digest.ts'
import {
  isLive,
  isSealed,
  type Observed,
  type ObservedResource,
  type PlanPolicy,
  type PlanTime,
} from './observed.ts'
import type { Action, Verb } from './plan.ts'
import { judgeAbsence, PRUNE_WINDOW_US } from './prune-budget.ts'
import { isSettled } from './settle.ts'
import { costOfDeletion } from './stream-cost.ts'
import { suspensionOf } from './suspension.ts'

export interface AbsenceRequest {
  readonly set: ResourceSet
  readonly observed: Observed
  readonly policy: PlanPolicy
  readonly now: PlanTime
  /** What something that stays refers to: identityKey → who. `leaving` are the keys of what goes. */
  readonly usersOf: (key: string, leaving: ReadonlySet<string>) => readonly Identity[]
  /** By the identityKey of the former name. */
  readonly moves: Moves
}

/** A stream that the set declares under another name: not absent, and kept while its renaming is held back. */
export type Moves = ReadonlyMap<string, Action>

export interface Absences {
  readonly actions: readonly Action[]
  readonly destructiveDigest: string | undefined
}

export function decideAbsence(request: AbsenceRequest): Absences {
  const { set, policy, observed, moves } = request
  const absent: ObservedResource[] = []
  for (const [key, resource] of observed.resources)
    if (isAbsent(key, resource, set, policy, moves)) absent.push(resource)
  if (absent.length === 0) return { actions: [], destructiveDigest: undefined }
  if (!set.complete) return kept(absent, 'Incomplete', incompleteReason(set))
  const released = absent.filter((resource) => isReleased(resource, observed))
  const owned = absent.filter((resource) => !isReleased(resource, observed))
  if (!policy.prune) {
    const held = kept(owned, 'PruneDisabled', 'No longer declared; the source does not prune.')
    return { ...held, actions: [...released.map((one) => release(one, request)), ...held.actions] }
  }
  const guarded = new Map<ObservedResource, Block>()
  for (const resource of owned) {
    const guard = guardOf(resource, request)
    if (guard !== undefined) guarded.set(resource, guard)
  }
  const candidates = owned.filter((resource) => !guarded.has(resource))
  const leaving = leavingOf(candidates, request)
  const used = candidates.filter(({ identity }) => !leaving.has(identityKey(identity)))
  const going = candidates.filter(({ identity }) => leaving.has(identityKey(identity)))
  const judged = judge(going, request)
  return {
    actions: [
      ...released.map((resource) => release(resource, request)),
      ...[...guarded].map(([resource, { by, reason }]) => hold(resource, by, reason)),
      ...used.map((resource) => hold(resource, 'InUse', usedBy(resource, request, leaving))),
      ...judged.actions,
    ],
    destructiveDigest: judged.destructiveDigest,
  }
}

/** What keeps it whatever its source says. */
function guardOf(
  { identity, stream, owner }: ObservedResource,
  { observed, moves, now }: AbsenceRequest,
): Block | undefined {
  const key = identityKey(identity)
  const move = moves.get(key)
  if (move !== undefined)
    return {
      by: 'DependencyNotReady',
      reason: `It waits to become ${identityText(move.identity)}, which is stalled (${move.blockedBy ?? 'blocked'}).`,
    }
  const suspended = suspensionOf(key, observed, now.wallUs)
  if (suspended !== undefined) return { by: 'Suspended', reason: suspended }
  const decision = observed.ownership.get(key)
  if (decision !== undefined && decision.verb !== 'release' && decision.to !== owner)
    return {
      by: 'Released',
      reason: `No longer declared; it waits until source ${decision.to} declares it and takes it.`,
    }
  if (stream?.protected !== true) return undefined
  return {
    by: 'Protected',
    reason:
      'No longer declared, but protected: kept open until a revision sets protected to false.',
  }
}

function isReleased({ identity }: ObservedResource, { ownership }: Observed): boolean {
  return ownership.get(identityKey(identity))?.verb === 'release'
}

/** Its source lets go of it, and it stays as it is. */
function release(
  observed: ObservedResource,
  { set, observed: all, policy, now }: AbsenceRequest,
): Action {
  const action: Action = {
    ...removal(observed),
    verb: 'release',
    risk: 'safe',
    reason: 'released: no longer declared, and kept without an owner',
    cost: undefined,
    ownerBefore: set.source,
  }
  const block = (blockedBy: Reason, reason: string): Action => ({
    ...action,
    verb: 'blocked',
    wanted: 'release',
    blockedBy,
    reason,
  })
  const suspended = suspensionOf(identityKey(observed.identity), all, now.wallUs)
  if (suspended !== undefined) return block('Suspended', suspended)
  if (isSettled(all.settle, policy.pruneSettleMs)) return action
  return block('Settling', 'No longer declared; waits for a second look.')
}

function isAbsent(
  key: string,
  observed: ObservedResource,
  set: ResourceSet,
  { scope }: PlanPolicy,
  moves: Moves,
): boolean {
  const { identity, owner } = observed
  if (owner !== set.source || set.members.has(key)) return false
  const move = moves.get(key)
  if (move !== undefined && move.verb !== 'blocked') return false
  return (
    !isSealed(observed) &&
    allows(scope.namespaces, identity.namespace) &&
    allows(scope.kinds, identity.kind)
  )
}

/** Whatever nothing that stays refers to; what is kept keeps in turn what it refers to. */
function leavingOf(
  candidates: readonly ObservedResource[],
  { usersOf }: AbsenceRequest,
): ReadonlySet<string> {
  const leaving = new Set(candidates.map(({ identity }) => identityKey(identity)))
  for (let before = -1; before !== leaving.size; ) {
    before = leaving.size
    for (const key of [...leaving]) if (usersOf(key, leaving).length > 0) leaving.delete(key)
  }
  return leaving
}

function judge(going: readonly ObservedResource[], request: AbsenceRequest): Absences {
  const { set, observed, policy, now } = request
  const removals = going.map(removal)
  // What never came to be, and what was decided before a crash, goes without being counted once more.
  const counted = removals.filter((_, index) => counts(going[index]))
  const moved = movedTo(observed, policy)
  const digest = destructiveDigest(set.source, counted, moved)
  const approved = digest !== undefined && isApproved(digest, observed, now)
  const block = approved ? undefined : blockOf(going.filter(counts), request, moved)
  const settled = isSettled(observed.settle, policy.pruneSettleMs)
  const actions = removals.map((action, index): Action => {
    if (!settled)
      return {
        ...action,
        verb: 'blocked',
        wanted: action.verb,
        blockedBy: 'Settling',
        reason: 'No longer declared; waits for a second look.',
      }
    if (block === undefined || !counts(going[index])) return action
    return {
      ...action,
      verb: 'blocked',
      wanted: action.verb,
      blockedBy: block.by,
      reason: block.reason,
    }
  })
  return { actions, destructiveDigest: digest }
}

function counts(observed: ObservedResource | undefined): boolean {
  return isLive(observed) && observed.removal === undefined
}

interface Block {
  readonly by: Reason
  readonly reason: string
}

function blockOf(
  going: readonly ObservedResource[],
  { set, observed, policy, now }: AbsenceRequest,
  moved: string | undefined,
): Block | undefined {
  if (going.length === 0) return undefined
  const lost = new Map<Kind, number>()
  for (const { kind, atUs } of observed.pruned)
    if (now.wallUs - atUs < PRUNE_WINDOW_US) lost.set(kind, (lost.get(kind) ?? 0) + 1)
  const owned = [...observed.resources.values()].filter(
    (resource) => resource.owner === set.source && isLive(resource),
  )
  for (const kind of new Set(going.map(({ identity }) => identity.kind))) {
    const absent = going.filter(({ identity }) => identity.kind === kind).length
    const verdict = judgeAbsence({
      kind,
      owned: owned.filter(({ identity }) => identity.kind === kind).length,
      absent,
      lostLately: lost.get(kind) ?? 0,
      setIsEmpty: set.members.size === 0,
      budget: policy.pruneBudget,
    })
    if (verdict.kind === 'allowed') continue
    if (verdict.reason === 'EmptySet')
      return {
        by: 'EmptySet',
        reason: 'The source declares nothing at all: approve it if that is meant.',
      }
    return {
      by: 'OverBudget',
      reason: `${absent} of a kind (${kind}) would go and ${verdict.allowed} may without approval.`,
    }
  }
  if (moved === undefined) return undefined
  return {
    by: 'LocationChanged',
    reason: `The source moved from ${observed.locationAccepted ?? 'nowhere'} to ${policy.location}: approve what would go.`,
  }
}

export function movedTo(observed: Observed, policy: PlanPolicy): string | undefined {
  const { locationAccepted } = observed
  if (locationAccepted === undefined || locationAccepted === policy.location) return undefined
  return policy.location
}

function isApproved(digest: string, observed: Observed, now: PlanTime): boolean {
  return observed.approvals.some(
    (approval) => approval.digest === digest && now.wallUs - approval.givenUs < APPROVAL_VALID_US,
  )
}

function removal(observed: ObservedResource): Action {
  const { identity, uid, stream, origin } = observed
  const verb: Verb =
    stream !== undefined && stream.deletionPolicy === 'Retain' ? 'retain' : 'delete'
  return {
    verb,
    identity,
    uid,
    risk: stream === undefined || verb === 'retain' ? 'disruptive' : 'data-loss',
    reason: 'no longer declared',
    cause: origin,
    changes: [],
    waitsFor: [],
    cost:
      stream !== undefined && verb === 'delete'
        ? { ...costOfDeletion(stream), consumers: [], readers: [] }
        : undefined,
    desired: undefined,
  }
}

function hold(observed: ObservedResource, blockedBy: Reason, reason: string): Action {
  const action = removal(observed)
  return { ...action, verb: 'blocked', wanted: action.verb, blockedBy, reason }
}

function kept(absent: readonly ObservedResource[], blockedBy: Reason, reason: string): Absences {
  return {
    actions: absent.map((observed) => hold(observed, blockedBy, reason)),
    destructiveDigest: undefined,
  }
}

function usedBy(
  { identity }: ObservedResource,
  { usersOf, observed }: AbsenceRequest,
  leaving: ReadonlySet<string>,
): string {
  const users = usersOf(identityKey(identity), leaving)
  const [first] = users
  if (first === undefined) return 'No longer declared, but something that stays refers to it.'
  const others = users.length > 1 ? ` and ${users.length - 1} more` : ''
  const key = identityKey(first)
  if (leaving.has(key) || isSealed(observed.resources.get(key)))
    return `No longer declared, but reserved by ${identityText(first)}${others}, whose data is retained: it goes once that is purged.`
  return `No longer declared, but ${identityText(first)}${others} still refers to it: remove that too, or declare it again.`
}

function incompleteReason({ incompleteBecause }: ResourceSet): string {
  return `Not declared by what could be read, and the source could not be read in whole${incompleteBecause[0] === undefined ? '' : `: ${incompleteBecause[0]}`}.`
}
