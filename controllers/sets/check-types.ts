/**
 * What StreamTypes mean once they are put together: cycles, keys and properties, and the streams that are made of them.
 * Types of a namespace are judged together and again when one of them changed; a stream alone.
 */
import { entriesOf } from '../../crds/spec-reading.ts'
import {
  type ResolvedType,
  resolveEventType,
  type TypeDeclaration,
} from '../../engine/events/event-type.ts'
import { nearest } from '../../engine/suggest.ts'
import { factsOf } from './declaration-index.ts'
import type { Problem } from './problem.ts'
import { type PathProblem, ProblemList } from './problem-list.ts'
import type { Declaration } from './read-document.ts'

/** What the types of one namespace come to. */
export interface TypesOfNamespace {
  /** Those that are sound, and made of sound ones in the set alone; what is not in the set is not judged. */
  readonly resolved: ReadonlyMap<string, ResolvedType>
  readonly problems: ReadonlyMap<Declaration, readonly Problem[]>
}

/** `isSound` says that nothing else was found wrong with a declaration. */
export function checkTypes(
  types: ReadonlyMap<string, Declaration>,
  isSound: (declaration: Declaration) => boolean,
): TypesOfNamespace {
  const specs = new Map(
    [...types].map(([name, { spec }]) => [name, spec as unknown as TypeDeclaration]),
  )
  const resolved = new Map<string, ResolvedType>()
  const lists = new Map<Declaration, ProblemList>()
  const told = new Set<string>()
  // A circle is told once, at the first of its types.
  const isJudged = (declaration: Declaration): boolean =>
    !lists.has(declaration) && isSound(declaration)
  for (const [name, declaration] of types) {
    if (!isJudged(declaration) || !isClosed(name, types, isJudged)) continue
    const result = resolveEventType(name, specs)
    resolved.set(name, result)
    for (const { type, path, message, hint } of result.ok ? [] : result.problems) {
      const guilty = types.get(type)
      // What is wrong with a type is found again with every type that is made of it.
      const place = JSON.stringify([type, path])
      if (guilty === undefined || told.has(place)) continue
      told.add(place)
      const list = lists.get(guilty) ?? new ProblemList(guilty.source, guilty.tree)
      lists.set(guilty, list)
      list.add({
        layer: 'reference',
        code: 'FieldInvalid',
        at: path.length === 0 ? 'key' : 'value',
        message,
        path: [...guilty.specPath, ...path],
        ...(hint === undefined ? {} : { hint }),
      })
    }
  }
  const problems = new Map([...lists].map(([guilty, list]) => [guilty, list.problems]))
  return { resolved, problems }
}

/** Whether everything that a type is made of is in the set and sound. */
function isClosed(
  name: string,
  types: ReadonlyMap<string, Declaration>,
  isSound: (declaration: Declaration) => boolean,
  seen: Set<string> = new Set(),
): boolean {
  if (seen.has(name)) return true
  seen.add(name)
  const declaration = types.get(name)
  if (declaration === undefined || !isSound(declaration)) return false
  return factsOf(declaration).references.every(({ to }) => isClosed(to.name, types, isSound, seen))
}

/** What a typed stream says of its type's properties. */
export function checkStream(
  declaration: Declaration,
  { resolved }: TypesOfNamespace,
): readonly Problem[] {
  const { spec, specPath } = declaration
  const result = resolved.get(String(spec['type']))
  if (result?.ok !== true || result.type.jsonSchema !== undefined) return []
  const { type } = result
  const problems: PathProblem[] = []
  if (type.keys.length === 0) {
    problems.push({
      layer: 'reference',
      code: 'FieldInvalid',
      path: [...specPath, 'type'],
      at: 'value',
      message: `expected a StreamType with a key, and ${type.name} has none`,
      hint: `give a property of ${type.name} key: 1`,
    })
  }
  const ids = type.properties.map(({ id }) => id)
  for (const [id, path] of propertiesNamed(spec)) {
    if (typeof id !== 'string' || ids.includes(id)) continue
    const meant = nearest(id, ids)
    problems.push({
      layer: 'reference',
      code: 'ReferenceUnresolved',
      path: [...specPath, ...path],
      at: 'value',
      message: `StreamType ${type.name} has no property ${id}`,
      hint: meant === undefined ? `it has ${ids.join(', ')}` : `did you mean ${meant}?`,
    })
  }
  if (problems.length === 0) return []
  const list = new ProblemList(declaration.source, declaration.tree)
  for (const problem of problems) list.add(problem)
  return list.problems
}

function propertiesNamed(
  spec: Declaration['spec'],
): readonly (readonly [unknown, readonly (string | number)[]])[] {
  const indexes = Array.isArray(spec['indexes']) ? spec['indexes'] : []
  return [
    ...indexes.map((id, index) => [id, ['indexes', index]] as const),
    ...entriesOf(spec['propertyOverrides']).map(
      ({ id }, index) => [id, ['propertyOverrides', index, 'id']] as const,
    ),
  ]
}
