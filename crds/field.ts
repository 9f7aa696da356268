/**
 * How fields of a kind are written: each function makes one schema that is bounded, described and fit for a structural
 * CustomResourceDefinition schema. Kinds use these rather than bare `Type.…`, so that no bound is forgotten.
 */

import { DURATION_LENGTH_MAX, DURATION_PATTERN } from './duration.ts'
import type { JsonSchema } from './json-schema.ts'
import { SIZE_LENGTH_MAX, SIZE_PATTERN } from './size.ts'
import { type TSchema, Type } from './typebox.ts'

export const NAME_LENGTH_MAX = 253
export const ID_LENGTH_MAX = 250
/** A DNS subdomain, as Kubernetes asks of names. */
export const NAME_PATTERN = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'
export const NAME_TEXT =
  'lower-case letters, digits, "-" and ".", with a letter or digit at both ends'
/**
 * Patterns are RE2 for the API server and JavaScript's with the flag u for us, and must mean the same to both: no `.`,
 * `\s`, `\S`, `\w`, `\b`, and nothing that looks ahead or back.
 */
export const ID_PATTERN = '^[^\\p{Z}\\p{Cc}]([^\\p{Cc}]*[^\\p{Z}\\p{Cc}])?$'
export const ID_TEXT = 'text on one line that neither begins nor ends with a blank'
/** A mapping longer than this belongs into several processors. */
export const MAPPING_LENGTH_MAX = 65_536

type Options = Omit<JsonSchema, 'type' | 'properties' | 'items' | 'required' | 'description'>

function unsafe(schema: JsonSchema): TSchema {
  return Type.Unsafe<unknown>(schema)
}

export function optional(schema: TSchema): TSchema {
  return Type.Optional(schema)
}

export function text(description: string, lengthMax: number, options: Options = {}): TSchema {
  return unsafe({ type: 'string', description, maxLength: lengthMax, ...options })
}

/** The name of a resource of the same namespace. */
export function nameOf(description: string): TSchema {
  return text(description, NAME_LENGTH_MAX, { pattern: NAME_PATTERN, patternText: NAME_TEXT })
}

/** `spec.id`, which every kind has. */
export function idField(): TSchema {
  return optional(
    text(
      'What foreign APIs call this resource. Set once; `metadata.name` where absent. Unique per namespace and kind in any letter case.',
      ID_LENGTH_MAX,
      { pattern: ID_PATTERN, patternText: ID_TEXT },
    ),
  )
}

export function choice(
  description: string,
  values: readonly string[],
  options: Options = {},
): TSchema {
  return unsafe({ type: 'string', description, enum: [...values], ...options })
}

export function duration(description: string, options: Options = {}): TSchema {
  return text(description, DURATION_LENGTH_MAX, {
    pattern: DURATION_PATTERN,
    patternText: 'a duration such as 250ms, 24h or 7d',
    ...options,
  })
}

export function size(description: string, options: Options = {}): TSchema {
  return text(description, SIZE_LENGTH_MAX, {
    pattern: SIZE_PATTERN,
    patternText: 'a size such as 512KiB or 64MiB',
    ...options,
  })
}

export function integer(
  description: string,
  bounds: { readonly minimum: number; readonly maximum: number; readonly default?: number },
): TSchema {
  return unsafe({ type: 'integer', description, ...bounds })
}

export function fraction(description: string, options: Options = {}): TSchema {
  return unsafe({ type: 'number', description, minimum: 0, maximum: 1, ...options })
}

export function flag(description: string, options: Options = {}): TSchema {
  return unsafe({ type: 'boolean', description, ...options })
}

export function list(
  description: string,
  items: TSchema,
  options: Options & { readonly maxItems: number },
): TSchema {
  return unsafe({ type: 'array', description, items: asJsonSchema(items), ...options })
}

export function map(
  description: string,
  values: TSchema,
  options: Options & { readonly maxProperties: number },
): TSchema {
  const additionalProperties = asJsonSchema(values)
  return unsafe({ type: 'object', description, additionalProperties, ...options })
}

/** A closed object. `title` names its generated interface. */
export function group(
  title: string,
  description: string,
  properties: Readonly<Record<string, TSchema>>,
  options: Options = {},
): TSchema {
  return Type.Object(
    { ...properties },
    { title, description, additionalProperties: false, ...options },
  )
}

/** An object that is taken as written; another layer judges it. */
export function opaque(description: string): TSchema {
  return unsafe({ type: 'object', description, 'x-kubernetes-preserve-unknown-fields': true })
}

/** One of several forms. The API server cannot tell them apart in a schema, so its manifest keeps the node open. */
export function oneOf(description: string, forms: readonly TSchema[]): TSchema {
  const anyOf = forms.map(asJsonSchema)
  return unsafe({ description, anyOf, 'x-kubernetes-preserve-unknown-fields': true })
}

/** A whole number, or text in which an environment variable stands for it. */
export function integerOrText(description: string, lengthMax: number): TSchema {
  return unsafe({
    description,
    'x-kubernetes-int-or-string': true,
    anyOf: [{ type: 'integer' }, { type: 'string', maxLength: lengthMax }],
  })
}

/** A schema made by these functions, as the data that it is. */
export function asJsonSchema(schema: TSchema): JsonSchema {
  return schema as JsonSchema
}
