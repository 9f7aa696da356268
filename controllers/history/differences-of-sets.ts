/** Says in which resources two sets differ, with secrets hidden. */
import type { Identity } from '../../crds/resource.ts'
import { differences } from '../plan/differences.ts'
import type { Resource } from '../sets/resource-set.ts'
import type { RevisionDifference } from './history.ts'
import type { MemberDigests } from './revision-store.ts'

/** One side of a comparison. */
export interface ComparedSet {
  readonly members: MemberDigests
  readonly resourceOf: (key: string) => Resource
}

export function differencesOfSets(
  from: ComparedSet,
  to: ComparedSet,
): readonly RevisionDifference[] {
  const found: RevisionDifference[] = []
  for (const [key, digest] of from.members) {
    const now = to.members.get(key)
    if (now === digest) continue
    const before = from.resourceOf(key)
    if (now === undefined) found.push(difference(before.identity, 'removed'))
    else
      found.push({
        ...difference(before.identity, 'changed'),
        changes: differences(before, to.resourceOf(key)),
      })
  }
  for (const key of to.members.keys())
    if (!from.members.has(key)) found.push(difference(to.resourceOf(key).identity, 'added'))
  return found.sort(byIdentity)
}

function difference(
  { kind, namespace, name }: Identity,
  change: RevisionDifference['change'],
): RevisionDifference {
  return { kind, namespace, name, change, changes: [] }
}

function byIdentity(a: RevisionDifference, b: RevisionDifference): number {
  const left = `${a.namespace}/${a.kind}/${a.name}`
  const right = `${b.namespace}/${b.kind}/${b.name}`
  return left < right ? -1 : left > right ? 1 : 0
}
