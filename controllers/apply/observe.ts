/**
 * Gathers what the planner sees: the catalog's entries joined with the engine's own records.
 *
 * The engine decides which streams exist. One that only it knows enters by what its record says, so a lost catalog
 * loses no stream; one that only the catalog knows, and that was about to go, has gone.
 */
import { formatDuration } from '../../crds/duration.ts'

import { formatSize } from '../../crds/size.ts'
import type { StreamDescription, Streams } from '../../engine/streams/streams.ts'
import type { Catalog, StoredEntry } from '../catalog/catalog.ts'
import { NOTHING_DECIDED, type Observed, type ObservedResource } from '../plan/observed.ts'
import type { Settle } from '../plan/settle.ts'
import { streamIdentity, streamKey } from '../plan/stream-record.ts'
import type { Resource } from '../sets/resource-set.ts'

export interface ObserveRequest {
  readonly source: string
  readonly catalog: Catalog
  readonly streams: Pick<Streams, 'describe'>
  readonly settle: Settle | undefined
  readonly wallUs: number
  /** What people decided besides, and who reads what. */
  readonly decided?: Partial<typeof NOTHING_DECIDED>
}

export function observe(request: ObserveRequest): Observed {
  const { source, catalog, streams, settle, wallUs, decided } = request
  return {
    resources: observeResources(catalog, streams),
    pruned: catalog.prunes.of(source, wallUs),
    approvals: catalog.approvals.of(source, wallUs),
    locationAccepted: catalog.locations.get(source),
    settle,
    ...NOTHING_DECIDED,
    ownership: catalog.ownership.all(),
    suspended: catalog.suspensions.all().get(`source ${source}`),
    suspensions: catalog.suspensions.all(),
    resetsOf: (key) => catalog.resets.get(key),
    ...decided,
  }
}

/** With what it was made of, so that the next look knows whether it is still so. */
interface Seen extends ObservedResource {
  readonly entry: StoredEntry | undefined
}

/** The look before: what did not change is the same object, and costs a comparison. */
const looks = new WeakMap<Catalog, ReadonlyMap<string, Seen>>()

/** By identityKey: what the catalog and the engine have, of every source. */
export function observeResources(
  catalog: Catalog,
  streams: Pick<Streams, 'describe'>,
): ReadonlyMap<string, ObservedResource> {
  const before = looks.get(catalog)
  const entries = catalog.entries.all()
  const now = new Map<string, Seen>()
  let isSame = before !== undefined
  const see = (key: string, entry?: StoredEntry, stream?: StreamDescription): void => {
    const known = before?.get(key)
    if (known !== undefined && known.entry === entry && known.stream === stream) {
      now.set(key, known)
      return
    }
    isSame = false
    now.set(key, { ...observed(entry, stream), entry })
  }
  for (const [key, entry] of entries) if (entry.identity.kind !== 'Stream') see(key, entry)
  for (const stream of streams.describe()) {
    const key = streamKey(stream.name)
    see(key, entries.get(key), stream)
  }
  for (const [key, entry] of entries)
    if (entry.identity.kind === 'Stream' && entry.removal === undefined && !now.has(key))
      see(key, entry)
  if (isSame && before?.size === now.size) return before
  looks.set(catalog, now)
  return now
}

/** One of the two is there. */
function observed(
  entry: StoredEntry | undefined,
  stream: StreamDescription | undefined,
): ObservedResource {
  if (stream === undefined) {
    if (entry === undefined) throw new TypeError('expected an entry or a stream')
    const alone = observedOf(entry, undefined)
    // A stream that the engine does not have is none, whatever was accepted.
    return entry.identity.kind === 'Stream' ? { ...alone, accepted: undefined } : alone
  }
  const isKnown = entry !== undefined && entry.uid === stream.uid && stream.sealed === undefined
  return isKnown ? observedOf(entry, stream) : reentered(stream)
}

function observedOf(entry: StoredEntry, stream: StreamDescription | undefined): ObservedResource {
  const { identity, uid, id, owner, accepted, removal, origin, pending } = entry
  const isApplied = stream === undefined || stream.digest === accepted?.digest
  return {
    identity,
    uid,
    id,
    owner: (stream === undefined ? owner : stream.owner) || undefined,
    // A stream that the engine has, and whose acceptance a crash cut off, exists as its record says.
    accepted: accepted ?? (stream === undefined ? undefined : resourceOf(stream)),
    stream,
    removal,
    uncertain: pending !== undefined || !isApplied,
    origin,
  }
}

function reentered(stream: StreamDescription): ObservedResource {
  return {
    identity: streamIdentity(stream.name),
    uid: stream.uid,
    id: stream.id,
    // A repair that found it by its records alone knows of nobody: whoever declares it may have it.
    owner: (stream.sealed?.by ?? stream.owner) || undefined,
    accepted: resourceOf(stream),
    stream,
    removal: undefined,
    uncertain: true,
    origin: undefined,
  }
}

/** The declaration that a stream's record amounts to. */
export function resourceOf(stream: StreamDescription): Resource {
  const identity = streamIdentity(stream.name)
  const { ageMs, bytes } = stream.retention
  const retention = {
    ...(ageMs === undefined ? {} : { age: formatDuration(ageMs) }),
    ...(bytes === undefined ? {} : { bytes: formatSize(bytes) }),
  }
  const references: Resource['references'] =
    stream.type === undefined
      ? []
      : [
          {
            to: { ...identity, kind: 'StreamType', name: stream.type },
            access: 'use',
            path: ['type'],
          },
        ]
  return {
    identity,
    id: stream.id,
    labels: {},
    annotations: {},
    spec: {
      ...(stream.id === identity.name ? {} : { id: stream.id }),
      ...(stream.type === undefined ? {} : { type: stream.type }),
      shards: stream.shards,
      retention,
      durability: stream.durability,
      deletionPolicy: stream.deletionPolicy,
      protected: stream.protected,
      ...(stream.retainForMs === undefined
        ? {}
        : { retainFor: formatDuration(stream.retainForMs) }),
    },
    digest: stream.digest,
    references,
  }
}
