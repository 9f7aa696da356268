/**
 * Decides whether a principal may exercise a right on a resource, and why. Pure.
 *
 * Every handler and apply ask it, from the first one on. Policies are stored and validated but not yet enforced, so
 * for now it always allows, and says so.
 */
import type { Kind } from '../../crds/resource.ts'

export interface Principal {
  /** `local-admin` on a loopback listener; `source:NAME` for apply; `pipeline:NAME` for what a Pipeline does. */
  readonly name: string
}

export type Right = 'Read' | 'Write' | 'Delete' | 'ManageAccessControl' | 'Share'

export interface AccessTarget {
  readonly kind:
    | Kind
    | 'Source'
    | 'RetainedStream'
    | 'ConsumerGroup'
    | 'Backup'
    | 'Namespace'
    | 'Event'
  readonly namespace: string | undefined
  /** Undefined for a whole collection. */
  readonly name: string | undefined
}

export interface Decision {
  readonly allowed: boolean
  readonly reason: string
}

export const LOCAL_ADMIN: Principal = { name: 'local-admin' }

const ALLOWED: Decision = { allowed: true, reason: 'Access policies are not enforced yet.' }

export function decide(_principal: Principal, _right: Right, _target: AccessTarget): Decision {
  return ALLOWED
}
