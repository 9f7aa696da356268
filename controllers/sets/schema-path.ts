/** Finds the part of a schema that judges what stands at a path. */
import type { JsonSchema } from '../../crds/json-schema.ts'
import type { Path } from './tree.ts'

/** The schema at a path; of a union, the first form that goes on there. */
export function schemaAt(schema: JsonSchema, path: Path): JsonSchema {
  let node: JsonSchema = schema
  for (const step of path) {
    const holders = node.anyOf === undefined ? [node] : node.anyOf
    node =
      holders.map((holder) => childSchema(holder, step)).find((next) => next !== undefined) ?? {}
  }
  return node
}

export function childSchema(schema: JsonSchema, step: string | number): JsonSchema | undefined {
  if (typeof step === 'number') return schema.items
  const own = schema.properties?.[step]
  if (own !== undefined) return own
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined
}
