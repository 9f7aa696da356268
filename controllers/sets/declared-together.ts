/**
 * Everything that a source declares, judged together, and kept from look to look: a change of some declarations judges
 * again what it touches, and comes to what judging all of them anew would come to.
 */
import type { Identity } from '../../crds/resource.ts'
import { checkReferences, pointsOutside } from './check-references.ts'
import { checkStream, checkTypes, type TypesOfNamespace } from './check-types.ts'
import { DeclarationIndex, factsOf } from './declaration-index.ts'
import { DeclaredNames } from './declared-names.ts'
import type { Problem } from './problem.ts'
import type { Declaration } from './read-document.ts'

export class DeclaredTogether {
  readonly #index = new DeclarationIndex()
  readonly #known: (identity: Identity) => boolean
  /** Only those that have any. */
  readonly #problems = new Map<Declaration, readonly Problem[]>()
  readonly #typeProblems = new Map<Declaration, readonly Problem[]>()
  readonly #types = new Map<string, TypesOfNamespace>()
  readonly #streams = new Map<string, Set<Declaration>>()
  readonly #outward = new Set<Declaration>()

  /** `known` says what exists besides what is declared here; it may answer otherwise at each change. */
  constructor(known: (identity: Identity) => boolean) {
    this.#known = known
  }

  /** Answers the names whose declarations may be judged otherwise now. */
  change(before: readonly Declaration[], after: readonly Declaration[]): ReadonlySet<string> {
    const { touched, keys } = this.#index.replace(before, after)
    const again = new Set(keys)
    for (const gone of before) this.#forget(gone)
    const names = new DeclaredNames(() => identitiesOf(this.#index))
    const namespaces = new Set<string>()
    for (const { identity } of before)
      if (identity.kind === 'StreamType') namespaces.add(identity.namespace)
    for (const declaration of new Set([...touched, ...this.#outward])) {
      if (this.#judge(declaration, names)) again.add(factsOf(declaration).key)
      else if (!touched.has(declaration)) continue
      const { kind, namespace } = declaration.identity
      if (kind === 'StreamType') namespaces.add(namespace)
      if (kind === 'Stream') this.#remember(declaration)
    }
    for (const namespace of namespaces) this.#judgeTypes(namespace, again)
    for (const declaration of touched) {
      const { kind, namespace } = declaration.identity
      if (kind === 'Stream' && !namespaces.has(namespace)) this.#judgeStream(declaration, again)
    }
    return again
  }

  /** In the order of their places; the first one counts. */
  named(key: string): readonly Declaration[] {
    return this.#index.named(key)
  }

  problemsOf(declaration: Declaration): readonly Problem[] {
    const own = this.#problems.get(declaration)
    const ofTypes = this.#typeProblems.get(declaration)
    if (own === undefined) return ofTypes ?? []
    return ofTypes === undefined ? own : [...own, ...ofTypes]
  }

  #forget(declaration: Declaration): void {
    this.#problems.delete(declaration)
    this.#typeProblems.delete(declaration)
    this.#outward.delete(declaration)
    this.#streams.get(declaration.identity.namespace)?.delete(declaration)
  }

  #remember(stream: Declaration): void {
    const { namespace } = stream.identity
    const streams = this.#streams.get(namespace)
    if (streams === undefined) this.#streams.set(namespace, new Set([stream]))
    else streams.add(stream)
  }

  /** Whether anything is, or was, found. */
  #judge(declaration: Declaration, names: DeclaredNames): boolean {
    if (pointsOutside(declaration, this.#index)) this.#outward.add(declaration)
    else this.#outward.delete(declaration)
    const problems = checkReferences(declaration, this.#index, names, this.#known)
    return this.#note(this.#problems, declaration, problems)
  }

  #judgeTypes(namespace: string, again: Set<string>): void {
    const types = this.#typesOf(namespace)
    const checked = checkTypes(types, (declaration) => this.#isSound(declaration))
    this.#types.set(namespace, checked)
    // One that no longer counts for its name is not judged with the others.
    for (const declaration of this.#typeProblems.keys()) {
      const { kind, name, namespace: own } = declaration.identity
      if (kind !== 'StreamType' || own !== namespace || types.get(name) === declaration) continue
      this.#typeProblems.delete(declaration)
      again.add(factsOf(declaration).key)
    }
    for (const type of types.values())
      if (this.#note(this.#typeProblems, type, checked.problems.get(type) ?? []))
        again.add(factsOf(type).key)
    for (const stream of this.#streams.get(namespace) ?? []) this.#judgeStream(stream, again)
  }

  /** By name, so that a circle of types is found at the same place whichever of them changed last. */
  #typesOf(namespace: string): ReadonlyMap<string, Declaration> {
    const types: [string, Declaration][] = []
    for (const declaration of this.#index.firsts()) {
      const { kind, name, namespace: own } = declaration.identity
      if (kind === 'StreamType' && own === namespace) types.push([name, declaration])
    }
    return new Map(types.sort(([left], [right]) => (left < right ? -1 : 1)))
  }

  #judgeStream(stream: Declaration, again: Set<string>): void {
    const types = this.#types.get(stream.identity.namespace)
    const isFirst = this.#index.named(factsOf(stream).key)[0] === stream
    const problems = types === undefined || !isFirst ? [] : checkStream(stream, types)
    if (this.#note(this.#typeProblems, stream, problems)) again.add(factsOf(stream).key)
  }

  #isSound(declaration: Declaration): boolean {
    if (this.#problems.has(declaration)) return false
    return declaration.problems.every(({ severity }) => severity !== 'error')
  }

  #note(
    kept: Map<Declaration, readonly Problem[]>,
    declaration: Declaration,
    problems: readonly Problem[],
  ): boolean {
    const had = kept.has(declaration)
    if (problems.length > 0) kept.set(declaration, problems)
    else kept.delete(declaration)
    return had || problems.length > 0
  }
}

function* identitiesOf(index: DeclarationIndex): Iterable<Identity> {
  for (const { identity } of index.firsts()) yield identity
}
