/**
 * What is, as the planner sees it: the catalog and the engine's own records, gathered before and never asked during.
 */
import type { Identity, Kind } from '../../crds/resource.ts'
import type { GroupOffset } from '../../engine/streams/groups.ts'
import type { StreamDescription } from '../../engine/streams/streams.ts'
import { NO_RESETS, type ResetState } from '../resets/reset-store.ts'
import type { Place } from '../sets/problem.ts'
import type { Resource } from '../sets/resource-set.ts'
import type { Grants, Scope } from '../sources/source.ts'
import type { ChangePolicy } from './change-policy.ts'
import type { Consumer } from './plan.ts'
import type { PruneBudget } from './prune-budget.ts'
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
  /** The names of all sources that are configured; undefined where that is not known. */
  readonly sources: ReadonlySet<string> | undefined
  /** What people decided about owners and no plan has carried out yet, by identityKey. */
  readonly ownership: ReadonlyMap<string, OwnershipDecision>
  /** Of this source; undefined when it is not suspended. */
  readonly suspended: Suspension | undefined
  /** Of single resources, by identityKey. */
  readonly suspensions: ReadonlyMap<string, Suspension>
  /** Drift that is reported from now on instead of reverted, because somebody writes it again and again; by identityKey. */
  readonly flapping: ReadonlyMap<string, readonly FlappingField[]>
  /** Positions that people reset and how, by identityKey; a declared reset is carried out once. */
  readonly resetsOf: (key: string) => Pick<ResetState, 'done'>
  /** What a group reads next, by the engine's name of it; asked only where a position is to move. Undefined where nobody knows. */
  readonly offsetsOf: (group: string) => readonly GroupOffset[] | undefined
  /** The first sequence of a shard that arrived at or after the time; undefined where nobody has looked. */
  readonly sequenceAt: (incarnation: number, shard: number, arrivalUs: number) => number | undefined
  /** What each group has still to read of a stream, by the engine's name of it; asked only for what would lose data. */
  readonly consumersOf: (stream: string) => readonly Consumer[]
}

/** Nobody decided, suspended or consumes anything. */
export const NOTHING_DECIDED: Pick<
  Observed,
  | 'sources'
  | 'ownership'
  | 'suspended'
  | 'suspensions'
  | 'flapping'
  | 'consumersOf'
  | 'resetsOf'
  | 'offsetsOf'
  | 'sequenceAt'
> = {
  sources: undefined,
  ownership: new Map(),
  suspended: undefined,
  suspensions: new Map(),
  flapping: new Map(),
  consumersOf: () => [],
  resetsOf: () => NO_RESETS,
  offsetsOf: () => undefined,
  sequenceAt: () => undefined,
}

/**
 * `adopt`: the source `to` takes what has no owner, or one that is not configured any more. `transfer`: `to` takes it
 * from a source that is configured. Either is carried out by the plan of `to`, once `to` declares it. `release`: its
 * owner lets go of it, and it stays as it is; carried out by the owner's plan, once it does not declare it any more.
 */
export type OwnershipDecision =
  | { readonly verb: 'adopt' | 'transfer'; readonly to: string }
  | { readonly verb: 'release' }

/** Nothing of it is changed, until it is resumed or its time has come. */
export interface Suspension {
  readonly reason: string | undefined
  readonly sinceUs: number
  readonly untilUs: number | undefined
}

export interface FlappingField {
  /** As in a FieldChange: `spec.retention.age`. */
  readonly path: string
  /** Who changes it behind our back, as far as anyone knows. */
  readonly writer: string | undefined
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
  readonly pruneBudget: PruneBudget
  /** What happens to a field that somebody changed behind our back. */
  readonly drift: 'revert' | 'report'
  /** What has to hold for changes to be carried out. */
  readonly changes: readonly ChangePolicy[]
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
