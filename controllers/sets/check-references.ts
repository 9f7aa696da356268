/**
 * The layer *reference*: what names point to, what is called twice, and what types mean together. It judges the whole
 * set and only adds problems; an invalid resource still counts as declared.
 */
import { type Identity, identityKey, identityText } from '../../crds/resource.ts'
import { entriesOf } from '../../crds/spec-reading.ts'
import { TYPE_CODES } from '../../crds/type-code.ts'
import {
  type ResolvedType,
  resolveEventType,
  type TypeDeclaration,
} from '../../engine/events/event-type.ts'
import { nearest } from '../../engine/suggest.ts'
import type { Problem } from './problem.ts'
import { type PathProblem, ProblemList } from './problem-list.ts'
import type { Declaration } from './read-document.ts'
import { referencesOf } from './references.ts'

/** Problems by declaration. */
export type Findings = ReadonlyMap<Declaration, readonly Problem[]>

export function checkReferences(
  declarations: readonly Declaration[],
  known: (identity: Identity) => boolean,
): Findings {
  const found = new Map<Declaration, Problem[]>()
  const add = (declaration: Declaration, problem: PathProblem): void => {
    const list = new ProblemList(declaration.source, declaration.tree)
    list.add({ ...problem, path: problem.path })
    found.set(declaration, [...(found.get(declaration) ?? []), ...list.problems])
  }
  const byKey = new Map<string, Declaration>()
  for (const declaration of declarations) {
    const key = identityKey(declaration.identity)
    if (!byKey.has(key)) byKey.set(key, declaration)
  }
  checkNames(declarations, add)
  checkIds([...byKey.values()], add)
  const names = new DeclaredNames([...byKey.values()].map(({ identity }) => identity))
  for (const declaration of declarations) checkTargets(declaration, byKey, names, known, add)
  const faulty = (declaration: Declaration): boolean => found.has(declaration)
  checkTypes([...byKey.values()], faulty, add)
  return found
}

type Add = (declaration: Declaration, problem: PathProblem) => void

function checkNames(declarations: readonly Declaration[], add: Add): void {
  const groups = Map.groupBy(declarations, ({ identity }) => identityKey(identity))
  for (const group of groups.values()) {
    if (group.length < 2) continue
    for (const declaration of group) {
      const others = group.filter((other) => other !== declaration).map(whereText)
      add(declaration, {
        layer: 'reference',
        code: 'NameDuplicate',
        path: declaration.specPath.length === 0 ? [] : ['metadata', 'name'],
        at: declaration.specPath.length === 0 ? 'key' : 'value',
        message: `${identityText(declaration.identity)} is declared twice; also in ${firstOf(others)}`,
        hint: 'remove or rename one of them',
      })
    }
  }
}

function checkIds(declarations: readonly Declaration[], add: Add): void {
  const groups = Map.groupBy(declarations, ({ identity, spec }) =>
    JSON.stringify([identity.kind, identity.namespace, idOf(identity, spec).toLowerCase()]),
  )
  for (const group of groups.values()) {
    if (group.length < 2) continue
    for (const declaration of group) {
      const { identity, spec, specPath } = declaration
      const others = group.filter((other) => other !== declaration)
      const path = spec['id'] === undefined ? ['metadata', 'name'] : [...specPath, 'id']
      const names = others.map((other) => `${identityText(other.identity)} (${whereText(other)})`)
      add(declaration, {
        layer: 'reference',
        code: 'IdDuplicate',
        path,
        at: 'value',
        message: `expected an id of its own in any letter case, got ${idOf(identity, spec)}, as ${firstOf(names)} has`,
        hint: 'give one of them another spec.id',
      })
    }
  }
}

export function idOf(identity: Identity, spec: Readonly<Record<string, unknown>>): string {
  return typeof spec['id'] === 'string' ? spec['id'] : identity.name
}

/** Searching a near name costs much, and whoever has this many mistakes made the same one again and again. */
export const SUGGESTIONS_MAX = 100

