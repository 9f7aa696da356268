/** The digest of a resource: the same at every door through which its declaration may come. */
import { createHash } from 'node:crypto'
import { GROUP, type Identity } from '../../crds/resource.ts'
import { canonicalJson } from './canonical-json.ts'

export interface Declared {
  readonly identity: Identity
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** After defaults and normalisation. */
  readonly spec: Readonly<Record<string, unknown>>
}

export function resourceDigest({ identity, labels, annotations, spec }: Declared): string {
  const { kind, namespace, name } = identity
  const ours = Object.entries(annotations).filter(([key]) => key.startsWith(`${GROUP}/`))
  return sha256(
    canonicalJson({ kind, namespace, name, labels, annotations: Object.fromEntries(ours), spec }),
  )
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
