/** What has to be there before a resource, with the keys under which it is found: worked out once, and asked at every plan. */
import { type Identity, identityKey } from '../../crds/resource.ts'
import type { Resource } from '../sets/resource-set.ts'

export interface Dependency {
  readonly to: Identity
  readonly key: string
}

const NONE: readonly Dependency[] = []
const known = new WeakMap<Resource, readonly Dependency[]>()

/** A policy may name what does not exist yet; it waits for nothing and holds nothing. */
export function dependenciesOf(resource: Resource): readonly Dependency[] {
  const { identity, references } = resource
  if (references.length === 0 || identity.kind === 'AccessPolicy') return NONE
  const found = known.get(resource)
  if (found !== undefined) return found
  const own = identityKey(identity)
  const made = references
    .map(({ to }) => ({ to, key: identityKey(to) }))
    .filter(({ key }) => key !== own)
  known.set(resource, made)
  return made
}
