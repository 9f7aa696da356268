/**
 * Resources as people read them back: Kubernetes-shaped objects with their status, made when asked for.
 *
 * What is declared but cannot be created yet is shown too, stalled and without a uid.
 */
import { withDefaults } from '../../crds/defaults.ts'
import { kinds } from '../../crds/kinds.ts'
import {
  API_VERSION,
  type Identity,
  identityKey,
  type Kind,
  type ResourceObject,
} from '../../crds/resource.ts'
import type { Failure } from '../apply/back-off.ts'
import type { StoredEntry } from '../catalog/catalog.ts'
import { masked } from '../plan/mask.ts'
import type { Action } from '../plan/plan.ts'
import type { Observation } from '../reconcilers/reconciler.ts'
import type { WrittenObject } from '../resource-writes.ts'
import type { Place } from '../sets/problem.ts'
import type { Resource } from '../sets/resource-set.ts'
import type { Condition } from './condition.ts'
import { isNotSo, isSo, rfc3339, type TransitionTimes } from './conditions.ts'
import { placeText } from './place-text.ts'

/** A decision of a source about the resource that was not simply carried out. */
export interface Held {
  readonly source: string
  readonly action: Action
}

export interface ObjectRequest {
  readonly identity: Identity
  readonly entry: StoredEntry | undefined
  readonly observation: Observation | undefined
  readonly held: readonly Held[]
  readonly failure: Failure | undefined
  readonly isOrphaned: boolean
  /** The sentence that says so, when it or its source is suspended. */
  readonly suspended: string | undefined
  readonly origin: Place | undefined
  readonly times: TransitionTimes
  /** What an API wrote is shown as it was written, with what the schema adds to it. */
  readonly written?: WrittenObject | undefined
}

export function resourceObject(request: ObjectRequest): ResourceObject {
  const { identity, entry, observation, held, times, origin, written } = request
  const shown = entry?.pending ?? entry?.accepted ?? held[0]?.action.desired
  const conditions = times.stamp(identityKey(identity), conditionsOf(request))
  return {
    apiVersion: API_VERSION,
    kind: identity.kind,
    metadata: {
      name: identity.name,
      namespace: identity.namespace,
      ...metadataOf(entry),
      ...(written === undefined ? labelsOf(shown) : writtenMetadata(written)),
    },
    ...(shown === undefined
      ? {}
      : { spec: written === undefined ? shownSpec(shown) : writtenSpec(identity.kind, written) }),
    status: {
      ...(entry === undefined ? {} : { observedGeneration: entry.observedGeneration }),
      id: shown?.id ?? identity.name,
      ...(entry === undefined ? {} : { owner: entry.owner }),
      ...(origin === undefined ? {} : { origin: placeText(origin) }),
      ...observation?.status,
      conditions,
    },
  }
}

const shownSpecs = new WeakMap<Resource, unknown>()

/** Made once for each declaration: it is asked for with every list, and equal ones are the same one. */
function shownSpec(resource: Resource): unknown {
  const known = shownSpecs.get(resource)
  if (known !== undefined) return known
  const shown = masked(resource.spec, undefined)
  shownSpecs.set(resource, shown)
  return shown
}

const writtenSpecs = new WeakMap<WrittenObject, unknown>()

function writtenSpec(kind: Kind, written: WrittenObject): unknown {
  const known = writtenSpecs.get(written)
  if (known !== undefined) return known
  const spec = withDefaults(kinds[kind].spec, written.object['spec'] ?? {})
  const shown = masked(spec, undefined)
  writtenSpecs.set(written, shown)
  return shown
}

function writtenMetadata({
  object,
  managedFields,
}: WrittenObject): Partial<ResourceObject['metadata']> {
  const { labels, annotations } = (object['metadata'] ?? {}) as ResourceObject['metadata']
  return {
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(managedFields.length === 0 ? {} : { managedFields }),
  }
}

const NO_METADATA: Partial<ResourceObject['metadata']> = {}
const entryMetadata = new WeakMap<StoredEntry, Partial<ResourceObject['metadata']>>()

function metadataOf(entry: StoredEntry | undefined): Partial<ResourceObject['metadata']> {
  if (entry === undefined) return NO_METADATA
  const known = entryMetadata.get(entry)
  if (known !== undefined) return known
  const metadata = {
    uid: entry.uid,
    generation: entry.generation,
    resourceVersion: String(entry.revision),
    creationTimestamp: rfc3339(entry.createdUs),
  }
  entryMetadata.set(entry, metadata)
  return metadata
}