/** What else a name may have meant, looked up once a set and not once a mistake. */
class DeclaredNames {
  readonly #inNamespace: ReadonlyMap<string, readonly Identity[]>
  readonly #called: ReadonlyMap<string, readonly Identity[]>
  #suggestions = 0

  constructor(identities: readonly Identity[]) {
    this.#inNamespace = Map.groupBy(identities, ({ kind, namespace }) => `${kind}/${namespace}`)
    this.#called = Map.groupBy(identities, ({ kind, name }) => `${kind}/${name}`)
  }

  near({ kind, namespace, name }: Identity, besides: Iterable<string>): string | undefined {
    if (this.#suggestions === SUGGESTIONS_MAX) return undefined
    this.#suggestions++
    const names = this.#inNamespace.get(`${kind}/${namespace}`) ?? []
    return nearest(name, [...besides, ...names.map((one) => one.name)])
  }

  /** Another namespace that has one of that name. */
  namespaceOf({ kind, name }: Identity): string | undefined {
    return this.#called.get(`${kind}/${name}`)?.[0]?.namespace
  }
}

function checkTargets(
  declaration: Declaration,
  byKey: ReadonlyMap<string, Declaration>,
  names: DeclaredNames,
  known: (identity: Identity) => boolean,
  add: Add,
): void {
  for (const { to, path } of referencesOf(declaration)) {
    if (byKey.has(identityKey(to)) || known(to)) continue
    const inProperty = declaration.identity.kind === 'StreamType' && path[0] === 'properties'
    const elsewhere = names.namespaceOf(to)
    const meant = names.near(to, inProperty ? TYPE_CODES.keys() : [])
    add(declaration, {
      layer: 'reference',
      code: 'ReferenceUnresolved',
      path: [...declaration.specPath, ...path],
      at: 'value',
      message: `there is no ${identityText(to)}`,
      expected: `a ${to.kind} of namespace ${to.namespace}`,
      found: to.name,
      hint: unresolvedHint(to, meant, elsewhere),
    })
  }
  checkTypeCodes(declaration, add)
}

function unresolvedHint(
  { kind, name, namespace }: Identity,
  meant: string | undefined,
  elsewhere: string | undefined,
): string {
  if (elsewhere !== undefined) {
    return `there is one in namespace ${elsewhere}, but a name points within ${namespace} only`
  }
  return meant === undefined ? `declare ${kind} ${name}` : `did you mean ${meant}?`
}

/** Names that begin with a capital letter can only be type codes, as no resource is called so. */
function checkTypeCodes(declaration: Declaration, add: Add): void {
  if (declaration.identity.kind !== 'StreamType') return
  for (const [index, { type }] of entriesOf(declaration.spec['properties']).entries()) {
    const array = (type as { readonly array?: unknown } | null | undefined)?.array
    const name = typeof type === 'string' ? type : array
    if (typeof name !== 'string' || !/^[A-Z]/.test(name) || TYPE_CODES.has(name)) continue
    const meant = nearest(name, TYPE_CODES.keys())
    add(declaration, {
      layer: 'reference',
      code: 'ReferenceUnresolved',
      path: [
        ...declaration.specPath,
        'properties',
        index,
        'type',
        ...(array === undefined ? [] : ['array']),
      ],
      at: 'value',
      message: `expected a type code or the name of a StreamType, got ${JSON.stringify(name)}`,
      expected: 'a type code or the name of a StreamType',
      found: name,
      ...(meant === undefined ? {} : { hint: `did you mean ${meant}?` }),
    })
  }
}

/** Cycles, keys and properties: what types mean once they are put together. What is not in the set is not judged. */
function checkTypes(
  declarations: readonly Declaration[],
  faulty: (declaration: Declaration) => boolean,
  add: Add,
): void {
  for (const group of Map.groupBy(declarations, ({ identity }) => identity.namespace).values()) {
    const types = new Map(
      group
        .filter(({ identity }) => identity.kind === 'StreamType')
        .map((one) => [one.identity.name, one]),
    )
    const specs = new Map(
      [...types].map(([name, { spec }]) => [name, spec as unknown as TypeDeclaration]),
    )
    const judged = (declaration: Declaration): boolean =>
      !faulty(declaration) && declaration.problems.every(({ severity }) => severity !== 'error')
    const resolved = new Map<string, ResolvedType>()
    const told = new Set<string>()
    for (const [name, declaration] of types) {
      if (!judged(declaration) || !closed(name, types, judged)) continue
      const result = resolveEventType(name, specs)
      resolved.set(name, result)
      for (const { type, path, message, hint } of result.ok ? [] : result.problems) {
        const guilty = types.get(type)
        // What is wrong with a type is found again with every type that is made of it.
        const place = JSON.stringify([type, path])
        if (guilty === undefined || told.has(place)) continue
        told.add(place)
        const at = path.length === 0 ? ('key' as const) : ('value' as const)
        const input = { layer: 'reference' as const, code: 'FieldInvalid' as const, at, message }
        add(guilty, {
          ...input,
          path: [...guilty.specPath, ...path],
          ...(hint === undefined ? {} : { hint }),
        })
      }
    }
    for (const declaration of group.filter(({ identity }) => identity.kind === 'Stream')) {
      checkStream(declaration, resolved, add)
    }
  }
}

/** Whether everything that a type is made of is in the set and sound. */
function closed(
  name: string,
  types: ReadonlyMap<string, Declaration>,
  judged: (declaration: Declaration) => boolean,
  seen: Set<string> = new Set(),
): boolean {
  if (seen.has(name)) return true
  seen.add(name)
  const declaration = types.get(name)
  if (declaration === undefined || !judged(declaration)) return false
  return referencesOf(declaration).every(({ to }) => closed(to.name, types, judged, seen))
}

function checkStream(
  declaration: Declaration,
  resolved: ReadonlyMap<string, ResolvedType>,
  add: Add,
): void {
  const { spec, specPath } = declaration
  const result = resolved.get(String(spec['type']))
  if (result?.ok !== true || result.type.jsonSchema !== undefined) return
  const { type } = result
  if (type.keys.length === 0) {
    add(declaration, {
      layer: 'reference',
      code: 'FieldInvalid',
      path: [...specPath, 'type'],
      at: 'value',
      message: `expected a StreamType with a key, and ${type.name} has none`,
      hint: `give a property of ${type.name} key: 1`,
    })
  }
  const ids = type.properties.map(({ id }) => id)
  const named: (readonly [unknown, readonly (string | number)[]])[] = [
    ...(Array.isArray(spec['indexes']) ? spec['indexes'] : []).map(
      (id, index) => [id, ['indexes', index]] as const,
    ),
    ...entriesOf(spec['propertyOverrides']).map(
      ({ id }, index) => [id, ['propertyOverrides', index, 'id']] as const,
    ),
  ]
  for (const [id, path] of named) {
    if (typeof id !== 'string' || ids.includes(id)) continue
    const meant = nearest(id, ids)
    add(declaration, {
      layer: 'reference',
      code: 'ReferenceUnresolved',
      path: [...specPath, ...path],
      at: 'value',
      message: `StreamType ${type.name} has no property ${id}`,
      hint: meant === undefined ? `it has ${ids.join(', ')}` : `did you mean ${meant}?`,
    })
  }
}

/** As many places as a person looks at. */
const PLACES_SHOWN_MAX = 5

function firstOf(places: readonly string[]): string {
  const rest = places.length - PLACES_SHOWN_MAX
  const shown = places.slice(0, PLACES_SHOWN_MAX).join(', ')
  return rest > 0 ? `${shown} and ${rest} more` : shown
}

function whereText({ origin }: Declaration): string {
  return `${origin.file}:${origin.line}`
}
