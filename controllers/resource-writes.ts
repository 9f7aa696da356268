/**
 * Writes of single objects, as an API's PUT and DELETE make them. No set prunes what was written so; a DELETE is an
 * explicit act, and takes effect at once.
 *
 * What was written is primary data: it is durable before the answer.
 */
import type { Identity, ResourceObject } from '../crds/resource.ts'

/** The source that owns what was written object by object. It is always there. */
export const API_SOURCE = 'api'

export interface ResourceWrites {
  /**
   * As it was written (no defaults, not normalised), with its managed fields; undefined for what no API wrote. Secrets
   * are in the clear: never show it unmasked.
   */
  written(identity: Identity): WrittenObject | undefined
  /**
   * Judged, then durable, then given to its loop. Resolves once uid, generation and resourceVersion are known, and does
   * not wait for Ready. What it refers to may be missing: that shows as Ready=False.
   *
   * Rejects with ProblemsError (all that is wrong), AlreadyExists, NotFound, ObjectChanged, Conflict (names the source
   * that owns it), Immutable or ProtectedResource.
   */
  put(request: WriteRequest): Promise<ResourceObject>
  /**
   * Resolves with the object as it was last, once it has gone, drains for longer than a look waits, or its removal
   * failed; what failed is tried again. Rejects as `put` does, and with InUse.
   */
  remove(request: RemoveObjectRequest): Promise<ResourceObject>
}

export interface WrittenObject {
  /** apiVersion, kind, metadata with name, namespace, labels and annotations, and spec. */
  readonly object: Readonly<Record<string, unknown>>
  readonly managedFields: readonly unknown[]
}

export interface Preconditions {
  /** Else ObjectChanged. */
  readonly resourceVersion?: string | undefined
  readonly uid?: string | undefined
}

export interface WriteRequest extends Preconditions {
  readonly identity: Identity
  readonly written: WrittenObject
  /** Else AlreadyExists or NotFound. */
  readonly expects: 'absent' | 'present' | 'either'
  /** Judges all, and changes nothing. */
  readonly dryRun: boolean
}

export interface RemoveObjectRequest extends Preconditions {
  readonly identity: Identity
  readonly dryRun: boolean
}
