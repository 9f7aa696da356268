/**
 * The part of JSON Schema in which kinds are written, as plain data that generators, the validator and the normaliser
 * walk. Every form of it has a form in a structural CustomResourceDefinition schema; nothing else may be used.
 */

export interface JsonSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'
  /** Names the interface that is generated for an object; it reaches no manifest. */
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  /** False closes an object; a schema makes it a map. */
  readonly additionalProperties?: false | JsonSchema
  readonly items?: JsonSchema
  readonly enum?: readonly string[]
  readonly anyOf?: readonly JsonSchema[]
  readonly pattern?: string
  /** What the pattern asks for, in words for an error message. */
  readonly patternText?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly minimum?: number
  readonly maximum?: number
  /** Bounds of a text in the grammar of duration.ts. */
  readonly durationMin?: string
  readonly durationMax?: string
  /** The field whose value says which form an object has; while it is wrong, its siblings are not judged. */
  readonly discriminator?: string
  /** Values of a discriminator that are known and not there yet. */
  readonly notYetAvailable?: readonly string[]
  /** A literal text here is a secret when the map's key says so. */
  readonly secretKeys?: true
  /** What only the manifest says, in place of a rule that the API server could not see the fields of. */
  readonly structuralOnly?: Readonly<Record<string, unknown>>
  readonly 'x-kubernetes-preserve-unknown-fields'?: true
  readonly 'x-kubernetes-int-or-string'?: true
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map'
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular'
}

/** What is judged elsewhere and taken as written: a component's config, a JSON Schema. */
export function isOpaque(schema: JsonSchema): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true && schema.anyOf === undefined
}
