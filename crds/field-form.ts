/**
 * What a field takes, in a few words for a person: read from the schemas of kinds, of headgate.yaml and of components,
 * which are all JSON Schema with a few words more.
 */

/** What is read here of the schemas of kinds and components alike. */
export interface FieldSchema {
  readonly type?: string | readonly string[]
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly properties?: Readonly<Record<string, FieldSchema>>
  readonly patternProperties?: Readonly<Record<string, FieldSchema>>
  readonly additionalProperties?: boolean | FieldSchema
  readonly required?: readonly string[]
  readonly items?: FieldSchema
  readonly anyOf?: readonly FieldSchema[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly patternText?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly durationMin?: string
  readonly durationMax?: string
  readonly notYetAvailable?: readonly string[]
  /** What a field of a component means beyond its type. */
  readonly 'x-headgate'?: string
  readonly $ref?: string
}

const COMPONENT_FORMS: Readonly<Record<string, string>> = {
  mapping: 'a Bloblang mapping',
  query: 'a Bloblang query',
  interpolated: 'text, `${! … }` in it is filled in',
  duration: 'a duration such as 5s or 1m30s',
  secret: 'text, {fromEnv: NAME}, {fromFile: PATH} or {fromSecret: {name, key}}',
  processors: 'a list of processors',
  output: 'an output',
  outputs: 'a list of outputs',
  input: 'an input',
  inputs: 'a list of inputs',
  cache: 'the label of an entry of cache_resources',
  rate_limit: 'the label of an entry of rate_limit_resources',
}

export function formOf(schema: FieldSchema): string {
  const special = COMPONENT_FORMS[schema['x-headgate'] ?? '']
  if (special !== undefined) return special
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(unionForm))].join(' or ')
  if (schema.const !== undefined) return `\`${String(schema.const)}\``
  if (schema.enum !== undefined)
    return schema.enum.map((value) => `\`${value === '' ? '""' : value}\``).join(', ')
  if (schema.patternText !== undefined) return withBounds(schema.patternText, schema)
  if (schema.$ref !== undefined) return referenceText(schema.$ref)
  return typeForm(schema)
}

/** Among several forms an object is told by its fields. */
function unionForm(schema: FieldSchema): string {
  const names = Object.keys(schema.properties ?? {})
  return names.length === 0 ? formOf(schema) : `{${names.join(', ')}}`
}

/** The map's values where a schema is a map. */
export function valuesOf(schema: FieldSchema): FieldSchema | undefined {
  const { additionalProperties, patternProperties } = schema
  if (typeof additionalProperties === 'object') return additionalProperties
  return patternProperties === undefined ? undefined : Object.values(patternProperties)[0]
}

function typeForm(schema: FieldSchema): string {
  const type = [schema.type ?? 'anything'].flat()[0] ?? 'anything'
  switch (type) {
    case 'array':
      return `list${itemText(schema.items)}${countText(schema.minItems, schema.maxItems)}`
    case 'string':
      // Patterns without words of their own still have a title.
      return (
        schema.title ??
        `text${schema.maxLength === undefined ? '' : `, at most ${schema.maxLength} characters`}`
      )
    case 'object':
      if (valuesOf(schema) === undefined) return 'object'
      return `map${countText(schema.minProperties, schema.maxProperties)}`
    case 'integer':
    case 'number':
      return `${type}${countText(schema.minimum, schema.maximum)}`
    default:
      return type
  }
}

function itemText(items: FieldSchema | undefined): string {
  if (items?.enum !== undefined) return ` of ${formOf(items)}`
  const isPlain = items?.title === undefined || items['x-headgate'] !== undefined
  return items?.type === 'string' && isPlain ? ' of text' : ''
}

function countText(min: number | undefined, max: number | undefined): string {
  if (max === undefined) return min === undefined ? '' : `, at least ${min}`
  return min === undefined ? `, at most ${max}` : `, ${min} to ${max}`
}

function withBounds(text: string, { durationMin, durationMax }: FieldSchema): string {
  return durationMin === undefined || durationMax === undefined
    ? text
    : `${text}, ${durationMin} to ${durationMax}`
}

function referenceText(reference: string): string {
  const name = reference.slice(reference.lastIndexOf('/') + 1)
  return name === 'input' || name === 'output' ? `an ${name}` : `a ${name}`
}
