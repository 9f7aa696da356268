/**
 * Brings the catalog in line with the engine when the process starts: streams that only the engine knows come back by
 * what their records say, and what a crash left half removed and is gone is forgotten.
 */
import { identityKey } from '../../crds/resource.ts'
import type { Streams } from '../../engine/streams/streams.ts'
import { resourceOf } from '../apply/observe.ts'
import { streamIdentity, streamName } from '../plan/stream-record.ts'
import type { Catalog } from './catalog.ts'

export function restoreCatalog(catalog: Catalog, streams: Pick<Streams, 'describe'>): void {
  const live = streams.describe().filter(({ sealed }) => sealed === undefined)
  const names = new Set(live.map(({ name }) => name))
  catalog.atomically(() => {
    for (const stream of live) {
      const identity = streamIdentity(stream.name)
      const known = catalog.entries.get(identityKey(identity))
      if (stream.owner === undefined || known?.uid === stream.uid) continue
      const resource = resourceOf(stream)
      catalog.entries.put({
        identity,
        uid: stream.uid,
        id: stream.id,
        owner: stream.owner,
        accepted: resource,
        // Its record tells less than its declaration did, so the declaration is applied once more.
        pending: resource,
        removal: undefined,
        generation: 1,
        observedGeneration: 1,
        createdUs: stream.createdUs,
        origin: undefined,
        completed: undefined,
      })
    }
    forgetRemoved(catalog, (name) => names.has(name))
  })
}

/** What the engine has taken away or sealed, and whose removal was not confirmed, as after a failure on the way back. */
export function forgetRemoved(catalog: Catalog, isOpen: (stream: string) => boolean): void {
  for (const [key, { identity, removal }] of catalog.entries.all())
    if (identity.kind === 'Stream' && removal !== undefined && !isOpen(streamName(identity)))
      catalog.entries.remove(key)
}
