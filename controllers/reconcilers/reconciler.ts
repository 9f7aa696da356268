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
  /**
   * Does what of `apply` can be done without touching what runs, and rejects where that fails. The next `apply` of the
   * same goes on from there; disposing gives up what was not used.
   */
  prepare?(request: ApplyRequest): Promise<Prepared>
  /** Takes it away; `retain` keeps a Stream's data sealed. Idempotent. */
  remove(request: RemoveRequest, signal?: AbortSignal): Promise<void>
  /** How it is now: Ready and whatever else the kind tells. Cheap; called for every GET. */
  observe(resource: Resource): Observation
  /** Called with the resource's identityKey whenever `observe` may answer otherwise. */
  watch(listener: (key: string) => void): Disposable
}

export interface Prepared extends AsyncDisposable {
  /** Somebody else still holds what it needs: it comes after those that give something up. */
  readonly waitsForHolder: boolean
  /** What runs now would stop. */
  readonly stops: boolean
}

export const NOTHING_PREPARED: Prepared = {
  waitsForHolder: false,
  stops: false,
  [Symbol.asyncDispose]: async () => undefined,
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
