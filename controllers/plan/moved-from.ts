/**
 * `headgate.dev/moved-from`: a Stream that says what it was called before is renamed, with its data, offsets and readers,
 * instead of being created empty.
 *
 * The annotation may stay for good. Where nothing has the old name, or the new one has been renamed already, it asks for
 * nothing; so the same files make a fresh server too.
 */
import { GROUP, type Identity, identityKey, identityText } from '../../crds/resource.ts'
import type { Member, ResourceSet, ValidMember } from '../sets/resource-set.ts'
import type { Reason } from '../status/reasons.ts'
import { isLive, isSealed, type ObservedResource } from './observed.ts'

export const MOVED_FROM: string = `${GROUP}/moved-from`

export interface MoveContext {
  readonly source: string
  readonly set: ResourceSet
  readonly resources: ReadonlyMap<string, ObservedResource>
  /** Those of the set that say that they had the name before. */
  readonly claimantsOf: (former: Identity) => readonly Member[]
}

export type Move =
  | { readonly kind: 'moves'; readonly before: ObservedResource }
  | ({ readonly kind: 'refused'; readonly former: Identity } & Refusal)

interface Refusal {
  readonly by: Reason
  readonly reason: string
}

/** What a declared resource was called before; undefined when it does not say so. */
export function formerOf(member: Member): Identity | undefined {
  if (member.state === 'invalid' || member.identity.kind !== 'Stream') return undefined
  const name = member.resource.annotations[MOVED_FROM]
  return name === undefined ? undefined : { ...member.identity, name }
}

/** Undefined when there is nothing to move. */
export function decideMove(
  member: ValidMember,
  observed: ObservedResource | undefined,
  context: MoveContext,
): Move | undefined {
  const former = formerOf(member)
  const before = former && context.resources.get(identityKey(former))
  if (former === undefined || before?.stream === undefined) return undefined
  if (isLive(observed) || isSealed(observed)) return decideAgain(observed, before, context)
  const refusal =
    refusedByOthers(member, before, context) ?? refusedByShape(member, before, former.name)
  return refusal === undefined ? { kind: 'moves', before } : { kind: 'refused', former, ...refusal }
}

/** The new name exists: it was renamed already, or somebody hopes that two streams become one. */
function decideAgain(
  observed: ObservedResource | undefined,
  { identity, owner }: ObservedResource,
  { source }: MoveContext,
): Move | undefined {
  const wasMoved = observed?.accepted?.annotations[MOVED_FROM] === identity.name
  if (wasMoved || observed?.uncertain === true || owner !== source) return undefined
  return {
    kind: 'refused',
    former: identity,
    by: 'Conflict',
    reason: `${identityText(identity)} cannot be renamed to a name that a stream has already, with records of its own: remove the annotation ${MOVED_FROM}, or declare another name.`,
  }
}

function refusedByOthers(
  member: ValidMember,
  before: ObservedResource,
  { set, source, claimantsOf }: MoveContext,
): Refusal | undefined {
  const { identity, owner } = before
  const what = identityText(identity)
  if (!set.complete)
    return {
      by: 'Incomplete',
      reason: `${what} may be declared still, where the source could not be read: it is renamed once all of it can be.`,
    }
  const declared = set.members.get(identityKey(identity))
  if (declared !== undefined)
    return {
      by: 'Conflict',
      reason: `${what} is still declared, in ${declared.origin.file}:${declared.origin.line}: remove that declaration to rename it, or the annotation ${MOVED_FROM} to have both.`,
    }
  const twin = claimantsOf(identity).find(
    (other) => identityKey(other.identity) !== identityKey(member.identity),
  )
  if (twin !== undefined)
    return {
      by: 'Conflict',
      reason: `${identityText(twin.identity)} says too that it was ${identity.name}: only one of them can have its data.`,
    }
  if (owner === source || (owner === undefined && isSealed(before))) return undefined
  return {
    by: 'Conflict',
    reason: `${what} is owned by ${owner === undefined ? 'no source' : `source ${owner}`}, so source ${source} cannot rename it: take it over first.`,
  }
}

function refusedByShape(
  { resource }: ValidMember,
  { stream, id }: ObservedResource,
  name: string,
): Refusal | undefined {
  const declared = resource.spec['type']
  if (declared !== stream?.type)
    return {
      by: 'Immutable',
      reason: `Stream ${name} has type ${stream?.type ?? 'none'}, the declaration ${String(declared ?? 'none')}: a renamed stream keeps its type.`,
    }
  // An id that was only the name goes with the name; one that was chosen is what others call it.
  if (id === name || id === resource.id) return undefined
  return {
    by: 'Immutable',
    reason: `Stream ${name} has the id ${id}, the declaration ${resource.id}: write spec.id: ${id}, which a renamed stream keeps.`,
  }
}
