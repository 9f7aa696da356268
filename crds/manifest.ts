/** A kind as a CustomResourceDefinition, and as a JSON Schema for editors. */
import type { JsonSchema } from './json-schema.ts'
import type { KindDefinition } from './kind.ts'
import { GROUP, VERSION } from './resource.ts'
import { structuralSchema } from './structural.ts'

/** Words of our own, which no editor knows. */
const OURS: readonly (keyof JsonSchema)[] = [
  'title',
  'examples',
  'patternText',
  'durationMin',
  'durationMax',
  'discriminator',
  'notYetAvailable',
  'secretKeys',
  'structuralOnly',
]

export function manifestOf(definition: KindDefinition): Readonly<Record<string, unknown>> {
  const { kind, plural, singular, shortNames, categories, scale } = definition
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames, categories },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: objectSchema(definition) },
          subresources: { status: {}, ...(scale === undefined ? {} : { scale }) },
          additionalPrinterColumns: definition.printerColumns,
        },
      ],
    },
  }
}

function objectSchema(definition: KindDefinition): unknown {
  const rules = definition.rules
    .filter(({ inManifest }) => inManifest)
    .map(({ rule, message, messageExpression, fieldPath }) => ({
      rule,
      message,
      ...(messageExpression === undefined ? {} : { messageExpression }),
      ...(fieldPath === undefined ? {} : { fieldPath }),
    }))
  const spec = {
    ...structuralSchema(definition.spec, `${definition.kind}.spec`),
    ...(definition.specRequired ? {} : { default: {} }),
    ...(rules.length === 0 ? {} : { 'x-kubernetes-validations': rules }),
  }
  return {
    type: 'object',
    description: definition.summary,
    ...(definition.specRequired ? { required: ['spec'] } : {}),
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec,
      status: {
        type: 'object',
        description: 'What is; written by Headgate.',
        'x-kubernetes-preserve-unknown-fields': true,
      },
    },
    'x-kubernetes-validations': definition.transitions.map(
      ({ field, rule, message, messageExpression }) => ({
        rule,
        message,
        messageExpression,
        fieldPath: `.${field}`,
      }),
    ),
  }
}

/** A kind as a JSON Schema for editors: a whole document, with everything that it may hold. */
export function documentSchemaOf(definition: KindDefinition): Readonly<Record<string, unknown>> {
  const texts = { type: 'object', additionalProperties: { type: 'string' } }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: definition.kind,
    description: definition.summary,
    type: 'object',
    required: ['apiVersion', 'kind', 'metadata', ...(definition.specRequired ? ['spec'] : [])],
    additionalProperties: false,
    properties: {
      apiVersion: { const: `${GROUP}/${VERSION}` },
      kind: { const: definition.kind },
      metadata: {
        type: 'object',
        required: ['name'],
        properties: {
          name: { type: 'string' },
          namespace: { type: 'string' },
          labels: texts,
          annotations: texts,
        },
      },
      spec: editorSchema(definition.spec),
      status: { type: 'object' },
    },
  }
}

function editorSchema(schema: JsonSchema): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = {}
  for (const [word, value] of Object.entries(schema)) {
    if (OURS.includes(word as keyof JsonSchema) || word.startsWith('x-kubernetes-')) continue
    result[word] = editorWord(word, value)
  }
  return result
}

function editorWord(word: string, value: unknown): unknown {
  if (word === 'items') return editorSchema(value as JsonSchema)
  if (word === 'additionalProperties')
    return value === false ? false : editorSchema(value as JsonSchema)
  if (word === 'anyOf') return (value as readonly JsonSchema[]).map(editorSchema)
  if (word !== 'properties') return value
  const properties = value as Readonly<Record<string, JsonSchema>>
  return Object.fromEntries(
    Object.entries(properties).map(([name, one]) => [name, editorSchema(one)]),
  )
}
