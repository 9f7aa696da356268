/**
 * Hides what may be a secret before an object leaves the server.
 *
 * A secret belongs in an environment variable or a file, and is then a reference, which is shown. What somebody wrote
 * literally where a secret is expected works, but is never given back.
 */
import { masked } from '../../controllers/plan/mask.ts'
import { isSecretName, MASK, maskText } from '../../controllers/sets/secret-text.ts'
import type { ResourceObject } from '../../crds/resource.ts'

/** What `kubectl apply` remembers of a file, secrets included. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

const maskedSpecs = new WeakMap<object, unknown>()

export function maskObject(object: ResourceObject): ResourceObject {
  const { kind, spec, metadata } = object
  const lastApplied = metadata.annotations?.[LAST_APPLIED]
  const shown =
    spec === undefined || !holdsComponents(kind)
      ? object
      : { ...object, spec: maskSpec(kind, spec) }
  if (lastApplied === undefined) return shown
  const annotations = { ...metadata.annotations, [LAST_APPLIED]: maskApplied(kind, lastApplied) }
  return { ...shown, metadata: { ...metadata, annotations } }
}

/** Specs do not change: each is masked once, and a list of thousands costs little. */
function maskSpec(kind: string, spec: unknown): unknown {
  if (typeof spec !== 'object' || spec === null) return spec
  const known = maskedSpecs.get(spec)
  if (known !== undefined) return known
  const shown = maskValue(spec, { kind, path: ['spec'] })
  maskedSpecs.set(spec, shown)
  return shown
}

/** What cannot be read is hidden in whole. */
export function maskApplied(kind: string, text: string): string {
  try {
    const { spec, ...rest } = JSON.parse(text) as { readonly spec?: unknown }
    const shown = spec === undefined ? {} : { spec: maskAt(kind, 'spec', masked(spec, undefined)) }
    // kubectl ends what it remembers with a line feed.
    return `${JSON.stringify({ ...rest, ...shown })}${text.endsWith('\n') ? '\n' : ''}`
  } catch {
    return MASK
  }
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
