/**
 * The layer *reference*: what names point to, what is called twice, and what types mean together. It judges the whole
 * set and only adds problems; an invalid resource still counts as declared.
 */
import { type Identity, identityKey, identityText } from '../../crds/resource.ts'
import { entriesOf } from '../../crds/spec-reading.ts'
import { TYPE_CODES, TYPE_WORDS } from '../../crds/type-code.ts'
import { nearest } from '../../engine/suggest.ts'
import { checkReset } from './check-reset.ts'
import { type DeclarationIndex, factsOf, idOf } from './declaration-index.ts'
import type { DeclaredNames } from './declared-names.ts'
import type { Problem } from './problem.ts'
import { ProblemList } from './problem-list.ts'
import type { Declaration } from './read-document.ts'

/** What one declaration says wrongly about others: names, ids, and what it points to. */
export function checkReferences(
  declaration: Declaration,
  index: DeclarationIndex,
  names: DeclaredNames,
  known: (identity: Identity) => boolean,
): readonly Problem[] {
  const list = new ProblemList(declaration.source, declaration.tree)
  checkName(declaration, index, list)
  checkId(declaration, index, list)
  checkTargets(declaration, index, names, known, list)
  checkTypeCodes(declaration, list)
  checkReset(declaration, list)
  return list.problems
}

/** Whether its references may be judged otherwise although the set did not change: not all of them are in the set. */
export function pointsOutside(declaration: Declaration, index: DeclarationIndex): boolean {
  return factsOf(declaration).targets.some((target) => !index.has(target))
}

type List = Pick<ProblemList, 'add'>

function checkName(declaration: Declaration, index: DeclarationIndex, list: List): void {
  const group = index.named(factsOf(declaration).key)
  if (group.length < 2) return
  const others = group.filter((other) => other !== declaration).map(whereText)
  list.add({
    layer: 'reference',
    code: 'NameDuplicate',
    path: declaration.specPath.length === 0 ? [] : ['metadata', 'name'],
    at: declaration.specPath.length === 0 ? 'key' : 'value',
    message: `${identityText(declaration.identity)} is declared twice; also in ${firstOf(others)}`,
    hint: 'remove or rename one of them',
  })
}

function checkId(declaration: Declaration, index: DeclarationIndex, list: List): void {
  const group = index.withIdOf(declaration)
  if (group.length < 2 || !group.includes(declaration)) return
  const { identity, spec, specPath } = declaration
  const others = group.filter((other) => other !== declaration)
  const names = others.map((other) => `${identityText(other.identity)} (${whereText(other)})`)
  list.add({
    layer: 'reference',
    code: 'IdDuplicate',
    path: spec['id'] === undefined ? ['metadata', 'name'] : [...specPath, 'id'],
    at: 'value',
    message: `expected an id of its own in any letter case, got ${idOf(identity, spec)}, as ${firstOf(names)} has`,
    hint: 'give one of them another spec.id',
  })
}

function checkTargets(
  declaration: Declaration,
  index: DeclarationIndex,
  names: DeclaredNames,
  known: (identity: Identity) => boolean,
  list: List,
): void {
  for (const { to, path } of factsOf(declaration).references) {
    if (index.has(identityKey(to)) || known(to)) continue
    const inProperty = declaration.identity.kind === 'StreamType' && path[0] === 'properties'
    const elsewhere = names.namespaceOf(to)
    const word = inProperty ? TYPE_WORDS.get(to.name) : undefined
    const meant = word ?? names.near(to, inProperty ? TYPE_CODES.keys() : [])
    list.add({
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
function checkTypeCodes(declaration: Declaration, list: List): void {
  if (declaration.identity.kind !== 'StreamType') return
  for (const [index, { type }] of entriesOf(declaration.spec['properties']).entries()) {
    const array = (type as { readonly array?: unknown } | null | undefined)?.array
    const name = typeof type === 'string' ? type : array
    if (typeof name !== 'string' || !/^[A-Z]/.test(name) || TYPE_CODES.has(name)) continue
    const meant = nearest(name, TYPE_CODES.keys())
    list.add({
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
