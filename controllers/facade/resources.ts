/** The five kinds as they are read back. */
import { type Identity, identityKey, type Kind, type ResourceObject } from '../../crds/resource.ts'
import { resumeKey } from '../apply/resume.ts'
import type { Resources } from '../control-plane.ts'
import { byName, type Held, isOf, resourceObject } from '../status/resource-objects.ts'
import { sealedStream } from './retained.ts'
import type { Running } from './running.ts'

export function resourcesOf(running: Running): Resources {
  const { catalog } = running
  return {
    list(kind, namespace) {
      const held = heldOf(running, kind)
      const identities = new Map<string, Identity>()
      for (const [key, { identity }] of catalog.entries.all())
        if (isOf(kind, namespace, identity)) identities.set(key, identity)
      for (const [key, list] of held)
        for (const { action } of list)
          if (isOf(kind, namespace, action.identity) && !isRetained(action.identity, running))
            identities.set(key, action.identity)
      return [...identities.values()]
        .map((identity) => objectOf(identity, held.get(identityKey(identity)) ?? [], running))
        .sort(byName)
    },
    get(kind, namespace, name) {
      const identity: Identity = { kind, namespace, name }
      const key = identityKey(identity)
      const held = heldOf(running, kind).get(key) ?? []
      if (!catalog.entries.all().has(key) && (held.length === 0 || isRetained(identity, running)))
        return undefined
      return objectOf(identity, held, running)
    },
    revision: () => String(catalog.entries.revision()),
  }
}

/** What the sources' last plans hold back, by identityKey. */
function heldOf({ loops }: Running, kind: Kind): ReadonlyMap<string, readonly Held[]> {
  const held = new Map<string, Held[]>()
  for (const [source, loop] of loops)
    for (const action of loop.state().plan?.actions ?? []) {
      if (action.verb !== 'blocked' || action.identity.kind !== kind) continue
      if (action.blockedBy === 'Settling') continue
      const key = identityKey(action.identity)
      held.set(key, [...(held.get(key) ?? []), { source, action }])
    }
  return held
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
    failure: backOff.failure(key) ?? backOff.failure(resumeKey(key)),
    isOrphaned: entry !== undefined && !loops.has(entry.owner),
    origin: member?.origin ?? entry?.origin ?? held[0]?.action.cause,
    times,
  })
}

/** A retained stream that someone declares and may not have is shown among the retained ones only. */
function isRetained({ kind, namespace, name }: Identity, running: Running): boolean {
  return kind === 'Stream' && sealedStream(namespace, name, running) !== undefined
}
