/**
 * JSON Schemas for editors: a whole document of one kind, a file of any kind, headgate.yaml. They complete and explain
 * what is written, and mark slips; `headgate validate` is what judges.
 *
 * They are as lenient as components are (a number where text is expected, `${NAME}` where any scalar is), so that no
 * editor marks what runs.
 */
import type { FieldSchema } from '../crds/field-form.ts'
import type { KindDefinition } from '../crds/kind.ts'
import { kinds } from '../crds/kinds.ts'
import { PIPELINE_FIELDS_OF_OURS } from '../crds/pipeline.ts'
import { KINDS, type Kind } from '../crds/resource.ts'
import { OF_THE_PROCESS } from '../engine/pipelines/spec.ts'
import { ENVELOPE, type ResolvedSchemas } from './resolved-schemas.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** Editors know this draft best, and need no word that came later. */
const DRAFT = 'http://json-schema.org/draft-07/schema#'
/** The words that an editor understands; all others are ours. */
const WORDS: readonly (keyof FieldSchema)[] = [
  'type',
  'description',
  'default',
  'examples',
  'properties',
  'patternProperties',
  'additionalProperties',
  'required',
  'items',
  'anyOf',
  'const',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'minimum',
  'maximum',
  '$ref',
]
const SECRET_FORMS: readonly JsonObject[] = [
  { type: ['string', 'number', 'boolean'] },
  closed({ fromEnv: { type: 'string', description: 'The name of an environment variable.' } }),
  closed({
    fromFile: { type: 'string', description: 'The path of a file beneath the secrets directory.' },
  }),
  closed({
    fromSecret: {
      ...closed({ name: { type: 'string' }, key: { type: 'string' } }),
      description: 'A Secret of the same namespace, and which key of it.',
    },
  }),
]
const VARIABLE = '\\$\\{'

/** One kind's documents. */
export function kindSchema(kind: Kind, resolved: ResolvedSchemas): JsonObject {
  const $defs = kind === 'Pipeline' ? { $defs: componentDefinitions(resolved) } : {}
  return { $schema: DRAFT, ...documentSchema(kinds[kind], resolved), ...$defs }
}

/** Documents of every kind: which one it is, its `kind` says. */
export function combinedSchema(resolved: ResolvedSchemas): JsonObject {
  const documents = KINDS.map((kind) => [kind, documentSchema(kinds[kind], resolved)] as const)
  return {
    $schema: DRAFT,
    title: 'Headgate',
    description: 'A resource of Headgate.',
    type: 'object',
    // Editors find the form that is meant by its `kind`, and offer these two before there is one.
    properties: {
      apiVersion: ENVELOPE.apiVersion,
      kind: { enum: KINDS, description: 'What is declared.' },
    },
    required: ['kind'],
    // One form each would fit a document whose spec is still empty as badly as another, and all would be offered.
    allOf: KINDS.map((kind) => ({
      if: { properties: { kind: { const: kind } }, required: ['kind'] },
      then: { $ref: `#/$defs/${kind}` },
    })),
    $defs: { ...Object.fromEntries(documents), ...componentDefinitions(resolved) },
  }
}

/** A Connect config without an envelope: a pipeline's spec without what is ours, with what is of its whole process. */
export function bareConfigSchema(resolved: ResolvedSchemas): JsonObject {
  const { required: _, properties = {}, ...spec } = resolved.specs.Pipeline
  const ours: readonly string[] = PIPELINE_FIELDS_OF_OURS
  const fields = Object.entries(properties).filter(([name]) => !ours.includes(name))
  const ofProcess = OF_THE_PROCESS.map((name) => [
    name,
    { description: 'Of a whole process; it changes nothing here.' },
  ])
  return {
    $schema: DRAFT,
    title: 'Connect config',
    ...strictSchema({ ...spec, properties: Object.fromEntries([...fields, ...ofProcess]) }),
    $defs: componentDefinitions(resolved),
  }
}

/** headgate.yaml. */
export function configFileSchema({ config }: ResolvedSchemas): JsonObject {
  return { $schema: DRAFT, title: 'headgate.yaml', ...strictSchema(config) }
}

