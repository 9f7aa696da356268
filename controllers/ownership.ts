/**
 * Who owns a resource, decided by people: adopt, transfer, release. A decision is planned like a change: the plan of
 * the source that it is about carries it out.
 */
import type { Identity } from '../crds/resource.ts'

export interface Ownership {
  /** `source` takes what has no owner, or one that is not configured any more. */
  adopt(identity: Identity, source: string): Promise<OwnershipAnswer>
  /** `to` takes it from the source that owns it. */
  transfer(identity: Identity, to: string): Promise<OwnershipAnswer>
  /** Its owner lets go of it, and it stays as it is. */
  release(identity: Identity): Promise<OwnershipAnswer>
}

export interface OwnershipAnswer {
  readonly verb: 'adopt' | 'transfer' | 'release'
  readonly identity: Identity
  /** The source that owned it; undefined where none did. */
  readonly from: string | undefined
  /** Undefined for a release. */
  readonly to: string | undefined
  /** False while it waits for the source's files to agree. */
  readonly done: boolean
  /** One sentence: what was done, or what it waits for. */
  readonly message: string
}
