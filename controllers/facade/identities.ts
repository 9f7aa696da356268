/**
 * Which resources there are, in the order of their names. The order is kept until the catalog is written to, so that a
 * page of thousands costs no more than what is on it.
 */
import type { Identity, Kind } from '../../crds/resource.ts'
import type { CatalogEntries } from '../catalog/catalog.ts'
import { heldBy } from './held.ts'
import { sealedStream } from './retained.ts'
import type { Running } from './running.ts'

export interface NamedIdentity {
  readonly identity: Identity
  /** `namespace/name`, by which they are ordered. */
  readonly name: string
}

interface Ordered {
  readonly revision: number
  readonly size: number
  readonly byKind: Map<Kind, readonly NamedIdentity[]>
}

const orderedOf = new WeakMap<CatalogEntries, Ordered>()

export function identitiesInOrder(kind: Kind, running: Running): readonly NamedIdentity[] {
  const known = ofCatalog(kind, running.catalog.entries)
  const more = onlyHeld(kind, running)
  return more.length === 0 ? known : [...known, ...more].sort(byName)
}

function ofCatalog(kind: Kind, entries: CatalogEntries): readonly NamedIdentity[] {
  const [revision, { size }] = [entries.revision(), entries.all()]
  let ordered = orderedOf.get(entries)
  if (ordered?.revision !== revision || ordered.size !== size) {
    ordered = { revision, size, byKind: new Map() }
    orderedOf.set(entries, ordered)
  }
  const known = ordered.byKind.get(kind)
  if (known !== undefined) return known
  const identities: NamedIdentity[] = []
  for (const { identity } of entries.all().values())
    if (identity.kind === kind) identities.push(named(identity))
  ordered.byKind.set(kind, identities.sort(byName))
  return identities
}

/** What is declared and cannot be created yet. */
function onlyHeld(kind: Kind, running: Running): readonly NamedIdentity[] {
  const entries = running.catalog.entries.all()
  const more = new Map<string, NamedIdentity>()
  for (const loop of running.loops.values())
    for (const [key, [action]] of heldBy(loop.state().plan)) {
      const identity = action?.identity
      if (identity?.kind !== kind || entries.has(key) || isRetained(identity, running)) continue
      more.set(key, named(identity))
    }
  return [...more.values()]
}

/** Those of one namespace, or all. */
export function within(
  ordered: readonly NamedIdentity[],
  namespace: string | undefined,
): readonly NamedIdentity[] {
  if (namespace === undefined) return ordered
  return ordered.filter(({ identity }) => identity.namespace === namespace)
}

/** Where those begin that come after a name. */
export function placeAfter(ordered: readonly NamedIdentity[], after: string): number {
  let [low, high] = [0, ordered.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ordered[middle]?.name ?? '') > after) high = middle
    else low = middle + 1
  }
  return low
}

function named(identity: Identity): NamedIdentity {
  return { identity, name: `${identity.namespace}/${identity.name}` }
}

function byName(a: NamedIdentity, b: NamedIdentity): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}

/** A retained stream that someone declares and may not have is shown among the retained ones only. */
export function isRetained({ kind, namespace, name }: Identity, running: Running): boolean {
  return kind === 'Stream' && sealedStream(namespace, name, running) !== undefined
}
