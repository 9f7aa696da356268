/**
 * What a source declares, found by name, by id, and by what refers to it. It is kept from look to look, so that an edit
 * costs what it touches and not what there is.
 */
import { type Identity, identityKey } from '../../crds/resource.ts'
import type { Declaration } from './read-document.ts'
import { referencesOf } from './references.ts'
import type { Reference } from './resource-set.ts'

/** Kept with a declaration, which never changes: each of these is asked for at every look. */
interface Facts {
  readonly key: string
  readonly idKey: string
  readonly references: readonly Reference[]
  readonly targets: readonly string[]
}

const facts = new WeakMap<Declaration, Facts>()

export function factsOf(declaration: Declaration): Facts {
  const known = facts.get(declaration)
  if (known !== undefined) return known
  const { identity, spec } = declaration
  const references = referencesOf(declaration)
  const made: Facts = {
    key: identityKey(identity),
    idKey: JSON.stringify([identity.kind, identity.namespace, idOf(identity, spec).toLowerCase()]),
    references,
    targets: [...new Set(references.map(({ to }) => identityKey(to)))],
  }
  facts.set(declaration, made)
  return made
}

export function idOf(identity: Identity, spec: Readonly<Record<string, unknown>>): string {
  return typeof spec['id'] === 'string' ? spec['id'] : identity.name
}

export class DeclarationIndex {
  readonly #named = new Map<string, readonly Declaration[]>()
  readonly #withId = new Map<string, readonly Declaration[]>()
  readonly #referrers = new Map<string, Set<Declaration>>()

  /** Answers what has to be judged again, in the order of its places: what is new, and what a change of names touches. */
  replace(
    before: readonly Declaration[],
    after: readonly Declaration[],
  ): { readonly touched: ReadonlySet<Declaration>; readonly keys: ReadonlySet<string> } {
    const keys = new Set<string>()
    const ids = new Set<string>()
    for (const declaration of before) this.#take(declaration, keys, ids)
    for (const declaration of after) this.#put(declaration, keys, ids)
    const touched = new Set(after)
    for (const key of keys) {
      for (const declaration of this.named(key)) {
        touched.add(declaration)
        // Another one may count for this name now, with another id.
        ids.add(factsOf(declaration).idKey)
      }
      for (const declaration of this.#referrers.get(key) ?? []) touched.add(declaration)
    }
    for (const id of ids)
      for (const declaration of this.#withId.get(id) ?? []) touched.add(declaration)
    return { touched, keys }
  }

  /** All of that name, in the order of their places; the first one counts. */
  named(key: string): readonly Declaration[] {
    return this.#named.get(key) ?? []
  }

  has(key: string): boolean {
    return this.#named.has(key)
  }

  /** One of each name that has this id. */
  withIdOf(declaration: Declaration): readonly Declaration[] {
    const all = this.#withId.get(factsOf(declaration).idKey) ?? []
    return all.length < 2 ? all : all.filter((one) => this.named(factsOf(one).key)[0] === one)
  }

  /** One of each name. */
  *firsts(): Iterable<Declaration> {
    for (const [first] of this.#named.values()) if (first !== undefined) yield first
  }

  #take(declaration: Declaration, keys: Set<string>, ids: Set<string>): void {
    const { key, idKey, targets } = factsOf(declaration)
    keys.add(key)
    ids.add(idKey)
    without(this.#named, key, declaration)
    without(this.#withId, idKey, declaration)
    for (const target of targets) this.#referrers.get(target)?.delete(declaration)
  }

  #put(declaration: Declaration, keys: Set<string>, ids: Set<string>): void {
    const { key, idKey, targets } = factsOf(declaration)
    keys.add(key)
    ids.add(idKey)
    within(this.#named, key, declaration)
    within(this.#withId, idKey, declaration)
    for (const target of targets) {
      const referrers = this.#referrers.get(target)
      if (referrers === undefined) this.#referrers.set(target, new Set([declaration]))
      else referrers.add(declaration)
    }
  }
}

type Lists = Map<string, readonly Declaration[]>

function within(lists: Lists, key: string, declaration: Declaration): void {
  const list = lists.get(key)
  lists.set(key, list === undefined ? [declaration] : [...list, declaration].sort(byPlace))
}

function without(lists: Lists, key: string, declaration: Declaration): void {
  const left = (lists.get(key) ?? []).filter((one) => one !== declaration)
  if (left.length === 0) lists.delete(key)
  else lists.set(key, left)
}

function byPlace({ origin: a }: Declaration, { origin: b }: Declaration): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line || a.column - b.column
}
