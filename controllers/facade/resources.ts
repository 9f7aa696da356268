/** The five kinds as they are read back. */
import { type Identity, identityKey, KINDS, type ResourceObject } from '../../crds/resource.ts'
import { resumeKey } from '../apply/resume.ts'
import type { Resources } from '../control-plane.ts'
import { suspensionOf } from '../plan/suspension.ts'
import { API_SOURCE } from '../resource-writes.ts'
import { type Held, resourceObject } from '../status/resource-objects.ts'
import { heldOf } from './held.ts'
import {
  identitiesInOrder,
  isRetained,
  type NamedIdentity,
  placeAfter,
  within,
} from './identities.ts'
import type { Running } from './running.ts'

export function resourcesOf(running: Running): Resources {
  const { changes } = running
  const shown = ({ identity }: NamedIdentity): ResourceObject =>
    changes.versioned(identity, objectOf(identity, heldOf(identity, running), running))
  return {
    list(kind, namespace) {
      changes.lookAtTouched()
      return within(identitiesInOrder(kind, running), namespace).map(shown)
    },
    page(kind, namespace, { after, limit }) {
      changes.lookAtTouched()
      const all = within(identitiesInOrder(kind, running), namespace)
      const start = after === undefined ? 0 : placeAfter(all, after)
      const page = all.slice(start, start + limit)
      return { objects: page.map(shown), remaining: all.length - start - page.length }
    },
    get(kind, namespace, name) {
      const identity: Identity = { kind, namespace, name }
      const object = readResource(identity, running)
      return object && changes.versioned(identity, object)
    },
    revision: () => String(changes.revision()),
    watch: (kind, namespace, from, listener) => changes.watch({ kind, namespace }, from, listener),
  }
}

/** Every declared resource, of every kind. */
export function declaredIdentities(running: Running): readonly Identity[] {
  return KINDS.flatMap((kind) => identitiesInOrder(kind, running).map(({ identity }) => identity))
}

export function readResource(identity: Identity, running: Running): ResourceObject | undefined {
  const held = heldOf(identity, running)
  const isThere = running.catalog.entries.get(identityKey(identity)) !== undefined
  if (!isThere && (held.length === 0 || isRetained(identity, running))) return undefined
  return objectOf(identity, held, running)
}

function objectOf(identity: Identity, held: readonly Held[], running: Running): ResourceObject {
  const { catalog, reconcilers, backOff, loops, times } = running
  const key = identityKey(identity)
  const entry = catalog.entries.get(key)
  const resource = entry?.accepted ?? entry?.pending
  const member = entry && loops.get(entry.owner)?.state().set?.members.get(key)
  return resourceObject({
    identity,
    entry,
    observation:
      resource === undefined ? undefined : reconcilers.byKind.get(identity.kind)?.observe(resource),
    held,
    failure: backOff.isEmpty()
      ? undefined
      : (backOff.failure(key) ?? backOff.failure(resumeKey(key))),
    isOrphaned: entry !== undefined && !loops.has(entry.owner),
    suspended: suspendedOf(key, entry?.owner ?? held[0]?.source, running),
    origin: member?.origin ?? entry?.origin ?? held[0]?.action.cause,
    times,
    written:
      entry?.owner === API_SOURCE ? running.posted.objects.all().get(key)?.written : undefined,
  })
}

function suspendedOf(
  key: string,
  owner: string | undefined,
  { chronicle, options }: Running,
): string | undefined {
  const { suspended, suspensions } = chronicle.decidedFor(owner ?? '')
  if (suspended === undefined && suspensions.size === 0) return undefined
  return suspensionOf(key, { suspended, suspensions }, options.clock.wallUs())
}