function labelsOf(shown: Resource | undefined): Partial<ResourceObject['metadata']> {
  if (shown === undefined) return {}
  return {
    ...(Object.keys(shown.labels).length === 0 ? {} : { labels: shown.labels }),
    ...(Object.keys(shown.annotations).length === 0 ? {} : { annotations: shown.annotations }),
  }
}

function conditionsOf(request: ObjectRequest): readonly Condition[] {
  const { entry, observation, held, failure, isOrphaned, suspended } = request
  const observed = observation?.conditions ?? []
  const others = observed.filter(({ type }) => type !== 'Ready')
  const ready = observed.find(({ type }) => type === 'Ready')
  const extra: Condition[] = []
  for (const { source, action } of held) {
    const { blockedBy = 'NotApplied', reason, wanted, cause } = action
    if (wanted === 'delete' || wanted === 'retain')
      extra.push(isSo('PruneBlocked', blockedBy, reason))
    else if (entry !== undefined && entry.owner !== source)
      extra.push(
        isSo(
          'Conflict',
          'Conflict',
          `Source ${source} declares it too${at(cause)}; ${entry.owner} owns it.`,
        ),
      )
    else if (blockedBy === 'Drifted') extra.push(isSo('Drifted', 'Drifted', reason))
    else if (blockedBy !== 'Suspended') extra.push(isSo('Stalled', blockedBy, reason))
  }
  if (suspended !== undefined) extra.push(isSo('Suspended', 'Suspended', suspended))
  if (failure !== undefined) extra.push(...failureConditions(failure))
  if (isOrphaned && entry !== undefined)
    extra.push(
      isSo(
        'Orphaned',
        'SourceUnconfigured',
        `Its source ${entry.owner} is not configured any more; it keeps running.`,
      ),
    )
  return [readyOf(ready, held, failure, entry), ...others, ...extra]
}

/** Ready is about the generation that is declared: what is held back or failed is not it. */
function readyOf(
  ready: Condition | undefined,
  held: readonly Held[],
  failure: Failure | undefined,
  entry: StoredEntry | undefined,
): Condition {
  if (failure !== undefined) return isNotSo('Ready', failure.error.code, failure.error.message)
  const own = held.find(
    ({ source, action: { wanted, blockedBy } }) =>
      (entry === undefined || entry.owner === source) &&
      // It is as its declaration says, but for what somebody changed and may.
      blockedBy !== 'Drifted' &&
      wanted !== 'delete' &&
      wanted !== 'retain' &&
      wanted !== 'keep',
  )
  if (own !== undefined)
    return isNotSo('Ready', own.action.blockedBy ?? 'NotApplied', own.action.reason)
  if (entry?.pending !== undefined)
    return isNotSo('Ready', 'Applying', 'It is being made as declared.')
  return ready ?? isNotSo('Ready', 'NotApplied', 'It has not been applied yet.')
}

/** Tried again by itself, but nothing comes of it until somebody changes something. */
const AWAITS_SOMEBODY: ReadonlySet<string> = new Set(['ResourceBusy', 'SecretMissing'])

export function awaitsSomebody({ error, retryAtMs }: Failure): boolean {
  return retryAtMs === undefined || AWAITS_SOMEBODY.has(error.code)
}

function failureConditions({ error, retryAtMs }: Failure): readonly Condition[] {
  const hint = error.hint === undefined ? '' : ` ${error.hint}`
  const message = `${error.message}${hint}`
  return awaitsSomebody({ error, retryAtMs })
    ? [isSo('Stalled', error.code, message)]
    : [isSo('Reconciling', 'Applying', `${message} It is tried again by itself.`)]
}

function at(cause: Place | undefined): string {
  return cause === undefined ? '' : ` (${placeText(cause)})`
}

/** Objects of a kind in the order of their names. */
export function byName(a: ResourceObject, b: ResourceObject): number {
  const left = `${a.metadata.namespace}/${a.metadata.name}`
  const right = `${b.metadata.namespace}/${b.metadata.name}`
  return left < right ? -1 : left > right ? 1 : 0
}
