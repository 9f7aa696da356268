/** Pipelines of the Connect API's namespace, by the id that it calls them. */
import { type Identity, identityKey } from '../../crds/resource.ts'
import type { StoredEntry } from '../catalog/catalog.ts'
import { CONNECT_NAMESPACE, identityOfStream } from '../connect/stored-stream.ts'
import { identitiesInOrder, within } from './identities.ts'
import type { Running } from './running.ts'

/** In the catalog, whoever owns it. */
export function entryOfStream(id: string, { catalog }: Running): StoredEntry | undefined {
  const own = catalog.entries.get(identityKey(identityOfStream(id)))
  if (own?.id === id) return own
  for (const entry of catalog.entries.all().values()) {
    const { kind, namespace } = entry.identity
    if (kind === 'Pipeline' && namespace === CONNECT_NAMESPACE && entry.id === id) return entry
  }
  return undefined
}

/** All of them, those too that are declared and could not be made. */
export function streamIdentities(running: Running): readonly NamedStream[] {
  const all = within(identitiesInOrder('Pipeline', running), CONNECT_NAMESPACE)
  return all
    .map(({ identity }) => {
      const entry = running.catalog.entries.get(identityKey(identity))
      return { id: entry?.id ?? identity.name, identity }
    })
    .sort((left, right) => (left.id < right.id ? -1 : 1))
}

export interface NamedStream {
  readonly id: string
  readonly identity: Identity
}

/** Undefined where there is none. */
export function streamOf(id: string, running: Running): NamedStream | undefined {
  const entry = entryOfStream(id, running)
  if (entry !== undefined) return { id, identity: entry.identity }
  return streamIdentities(running).find((stream) => stream.id === id)
}
