/** What else a name may have meant: looked up once a change of the set, and not once a mistake. */
import { type Identity, identityKey } from '../../crds/resource.ts'
import { nearest } from '../../engine/suggest.ts'

/** Searching a near name costs much, and whoever has this many mistakes made the same one again and again. */
export const SUGGESTIONS_MAX = 100

export class DeclaredNames {
  readonly #identities: () => Iterable<Identity>
  #known: Known | undefined
  #suggestions = 0

  /** They are asked for at the first mistake. */
  constructor(identities: () => Iterable<Identity>) {
    this.#identities = identities
  }

  near({ kind, namespace, name }: Identity, besides: Iterable<string>): string | undefined {
    if (this.#suggestions === SUGGESTIONS_MAX) return undefined
    this.#suggestions++
    const names = this.#lookUp().inNamespace.get(`${kind}/${namespace}`) ?? []
    return nearest(name, [...besides, ...names.map((one) => one.name)])
  }

  /** Another namespace that has one of that name. */
  namespaceOf({ kind, name }: Identity): string | undefined {
    return this.#lookUp().called.get(`${kind}/${name}`)?.[0]?.namespace
  }

  /** Sorted, so that the same is suggested whichever file was read last. */
  #lookUp(): Known {
    if (this.#known !== undefined) return this.#known
    const identities = [...this.#identities()].sort(byKey)
    this.#known = {
      inNamespace: Map.groupBy(identities, ({ kind, namespace }) => `${kind}/${namespace}`),
      called: Map.groupBy(identities, ({ kind, name }) => `${kind}/${name}`),
    }
    return this.#known
  }
}

interface Known {
  readonly inNamespace: ReadonlyMap<string, readonly Identity[]>
  readonly called: ReadonlyMap<string, readonly Identity[]>
}

function byKey(left: Identity, right: Identity): number {
  return identityKey(left) < identityKey(right) ? -1 : 1
}