function documentSchema(definition: KindDefinition, { specs }: ResolvedSchemas): JsonObject {
  const { kind, summary, specRequired } = definition
  return {
    title: kind,
    description: summary,
    type: 'object',
    required: ['apiVersion', 'kind', 'metadata', ...(specRequired ? ['spec'] : [])],
    additionalProperties: false,
    properties: {
      apiVersion: ENVELOPE.apiVersion,
      kind: { const: kind, description: summary },
      metadata: ENVELOPE.metadata,
      spec: strictSchema(specs[kind]),
      status: ENVELOPE.status,
    },
  }
}

function componentDefinitions({ definitions }: ResolvedSchemas): JsonObject {
  return Object.fromEntries(
    [...definitions].map(([name, schema]) => [
      name,
      name.includes('.') ? lenientSchema(schema) : { ...strictSchema(schema), minProperties: 1 },
    ]),
  )
}

function strictSchema(schema: FieldSchema): JsonObject {
  return written(schema, strictSchema)
}

/** A component's config takes more than its types say. */
function lenientSchema(schema: FieldSchema): JsonObject {
  const described = schema.description === undefined ? {} : { description: schema.description }
  if (schema['x-headgate'] === 'secret') return { ...described, anyOf: SECRET_FORMS }
  const plain = written(schema, lenientSchema)
  if (schema.anyOf !== undefined)
    return { ...plain, anyOf: [...lenientForms(schema.anyOf), REFERENCE] }
  if (schema.enum !== undefined || schema.const !== undefined) {
    const { enum: values, const: value, type: _, ...rest } = plain
    const exact = values === undefined ? { const: value } : { enum: values }
    return { ...rest, anyOf: [exact, REFERENCE] }
  }
  switch (schema.type) {
    case 'string':
      return { ...plain, type: ['string', 'number', 'boolean'] }
    case 'integer':
    case 'number':
    case 'boolean':
      // A pattern judges text alone, as bounds judge numbers alone.
      return { ...plain, type: [schema.type, 'string'], pattern: VARIABLE }
    case 'object':
      return (schema.required ?? []).some(
        (name) => schema.properties?.[name]?.default === undefined,
      )
        ? plain
        : { ...plain, type: ['object', 'null'] }
    default:
      return plain
  }
}

const REFERENCE: JsonObject = { type: 'string', pattern: VARIABLE }

function lenientForms(forms: readonly FieldSchema[]): readonly JsonObject[] {
  return forms.map((form) =>
    form.const === undefined ? lenientSchema(form) : { const: form.const },
  )
}

function written(schema: FieldSchema, inner: (schema: FieldSchema) => JsonObject): JsonObject {
  const result: Record<string, unknown> = {}
  for (const word of WORDS) {
    const value = schema[word]
    if (value === undefined) continue
    result[word] = writtenWord(word, value, inner)
  }
  // What has a default may be missing, whatever the types that are made from the schema say.
  const required = (schema.required ?? []).filter(
    (name) => schema.properties?.[name]?.default === undefined,
  )
  if (required.length === 0) delete result['required']
  else result['required'] = required
  if (schema.title !== undefined && schema.pattern !== undefined) {
    result['description'] = [schema.description, schema.title].filter(Boolean).join(' ')
  }
  return result
}

function writtenWord(
  word: keyof FieldSchema,
  value: unknown,
  inner: (schema: FieldSchema) => JsonObject,
): unknown {
  if (word === 'items') return inner(value as FieldSchema)
  if (word === 'anyOf') return (value as readonly FieldSchema[]).map(inner)
  if (word === 'additionalProperties') {
    return typeof value === 'boolean' ? value : inner(value as FieldSchema)
  }
  if (word !== 'properties' && word !== 'patternProperties') return value
  const schemas = Object.entries(value as Readonly<Record<string, FieldSchema>>)
  return Object.fromEntries(schemas.map(([name, one]) => [name, inner(one)]))
}

/** An object with just these fields, all of them. */
function closed(properties: JsonObject): JsonObject {
  return {
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  }
}
