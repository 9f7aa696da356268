/**
 * A valid spec in the one form in which it is compared and stored: nulls dropped, defaults filled in, durations and
 * sizes in their shortest writing. What is opaque stays as written, nulls included.
 */
import { DURATION_PATTERN, formatDuration, parseDurationMs } from '../../crds/duration.ts'
import { isOpaque, type JsonSchema } from '../../crds/json-schema.ts'
import { formatSize, parseSizeBytes, SIZE_PATTERN } from '../../crds/size.ts'

export function normalForm(schema: JsonSchema, value: unknown): unknown {
  if (isOpaque(schema)) return value
  if (schema.anyOf !== undefined) {
    const form = schema.anyOf.find(({ type }) => type === typeOf(value))
    return form?.type === 'object' ? dropNulls(schema, value) : value
  }
  if (typeof value === 'string') return normalText(schema, value)
  if (Array.isArray(value)) return value.map((item) => normalForm(schema.items ?? {}, item))
  if (typeof value !== 'object' || value === null) return value
  return normalObject(schema, value as Readonly<Record<string, unknown>>)
}

/**
 * Null fields are as good as absent, so that no validator sees them; opaque values keep theirs. So does a field that
 * the schema does not know: it is unknown whatever it holds.
 */
export function dropNulls(schema: JsonSchema, value: unknown): unknown {
  if (isOpaque(schema) || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => dropNulls(schema.items ?? {}, item))
  const fields = value as Readonly<Record<string, unknown>>
  const kept: Record<string, unknown> = {}
  for (const name of Object.keys(fields)) {
    const field = fields[name]
    if (field === null && !isUnknown(schema, name)) continue
    kept[name] = dropNulls(fieldSchema(schema, name), field)
  }
  return kept
}

function normalObject(schema: JsonSchema, value: Readonly<Record<string, unknown>>): unknown {
  const result: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(value)) {
    if (field !== null) result[name] = normalForm(fieldSchema(schema, name), field)
  }
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (result[name] === undefined && field.default !== undefined) {
      result[name] = normalForm(field, field.default)
    }
  }
  return result
}

function isUnknown(schema: JsonSchema, name: string): boolean {
  return schema.additionalProperties === false && !Object.hasOwn(schema.properties ?? {}, name)
}

function fieldSchema(schema: JsonSchema, name: string): JsonSchema {
  const own = schema.properties?.[name]
  if (own !== undefined) return own
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {}
}

function normalText(schema: JsonSchema, value: string): string {
  if (schema.pattern === DURATION_PATTERN) {
    const ms = parseDurationMs(value)
    return ms === undefined ? value : formatDuration(ms)
  }
  if (schema.pattern !== SIZE_PATTERN) return value
  const bytes = parseSizeBytes(value)
  return bytes === undefined ? value : formatSize(bytes)
}

function typeOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value
}
