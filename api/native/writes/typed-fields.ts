/**
 * Which fields an object has, as its kind sees them: lists with keys and sets by their entries, all other lists and
 * atomic maps as one field each.
 */
import { isOpaque, type JsonSchema } from '../../../crds/json-schema.ts'
import { type FieldSet, pathOf } from './field-set.ts'
import { fieldSchema } from './object-schema.ts'

export interface Child {
  readonly step: string
  readonly schema: JsonSchema
  readonly value: unknown
  /** A field that the kind names; an entry of a map or a list otherwise. */
  readonly isNamed: boolean
}

/** What lies beneath a value, or undefined where it is one field as a whole. */
export function childrenOf(schema: JsonSchema, value: unknown): readonly Child[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return entriesOf(schema, value)
  if (schema['x-kubernetes-map-type'] === 'atomic') return undefined
  return Object.entries(value).map(([name, field]) => ({
    step: `f:${name}`,
    schema: fieldSchema(schema, name) ?? {},
    value: field,
    isNamed: Object.hasOwn(schema.properties ?? {}, name),
  }))
}

function entriesOf(schema: JsonSchema, list: readonly unknown[]): readonly Child[] | undefined {
  const type = isOpaque(schema) ? undefined : schema['x-kubernetes-list-type']
  if (type !== 'map' && type !== 'set') return undefined
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const children = list.map((value) => ({
    step: type === 'set' ? `v:${JSON.stringify(value)}` : `k:${keyText(value, keys)}`,
    schema: schema.items ?? {},
    value,
    isNamed: false,
  }))
  // Entries that cannot be told apart are judged elsewhere; here the list is one field then.
  return new Set(children.map(({ step }) => step)).size === list.length ? children : undefined
}

function keyText(value: unknown, keys: readonly string[]): string {
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>
  return JSON.stringify(
    Object.fromEntries([...keys].sort().map((key) => [key, fields[key] ?? null])),
  )
}

/** Who applies an object owns these: what is in it, and the containers only where they are empty or entries. */
export function appliedFields(schema: JsonSchema, value: unknown): FieldSet {
  const set = new Set<string>()
  collectApplied(schema, value, [], set)
  return set
}

function collectApplied(
  schema: JsonSchema,
  value: unknown,
  steps: readonly string[],
  set: Set<string>,
): void {
  const children = childrenOf(schema, value)
  if (children === undefined) {
    if (steps.length > 0) set.add(pathOf(steps))
    return
  }
  for (const child of children) {
    const at = [...steps, child.step]
    const below = childrenOf(child.schema, child.value)
    if (!child.isNamed || below?.length === 0) set.add(pathOf(at))
    collectApplied(child.schema, child.value, at, set)
  }
}

export interface Comparison {
  readonly added: FieldSet
  readonly modified: FieldSet
  readonly removed: FieldSet
}

export function compareFields(schema: JsonSchema, before: unknown, after: unknown): Comparison {
  const old = flattened(schema, before)
  const now = flattened(schema, after)
  const added = [...now.keys()].filter((path) => !old.has(path))
  const removed = [...old.keys()].filter((path) => !now.has(path))
  const modified = [...now].filter(([path, text]) => old.has(path) && old.get(path) !== text)
  return {
    added: new Set(added),
    removed: new Set(removed),
    modified: new Set(modified.map(([path]) => path)),
  }
}

/** Every place with the text of its value; a place with places beneath it has none of its own. */
function flattened(schema: JsonSchema, value: unknown): ReadonlyMap<string, string> {
  const all = new Map<string, string>()
  const walk = (at: JsonSchema, here: unknown, steps: readonly string[]): void => {
    const children = childrenOf(at, here)
    if (steps.length > 0) all.set(pathOf(steps), children === undefined ? textOf(here) : '')
    for (const child of children ?? []) walk(child.schema, child.value, [...steps, child.step])
  }
  walk(schema, value, [])
  return all
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) =>
    typeof field === 'object' && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  )
}
