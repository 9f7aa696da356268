/**
 * A set as history keeps it, member by member, and back.
 *
 * What a revision asks for is what its set declares. An invalid member counts as what was accepted of it last, and so
 * does what an incomplete set does not tell of: neither takes anything away.
 */
import { type Identity, identityKey } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import type { StoredEntry } from '../catalog/catalog.ts'
import type { Place } from '../sets/problem.ts'
import type { Resource, ResourceSet, ValidMember } from '../sets/resource-set.ts'

export interface DeclaredResource {
  readonly resource: Resource
  readonly origin: Place | undefined
}

export function declaredIn(
  set: ResourceSet,
  entries: ReadonlyMap<string, StoredEntry>,
): ReadonlyMap<string, DeclaredResource> {
  const declared = new Map<string, DeclaredResource>()
  const addAccepted = (key: string): void => {
    const entry = entries.get(key)
    if (entry?.owner !== set.source || entry.accepted === undefined) return
    declared.set(key, { resource: entry.accepted, origin: entry.origin })
  }
  for (const [key, member] of set.members)
    if (member.state === 'valid') declared.set(key, member)
    else addAccepted(key)
  if (!set.complete) for (const key of entries.keys()) if (!set.members.has(key)) addAccepted(key)
  return declared
}

/** The digests of what it declares, without more: it is asked for with every change, however large the set is. */
export function digestsOf(
  set: ResourceSet,
  entries: ReadonlyMap<string, StoredEntry>,
): ReadonlyMap<string, string> {
  const digests = new Map<string, string>()
  for (const [key, member] of set.members) {
    if (member.state !== 'valid' || !set.complete) return ofDeclared(declaredIn(set, entries))
    digests.set(key, member.resource.digest)
  }
  return set.complete ? digests : ofDeclared(declaredIn(set, entries))
}

function ofDeclared(declared: ReadonlyMap<string, DeclaredResource>): ReadonlyMap<string, string> {
  return new Map([...declared].map(([key, { resource }]) => [key, resource.digest]))
}

/** JSON: everything of a resource but its digest, under which it is kept, and where it was written. */
export function memberText({ resource, origin }: DeclaredResource): string {
  const { identity, id, labels, annotations, spec, references } = resource
  return JSON.stringify({ identity, id, labels, annotations, spec, references, origin })
}

export function memberOf(text: string, digest: string): ValidMember {
  const { origin, ...resource } = parsed(text)
  return {
    state: 'valid',
    identity: resource.identity,
    origin: origin ?? { file: '', line: 1, column: 1 },
    resource: { ...resource, digest },
    problems: [],
  }
}

/** The set of a revision. It is complete: what it does not declare goes. */
export function restoredSet(
  { source, setDigest }: { readonly source: string; readonly setDigest: string },
  members: readonly ValidMember[],
): ResourceSet {
  return {
    source,
    digest: setDigest,
    complete: true,
    incompleteBecause: [],
    members: new Map(members.map((member) => [identityKey(member.identity), member])),
    problems: [],
    notes: [],
  }
}

type Kept = Omit<Resource, 'digest'> & { readonly identity: Identity; readonly origin?: Place }

function parsed(text: string): Kept {
  try {
    return JSON.parse(text) as Kept
  } catch (error) {
    throw new HeadgateError('CatalogUnusable', 'A resource of a revision cannot be read.', {
      cause: error,
      hint: 'Moving catalog.sqlite away loses approvals and history, never a stream.',
    })
  }
}
