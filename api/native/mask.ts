/**
 * Hides what may be a secret before an object leaves the server.
 *
 * A secret belongs in an environment variable or a file, and is then a reference, which is shown. What somebody wrote
 * literally where a secret is expected works, but is never given back.
 */
import { isSecretName, maskText } from '../../controllers/sets/secret-text.ts'
import type { ResourceObject } from '../../crds/resource.ts'

export function maskObject(object: ResourceObject): ResourceObject {
  if (object.spec === undefined || !holdsComponents(object.kind)) return object
  return { ...object, spec: maskValue(object.spec, { kind: object.kind, path: ['spec'] }) }
}

/** What stands at `path` (`spec.endpoint.headers.Authorization`) of an object, for the changes of a plan. */
export function maskAt(kind: string, path: string, value: unknown): unknown {
  return holdsComponents(kind) ? maskValue(value, { kind, path: path.split('.') }) : value
}

interface Place {
  readonly kind: string
  readonly path: readonly string[]
}

/** The other kinds have no place for a secret. */
function holdsComponents(kind: string): boolean {
  return kind === 'Pipeline' || kind === 'Sink'
}

/** Masks in texts too, for addresses with a login can stand anywhere. */
function maskValue(value: unknown, place: Place): unknown {
  if (typeof value === 'string') return maskText(value, isSecretPlace(place))
  const { kind, path } = place
  if (Array.isArray(value)) {
    return value.map((element, index) => maskValue(element, { kind, path: [...path, `${index}`] }))
  }
  if (typeof value !== 'object' || value === null) return value
  const masked = Object.entries(value).map(([name, member]) => [
    name,
    maskValue(member, { kind, path: [...path, name] }),
  ])
  return Object.fromEntries(masked)
}

/** Every literal header of a Sink counts: which of them is a secret cannot be told from its name. */
function isSecretPlace({ kind, path }: Place): boolean {
  if (isSecretName(path.at(-1) ?? '')) return true
  return kind === 'Sink' && path.at(-2) === 'headers'
}
