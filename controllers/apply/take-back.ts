/**
 * Takes an atomic set back: every step that was begun, in the opposite order, from what was in force before. Each step
 * may be repeated, so a crash in the middle starts over.
 *
 * What cannot come back at once, as a pipeline whose port is gone meanwhile, is left in the catalog as something that is
 * to be made as it was: the next look does it.
 */
import { identityKey, KINDS, type Kind } from '../../crds/resource.ts'
import type { Principal } from '../../engine/access/decide.ts'
import type { CatalogEntry } from '../catalog/catalog.ts'
import { isRemoval } from '../plan/order.ts'
import type { Resource } from '../sets/resource-set.ts'
import type { ApplyOptions } from './apply-plan.ts'
import type { Undo, UndoStep } from './undo-journal.ts'

const ALL: ReadonlySet<Kind> = new Set(KINDS)

/** `kinds` are those that have to be changed, besides the catalog; all of them unless nothing runs yet. */
export async function takeBack(
  undo: Undo,
  options: ApplyOptions,
  kinds: ReadonlySet<Kind> = ALL,
): Promise<void> {
  const { catalog, backOff } = options
  const failed = new Set<UndoStep>()
  for (const step of [...undo.steps].reverse()) {
    if (!kinds.has(step.identity.kind)) continue
    try {
      await reverse(step, undo.source, options)
    } catch {
      failed.add(step)
    }
  }
  catalog.atomically(() => {
    for (const step of undo.steps) {
      const key = identityKey(step.identity)
      restore(key, step, failed.has(step), options)
      if (isRemoval(step.verb) && step.entry?.removal === undefined)
        catalog.prunes.forget(undo.source, step.identity)
      if (failed.has(step)) backOff.forget(key)
    }
    for (const approval of undo.approvals) catalog.approvals.give(undo.source, approval)
    catalog.undo.remove(undo.source)
  })
}

async function reverse(
  { identity, former }: UndoStep,
  source: string,
  { catalog, reconcilers }: ApplyOptions,
): Promise<void> {
  const reconciler = reconcilers.get(identity.kind)
  if (former === undefined) {
    const made = catalog.entries.get(identityKey(identity))
    const resource = made?.pending ?? made?.accepted
    if (made === undefined || resource === undefined) return
    const request = { resource: unprotected(resource), uid: made.uid, owner: source }
    if (identity.kind === 'Stream' && resource.spec['protected'] === true)
      await reconciler?.apply({ ...request, principal: { name: `source:${source}` } })
    await reconciler?.remove({ ...request, retain: false })
    return
  }
  const { resource, uid, owner, sealed } = former
  const principal: Principal = { name: `source:${owner}` }
  await reconciler?.apply({ resource, uid, owner, principal })
  if (sealed) await reconciler?.remove({ resource, uid, owner, retain: true })
}

/** What was never in force needs no guard. */
function unprotected(resource: Resource): Resource {
  return { ...resource, spec: { ...resource.spec, protected: false } }
}

function restore(
  key: string,
  { entry, former }: UndoStep,
  hasFailed: boolean,
  { catalog }: ApplyOptions,
): void {
  const now = catalog.entries.get(key)
  if (hasFailed && former === undefined && now !== undefined)
    catalog.entries.put({ ...now, removal: 'delete' })
  else if (entry === undefined) catalog.entries.remove(key)
  else catalog.entries.put(hasFailed ? anew(entry) : withoutRevision(entry))
}

/** To be made as it was, which the next look does. */
function anew(entry: CatalogEntry): CatalogEntry {
  return withoutRevision({ ...entry, pending: entry.pending ?? entry.accepted })
}

function withoutRevision({
  identity,
  uid,
  id,
  owner,
  accepted,
  pending,
  removal,
  generation,
  observedGeneration,
  createdUs,
  origin,
  completed,
  ranMs,
}: CatalogEntry): CatalogEntry {
  const names = { identity, uid, id, owner, origin, createdUs }
  const ended = { completed, ranMs }
  return { ...names, accepted, pending, removal, generation, observedGeneration, ...ended }
}
