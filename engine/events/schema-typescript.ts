/**
 * A TypeScript type of a JSON Schema: what its shape says. Anything that a type cannot say (a pattern, a range, a
 * condition) is left out, and what is not understood is `unknown`: the type never refuses what the schema accepts.
 */
import { propertyName } from './property-name.ts'

type Schema = Readonly<Record<string, unknown>>

/** Schemas within each other, from the outermost inwards; what is deeper is `unknown`. */
export const SCHEMA_DEPTH_MAX = 32

const PRIMITIVES: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
}

export function schemaType(schema: unknown): string {
  return typeOf(schema, schema, 0)
}

function typeOf(schema: unknown, root: unknown, depth: number): string {
  if (schema === false) return 'never'
  if (!isSchema(schema) || depth > SCHEMA_DEPTH_MAX) return 'unknown'
  const within = (one: unknown): string => typeOf(one, root, depth + 1)
  const { $ref, const: constant, enum: values, type, allOf } = schema
  if (typeof $ref === 'string') return within(referred($ref, root))
  if (constant !== undefined) return literal(constant)
  if (Array.isArray(values)) return union(values.map(literal))
  const choices = [schema['anyOf'], schema['oneOf']].find((one) => Array.isArray(one))
  const parts = [
    ...(choices === undefined ? [] : [union((choices as readonly unknown[]).map(within))]),
    ...(Array.isArray(allOf) ? allOf.map(within) : []),
    ...(type === undefined && !isSchema(schema['properties']) ? [] : [ownType(schema, within)]),
  ].filter((part) => part !== 'unknown')
  if (parts.length === 0) return 'unknown'
  return parts.length === 1 ? String(parts[0]) : parts.map((part) => `(${part})`).join(' & ')
}

function ownType(schema: Schema, within: (one: unknown) => string): string {
  const { type = 'object' } = schema
  const types = Array.isArray(type) ? type : [type]
  return union(
    types.map((one) => {
      if (one === 'object') return objectType(schema, within)
      if (one === 'array') return `readonly (${within(schema['items'])})[]`
      return typeof one === 'string' ? (PRIMITIVES[one] ?? 'unknown') : 'unknown'
    }),
  )
}

function objectType(schema: Schema, within: (one: unknown) => string): string {
  const { properties, required, additionalProperties } = schema
  const isRequired = (name: string): boolean => Array.isArray(required) && required.includes(name)
  const fields = Object.entries(isSchema(properties) ? properties : {}).map(
    ([name, one]) => `readonly ${propertyName(name)}${isRequired(name) ? '' : '?'}: ${within(one)}`,
  )
  const isOpen = additionalProperties !== false
  if (fields.length === 0) {
    const values = isSchema(additionalProperties) ? within(additionalProperties) : 'unknown'
    return isOpen ? `Readonly<Record<string, ${values}>>` : 'Readonly<Record<string, never>>'
  }
  return `{ ${[...fields, ...(isOpen ? ['readonly [name: string]: unknown'] : [])].join('; ')} }`
}

/** Within the schema itself; anything else is not looked up. */
function referred(reference: string, root: unknown): unknown {
  if (!reference.startsWith('#')) return undefined
  const steps = reference.slice(1).split('/').slice(1)
  return steps.reduce<unknown>((here, step) => {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
    return isSchema(here) ? here[name] : undefined
  }, root)
}

function union(types: readonly string[]): string {
  if (types.includes('unknown')) return 'unknown'
  return [...new Set(types)].join(' | ') || 'never'
}

function literal(value: unknown): string {
  if (value === null || ['string', 'boolean', 'number'].includes(typeof value)) {
    return JSON.stringify(value)
  }
  return 'unknown'
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
