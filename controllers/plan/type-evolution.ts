/**
 * What may change in a StreamType while streams hold records of it: whatever keeps those records readable. A property
 * may be added; none may go, become something else, or enter or leave the key.
 *
 * It compares the declarations of one type; what its base types and nested types do is judged where they are declared.
 */
import { entriesOf } from '../../crds/spec-reading.ts'

type Spec = Readonly<Record<string, unknown>>

/** What would make records unreadable, as half a sentence; undefined when nothing does. */
export function typeBreak(from: Spec, to: Spec): string | undefined {
  if (textOf(from['baseType']) !== textOf(to['baseType'])) return 'its base type changes'
  if (textOf(from['jsonSchema']) !== textOf(to['jsonSchema'])) return 'its JSON Schema changes'
  const before = propertiesOf(from)
  const after = propertiesOf(to)
  for (const [id, property] of before) {
    const now = after.get(id)
    if (now === undefined) return `property ${id} goes`
    if (textOf(now['type']) !== textOf(property['type']))
      return `property ${id} becomes ${typeText(now['type'])} instead of ${typeText(property['type'])}`
    if (now['key'] !== property['key']) return `property ${id} changes its place in the key`
  }
  for (const [id, { key }] of after)
    if (key !== undefined && !before.has(id)) return `property ${id} is added to the key`
  return undefined
}

function propertiesOf({ properties }: Spec): ReadonlyMap<string, Spec> {
  return new Map(entriesOf(properties).map((property) => [String(property['id']), property]))
}

/** Both come from the same normal form, so equal values have equal texts. */
function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value)
}

function typeText(type: unknown): string {
  return typeof type === 'string' ? type : JSON.stringify(type)
}
