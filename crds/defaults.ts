/**
 * Fills in what the schema says of fields that are not there, and changes nothing else: the object as the API server
 * would keep it. Texts stay as they were written.
 */
import { isOpaque, type JsonSchema } from './json-schema.ts'

export function withDefaults(schema: JsonSchema, value: unknown): unknown {
  if (isOpaque(schema) || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => withDefaults(schema.items ?? {}, item))
  const { properties = {}, additionalProperties } = schema
  const result: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(value)) {
    const own = Object.hasOwn(properties, name) ? properties[name] : undefined
    const rest = typeof additionalProperties === 'object' ? additionalProperties : {}
    result[name] = withDefaults(own ?? rest, field)
  }
  for (const [name, field] of Object.entries(properties)) {
    if (field.default === undefined || (result[name] ?? null) !== null) continue
    result[name] = withDefaults(field, structuredClone(field.default))
  }
  return result
}
