/**
 * The shape that every declared object shares: Kubernetes' own envelope, with our group and kinds.
 *
 * It is vocabulary only: what a kind's spec may hold stands in that kind's file, and what a spec does is
 * decided elsewhere.
 */

export const GROUP = 'headgate.dev'
export const VERSION = 'v1alpha1'
export const API_VERSION = 'headgate.dev/v1alpha1'

/** In the order in which they are created; deletes run the other way. */
export const KINDS = ['StreamType', 'AccessPolicy', 'Stream', 'Sink', 'Pipeline'] as const
export type Kind = (typeof KINDS)[number]

/** What names a resource for ever, whichever source declares it. */
export interface Identity {
  readonly kind: Kind
  readonly namespace: string
  readonly name: string
}

/** A key for maps: two identities are the same when their keys are equal. */
export function identityKey({ kind, namespace, name }: Identity): string {
  return `${kind}/${namespace}/${name}`
}

/** How people write it: `Stream default/orders`. */
export function identityText({ kind, namespace, name }: Identity): string {
  return `${kind} ${namespace}/${name}`
}

/** One object as a person reads it back, from the API, `get -o yaml` or kubectl. */
export interface ResourceObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly spec?: unknown
  readonly status?: unknown
}

export interface ObjectMeta {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  readonly generation?: number
  readonly resourceVersion?: string
  readonly creationTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** Who wrote which field through the API, as Kubernetes has it. */
  readonly managedFields?: readonly unknown[]
}
