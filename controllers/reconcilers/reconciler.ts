/**
 * One reconciler a kind: it makes one resource so, idempotently, and tells how it is. It decides nothing about others:
 * what happens, and in which order, is the plan's.
 */
import type { Identity, Kind } from '../../crds/resource.ts'
import type { Principal } from '../../engine/access/decide.ts'
import type { Resource } from '../sets/resource-set.ts'
import type { Condition } from '../status/condition.ts'

export interface Reconciler {
  readonly kind: Kind
  /** Makes it exist as declared: create, update or replace, whichever is needed. A rejection changes nothing. */
  apply(request: ApplyRequest, signal?: AbortSignal): Promise<void>
  /** Takes it away; `retain` keeps a Stream's data sealed. Idempotent. */
  remove(request: RemoveRequest, signal?: AbortSignal): Promise<void>
  /** How it is now: Ready and whatever else the kind tells. Cheap; called for every GET. */
  observe(resource: Resource): Observation
  /** Called with the resource's identityKey whenever `observe` may answer otherwise. */
  watch(listener: (key: string) => void): Disposable
}

export interface ApplyRequest {
  readonly resource: Resource
  readonly uid: string
  readonly owner: string
  readonly principal: Principal
  /** What a Stream was called before; it is renamed, unless that was done already. */
  readonly movedFrom?: Identity | undefined
}

export interface RemoveRequest {
  readonly resource: Resource
  readonly uid: string
  readonly owner: string
  readonly retain: boolean
}

export interface Observation {
  readonly conditions: readonly Condition[]
  /** Kind-specific status fields: shards, records, counters. */
  readonly status: Readonly<Record<string, unknown>>
}
