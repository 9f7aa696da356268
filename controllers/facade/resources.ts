/** The five kinds as they are read back. */
import {
  type Identity,
  identityKey,
  KINDS,
  type Kind,
  type ResourceObject,
} from '../../crds/resource.ts'
import { resumeKey } from '../apply/resume.ts'
import type { Resources } from '../control-plane.ts'
import type { Action, Plan } from '../plan/plan.ts'
import { suspensionOf } from '../plan/suspension.ts'
import { API_SOURCE } from '../resource-writes.ts'
import { byName, type Held, resourceObject } from '../status/resource-objects.ts'
import { sealedStream } from './retained.ts'
import type { Running } from './running.ts'

export function resourcesOf(running: Running): Resources {
  const { changes } = running
  return {
    list(kind, namespace) {
      changes.lookAtTouched()
      const objects: ResourceObject[] = []
      for (const identity of identitiesOf(kind, running)) {
        if (namespace !== undefined && identity.namespace !== namespace) continue
        const held = heldOf(identity, running)
        objects.push(changes.versioned(identity, objectOf(identity, held, running)))
      }
      return objects.sort(byName)
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
  return KINDS.flatMap((kind) => [...identitiesOf(kind, running)])
}

export function readResource(identity: Identity, running: Running): ResourceObject | undefined {
  const held = heldOf(identity, running)
  const isThere = running.catalog.entries.get(identityKey(identity)) !== undefined
  if (!isThere && (held.length === 0 || isRetained(identity, running))) return undefined
  return objectOf(identity, held, running)
}

function identitiesOf(kind: Kind, running: Running): Iterable<Identity> {
  const entries = running.catalog.entries.all()
  const identities: Identity[] = []
  for (const { identity } of entries.values()) if (identity.kind === kind) identities.push(identity)
  const more = new Map<string, Identity>()
  for (const loop of running.loops.values())
    for (const [key, [action]] of heldBy(loop.state().plan)) {
      const identity = action?.identity
      if (identity?.kind !== kind || entries.has(key) || isRetained(identity, running)) continue
      more.set(key, identity)
    }
  return [...identities, ...more.values()]
}

/** What the sources' last plans hold back of it. */
function heldOf(identity: Identity, { loops }: Running): readonly Held[] {
  const key = identityKey(identity)
  let held: readonly Held[] = NONE
  for (const [source, loop] of loops) {
    const actions = heldBy(loop.state().plan).get(key)
    if (actions !== undefined) held = [...held, ...actions.map((action) => ({ source, action }))]
  }
  return held
}

const NONE: readonly Held[] = []
const NOTHING_HELD: ReadonlyMap<string, readonly Action[]> = new Map()
const heldByPlan = new WeakMap<Plan, ReadonlyMap<string, readonly Action[]>>()

/** A plan is made once and asked often: what it holds back is indexed by identityKey. */
function heldBy(plan: Plan | undefined): ReadonlyMap<string, readonly Action[]> {
  if (plan === undefined) return NOTHING_HELD
  const known = heldByPlan.get(plan)
  if (known !== undefined) return known
  const held = new Map<string, readonly Action[]>()
  for (const action of plan.actions) {
    if (action.verb !== 'blocked' || action.blockedBy === 'Settling') continue
    const key = identityKey(action.identity)
    held.set(key, [...(held.get(key) ?? []), action])
  }
  heldByPlan.set(plan, held)
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

/** A retained stream that someone declares and may not have is shown among the retained ones only. */
function isRetained({ kind, namespace, name }: Identity, running: Running): boolean {
  return kind === 'Stream' && sealedStream(namespace, name, running) !== undefined
}
