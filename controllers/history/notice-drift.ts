/** Notices at once when somebody else changed a stream, so that its source looks before its next sweep. */
import { identityKey } from '../../crds/resource.ts'
import type { Streams } from '../../engine/streams/streams.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { driftOf } from '../plan/drift.ts'
import { streamIdentity } from '../plan/stream-record.ts'

/** Answers the source of a stream that is not as it was accepted, and that nobody is changing on its behalf. */
export function driftedSource(
  name: string,
  catalog: Pick<Catalog, 'entries'>,
  streams: Pick<Streams, 'describe'>,
): string | undefined {
  const entry = catalog.entries.get(identityKey(streamIdentity(name)))
  if (entry?.accepted === undefined || entry.pending !== undefined) return undefined
  if (entry.removal !== undefined) return undefined
  const [stream] = streams.describe([name])
  if (stream === undefined || stream.sealed !== undefined) return undefined
  const drift = driftOf({ ...entry, stream, uncertain: false })
  return drift.length === 0 ? undefined : entry.owner
}
