/**
 * What is, as the planner sees it: the catalog and the engine's own records, gathered before and never asked during.
 */
import type { Identity, Kind } from '../../crds/resource.ts'
import type { StreamDescription } from '../../engine/streams/streams.ts'
import type { Place } from '../sets/problem.ts'
import type { Resource } from '../sets/resource-set.ts'
import type { Grants, Scope } from '../sources/source.ts'
import type { Settle } from './settle.ts'

export interface Observed {
  /** Of every source, by identityKey; sealed streams and orphans too. */
  readonly resources: ReadonlyMap<string, ObservedResource>
  /** What this source lost by absence, in the last hour at least. */
  readonly pruned: readonly Pruned[]
  /** What was approved for this source and not yet spent. */
  readonly approvals: readonly GivenApproval[]
  /** Where the source pointed when it was last accepted; undefined on first sight. */
  readonly locationAccepted: string | undefined
  readonly settle: Settle | undefined
}

export interface ObservedResource {
  readonly identity: Identity
  readonly uid: string
  readonly id: string
  /** The source's name; for a sealed stream the one that owned it last. */
  readonly owner: string | undefined
  /** What was applied last; undefined while its creation has not succeeded. */
  readonly accepted: Resource | undefined
  /** For a Stream that the engine has. */
  readonly stream: StreamDescription | undefined
  /** A removal that was decided, and may have been interrupted. */
  readonly removal: 'delete' | 'retain' | undefined
  /** A crash or a lost catalog left it unsure: it is applied again even where the digests agree. */
  readonly uncertain: boolean
  readonly origin: Place | undefined
}

export interface Pruned {
  readonly kind: Kind
  readonly atUs: number
}

export interface GivenApproval {
  readonly digest: string
  readonly givenUs: number
}

export interface PlanPolicy {
  readonly scope: Scope
  readonly grants: Pick<Grants, 'namespaces' | 'kinds' | 'declaredIn'>
  readonly prune: boolean
  readonly pruneSettleMs: number
  readonly location: string
}

export interface PlanTime {
  readonly wallUs: number
  readonly monotonicMs: number
}

/** Exists as a live resource: not merely intended, and not a sealed stream. */
export function isLive(observed: ObservedResource | undefined): observed is ObservedResource {
  if (observed?.accepted === undefined) return false
  if (observed.identity.kind !== 'Stream') return true
  return observed.stream !== undefined && observed.stream.sealed === undefined
}

export function isSealed(observed: ObservedResource | undefined): boolean {
  return observed?.stream?.sealed !== undefined
}
