/** What may have changed, gathered for those who watch: from the catalog, the reconcilers and the looks of the sources. */
import { type Identity, identityKey, type Kind } from '../../crds/resource.ts'
import { ChangeFeed } from '../status/change-feed.ts'
import { declaredIdentities, readResource } from './resources.ts'
import type { Running } from './running.ts'

export interface Changes extends Disposable {
  readonly feed: ChangeFeed
}

export function changesOf(
  running: () => Running,
  parts: Pick<Running, 'catalog' | 'reconcilers'>,
): Changes {
  const { entries } = parts.catalog
  const feed = new ChangeFeed({
    identities: () => declaredIdentities(running()),
    read: (identity) => readResource(identity, running()),
    drawRevision: () => entries.drawRevision(),
  })
  const watching = [
    entries.watch((identity) => feed.touched(identity)),
    ...[...parts.reconcilers.byKind.values()].map((reconciler) =>
      reconciler.watch((key) => feed.touched(identityOf(key))),
    ),
  ]
  return {
    feed,
    [Symbol.dispose]() {
      for (const one of watching) one[Symbol.dispose]()
    },
  }
}

/** The reverse of identityKey: neither a kind nor a namespace has a slash. */
function identityOf(key: string): Identity {
  const [kind = '', namespace = '', ...name] = key.split('/')
  const identity = { kind: kind as Kind, namespace, name: name.join('/') }
  if (identityKey(identity) === key) return identity
  throw new Error(`expected the key of a resource, got ${key}`)
}
