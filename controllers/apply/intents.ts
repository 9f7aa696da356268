/**
 * The catalog's side of an apply: what is about to happen, in one atom before the first step; what happened, resource by
 * resource after its last.
 *
 * A removal counts towards the budget, and an approval is spent, together with the intent: after a crash, what was
 * decided is finished without being judged a second time.
 */
import { type Identity, identityKey, identityText } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import type { CatalogEntry } from '../catalog/catalog.ts'
import { isRemoval } from '../plan/order.ts'
import type { Action, Plan } from '../plan/plan.ts'
import type { Resource } from '../sets/resource-set.ts'
import type { ApplyOptions } from './apply-plan.ts'

type IntentOptions = Pick<ApplyOptions, 'catalog' | 'clock' | 'random'>

export function writeIntents(plan: Plan, due: readonly Action[], options: IntentOptions): void {
  const { catalog } = options
  catalog.atomically(() => {
    const approved = isApproved(plan, options)
    for (const action of due) {
      if (action.verb === 'release') intendRelease(action, options)
      else if (isRemoval(action.verb)) intendRemoval(plan.source, action, approved, options)
      else if (action.desired !== undefined)
        intendApply(plan.source, action, action.desired, options)
    }
    const { destructiveDigest } = plan
    if (approved && destructiveDigest !== undefined && due.some(({ verb }) => isRemoval(verb)))
      catalog.approvals.spend(plan.source, destructiveDigest)
  })
}

function isApproved(
  { source, destructiveDigest }: Plan,
  { catalog, clock }: IntentOptions,
): boolean {
  const given = catalog.approvals.of(source, clock.wallUs())
  return given.some(({ digest }) => digest === destructiveDigest)
}

export function intendApply(
  source: string,
  {
    verb,
    identity,
    uid,
    cause,
    movedFrom,
  }: Pick<Action, 'verb' | 'identity' | 'uid' | 'cause' | 'movedFrom'>,
  desired: Resource,
  { catalog, clock, random }: IntentOptions,
): void {
  const key = identityKey(identity)
  const before = catalog.entries.get(key) ?? takeFormer(movedFrom, catalog)
  // Somebody else was quicker; carrying out finds it and says so.
  const takes = verb === 'adopt' || verb === 'transfer'
  if (before !== undefined && before.owner !== source && !takes) return
  if (before?.owner === source && isIntended(before, desired)) return
  catalog.prunes.forget(source, identity)
  const shown = before?.pending ?? before?.accepted
  const isNewSpec = shown === undefined || specText(shown) !== specText(desired)
  catalog.entries.put({
    identity,
    uid: uid ?? before?.uid ?? random.uuid(),
    id: desired.id,
    owner: source,
    accepted: before?.accepted,
    pending: desired,
    removal: undefined,
    generation: (before?.generation ?? 0) + (isNewSpec ? 1 : 0),
    observedGeneration: before?.observedGeneration ?? 0,
    createdUs: before?.createdUs ?? clock.wallUs(),
    origin: cause,
    completed: before?.completed,
    ranMs: before?.ranMs,
  })
}

/**
 * The entry goes with the name, before the engine renames the stream: as long as that has not happened, the engine's own
 * record tells of the former name.
 */
function takeFormer(
  movedFrom: Identity | undefined,
  { entries }: IntentOptions['catalog'],
): CatalogEntry | undefined {
  if (movedFrom === undefined) return undefined
  const former = entries.get(identityKey(movedFrom))
  if (former === undefined) return undefined
  entries.remove(identityKey(movedFrom))
  return { ...former, accepted: undefined, pending: former.pending ?? former.accepted }
}

/** It was decided already, as by whoever wrote it object by object. */
function isIntended({ pending, removal }: CatalogEntry, desired: Resource): boolean {
  return (
    removal === undefined &&
    pending?.digest === desired.digest &&
    JSON.stringify(pending.annotations) === JSON.stringify(desired.annotations)
  )
}

/** The engine's record says who owns a stream, so that one keeps its decision until the record has changed. */
function intendRelease({ identity }: Action, { catalog }: IntentOptions): void {
  const key = identityKey(identity)
  const before = catalog.entries.get(key)
  if (before !== undefined) catalog.entries.put({ ...before, owner: '' })
  if (identity.kind !== 'Stream') catalog.ownership.remove(key)
}

export function confirmReleased({ identity }: Action, { catalog }: IntentOptions): void {
  catalog.ownership.remove(identityKey(identity))
}

function intendRemoval(
  source: string,
  { identity, uid, verb, cause }: Action,
  approved: boolean,
  { catalog, clock }: IntentOptions,
): void {
  const key = identityKey(identity)
  const before = catalog.entries.get(key)
  const removal = verb === 'retain' ? 'retain' : 'delete'
  if (before?.removal === removal) return
  if (before?.accepted !== undefined && !approved)
    catalog.prunes.add(source, identity, clock.wallUs())
  catalog.entries.put({ ...(before ?? strangerEntry(source, identity, uid, cause)), removal })
}

/** A stream that only the engine knew. */
function strangerEntry(
  owner: string,
  identity: Action['identity'],
  uid: string | undefined,
  origin: Action['cause'],
): CatalogEntry {
  if (uid === undefined)
    throw new HeadgateError('Internal', `${identityText(identity)} has no uid.`)
  const empty = {
    accepted: undefined,
    pending: undefined,
    removal: undefined,
    completed: undefined,
  }
  const generations = { generation: 1, observedGeneration: 1, createdUs: 0 }
  return { identity, uid, id: identity.name, owner, origin, ...empty, ...generations }
}

export function confirmApplied(resource: Resource, { catalog }: IntentOptions): void {
  const key = identityKey(resource.identity)
  const entry = catalog.entries.get(key)
  if (entry === undefined) return
  catalog.entries.put({
    ...entry,
    accepted: resource,
    pending: undefined,
    observedGeneration: entry.generation,
  })
  const decision = catalog.ownership.all().get(key)
  if (decision !== undefined && decision.verb !== 'release' && decision.to === entry.owner)
    catalog.ownership.remove(key)
}

export function confirmRemoved({ identity }: Action, { catalog }: IntentOptions): void {
  catalog.entries.remove(identityKey(identity))
  catalog.ownership.remove(identityKey(identity))
}

function specText({ spec }: Resource): string {
  return JSON.stringify(spec)
}
