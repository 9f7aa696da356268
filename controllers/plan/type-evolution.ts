/**
 * What changed in a StreamType, as a closed list of kinds of changes, and which of them keep the records that are there
 * readable. Those are made in place; every other kind says what to write instead.
 *
 * It compares the declarations of one type; what its base types and nested types do is judged where they are declared.
 */
import { entriesOf } from '../../crds/spec-reading.ts'
import { schemaNarrowed } from './schema-evolution.ts'
import { isWider, type PropertyType, typeText } from './type-widening.ts'

type Spec = Readonly<Record<string, unknown>>

export interface TypeChangeRule {
  /** Old events are events of the type still. */
  readonly keepsEvents: boolean
  /** Whether events that are there read otherwise at once. */
  readonly readsOtherwise: boolean
  /** What to write instead; undefined where the change is made. */
  readonly instead: string | undefined
}

const kept = (readsOtherwise = false): TypeChangeRule => ({
  keepsEvents: true,
  readsOtherwise,
  instead: undefined,
})
const refused = (instead: string): TypeChangeRule => ({
  keepsEvents: false,
  readsOtherwise: true,
  instead,
})
const ANOTHER = 'declare a StreamType of another name for a new stream'

export type TypeChangeKind =
  | 'property added'
  | 'property moved'
  | 'property described'
  | 'property widened'
  | 'property interpolated'
  | 'schema widened'
  | 'property removed'
  | 'property renamed'
  | 'property retyped'
  | 'key changed'
  | 'base changed'
  | 'schema narrowed'
  | 'form changed'

/** Every kind of change that there is. */
export const TYPE_CHANGES: Readonly<Record<TypeChangeKind, TypeChangeRule>> = {
  'property added': kept(),
  'property moved': kept(),
  'property described': kept(),
  'property widened': kept(),
  'property interpolated': kept(true),
  'schema widened': kept(),
  'property removed': refused('keep the property and stop writing it'),
  'property renamed': refused('keep the property, and add the new one beside it'),
  'property retyped': refused('keep the property, and add one of another name with the new type'),
  'key changed': refused(ANOTHER),
  'base changed': refused(ANOTHER),
  'schema narrowed': refused(ANOTHER),
  'form changed': refused(ANOTHER),
}

export interface TypeChange {
  readonly kind: TypeChangeKind
  /** Half a sentence: `property value goes`. */
  readonly says: string
}

/** Those that break something first. */
export function typeChanges(from: Spec, to: Spec): readonly TypeChange[] {
  const changes = [...shapeChanges(from, to), ...propertyChanges(from, to)]
  const [breaking, keeping] = [false, true].map((keeps) =>
    changes.filter(({ kind }) => TYPE_CHANGES[kind].keepsEvents === keeps),
  )
  return [...(breaking ?? []), ...(keeping ?? [])]
}

function shapeChanges(from: Spec, to: Spec): readonly TypeChange[] {
  const changes: TypeChange[] = []
  if (textOf(from['baseType']) !== textOf(to['baseType']))
    changes.push({ kind: 'base changed', says: 'its base type changes' })
  const [before, after] = [from['jsonSchema'], to['jsonSchema']]
  if (textOf(before) === textOf(after)) return changes
  if (before === undefined || after === undefined) {
    const says = `it becomes ${after === undefined ? 'properties' : 'a JSON Schema'}`
    return [...changes, { kind: 'form changed', says }]
  }
  const narrowed = schemaNarrowed(before, after)
  if (narrowed === undefined)
    return [...changes, { kind: 'schema widened', says: 'its JSON Schema allows more' }]
  const where = narrowed === '' ? '' : ` at ${narrowed}`
  const says = `its JSON Schema may allow less${where}`
  return [...changes, { kind: 'schema narrowed', says }]
}

function propertyChanges(from: Spec, to: Spec): readonly TypeChange[] {
  const before = propertiesOf(from)
  const after = propertiesOf(to)
  const added = [...after].filter(([id]) => !before.has(id))
  const changes: TypeChange[] = []
  for (const [id, property] of before) {
    const now = after.get(id)
    if (now === undefined) changes.push(removed(id, property, added))
    else changes.push(...changesOf(id, property, now))
  }
  for (const [id, { key }] of added)
    changes.push(
      key === undefined
        ? { kind: 'property added', says: `property ${id} is added` }
        : { kind: 'key changed', says: `property ${id} is added to the key` },
    )
  const order = (all: ReadonlyMap<string, Spec>, others: ReadonlyMap<string, Spec>): string =>
    [...all.keys()].filter((id) => others.has(id)).join('\n')
  if (order(before, after) !== order(after, before))
    changes.push({ kind: 'property moved', says: 'properties change places' })
  return changes
}

/** What goes while just one of its type comes was probably renamed. */
function removed(
  id: string,
  property: Spec,
  added: readonly (readonly [string, Spec])[],
): TypeChange {
  const like = added.filter(([, other]) => textOf(other['type']) === textOf(property['type']))
  const [twin] = like
  if (property['key'] !== undefined)
    return { kind: 'key changed', says: `property ${id} goes, which is part of the key` }
  if (twin !== undefined && like.length === 1)
    return { kind: 'property renamed', says: `property ${id} goes and ${twin[0]} comes` }
  return { kind: 'property removed', says: `property ${id} goes` }
}

function changesOf(id: string, from: Spec, to: Spec): readonly TypeChange[] {
  const changes: TypeChange[] = []
  const [before, after] = [from['type'] as PropertyType, to['type'] as PropertyType]
  if (textOf(before) !== textOf(after)) {
    const says = `property ${id} becomes ${typeText(after)} instead of ${typeText(before)}`
    const widens = from['key'] === undefined && isWider(before, after)
    changes.push({ kind: widens ? 'property widened' : 'property retyped', says })
  }
  if (from['key'] !== to['key'])
    changes.push({ kind: 'key changed', says: `property ${id} changes its place in the key` })
  if (textOf(from['interpolation']) !== textOf(to['interpolation']))
    changes.push({
      kind: 'property interpolated',
      says: `property ${id} is interpolated otherwise`,
    })
  if (TOLD.some((field) => textOf(from[field]) !== textOf(to[field])))
    changes.push({ kind: 'property described', says: `property ${id} is described otherwise` })
  return changes
}

const TOLD = ['uom', 'displayName', 'description'] as const

function propertiesOf({ properties }: Spec): ReadonlyMap<string, Spec> {
  return new Map(entriesOf(properties).map((property) => [String(property['id']), property]))
}

/** Both come from the same normal form, so equal values have equal texts. */
function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value)
}
