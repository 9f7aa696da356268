/** Takes out of an object what its kind does not know, and says what that was. */
import { isOpaque, type JsonSchema } from '../../../crds/json-schema.ts'
import { fieldSchema } from './object-schema.ts'

export interface Pruned {
  readonly value: unknown
  /** `spec.shard`, `spec.properties[0].typ`. */
  readonly unknown: readonly string[]
}

export function withoutUnknown(schema: JsonSchema, value: unknown): Pruned {
  const unknown: string[] = []
  return { value: pruned(schema, value, '', unknown), unknown }
}

function pruned(schema: JsonSchema, value: unknown, path: string, unknown: string[]): unknown {
  if (isOpaque(schema) || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value))
    return value.map((item, index) =>
      pruned(schema.items ?? {}, item, `${path}[${index}]`, unknown),
    )
  const kept: [string, unknown][] = []
  for (const [name, field] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`
    const own = fieldSchema(schema, name)
    if (own === undefined) unknown.push(at)
    else kept.push([name, pruned(own, field, at, unknown)])
  }
  return Object.fromEntries(kept)
}
