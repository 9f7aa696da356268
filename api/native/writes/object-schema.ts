/** The schema of a whole object of a kind, metadata included: what it may hold, and how its parts are owned. */
import type { JsonSchema } from '../../../crds/json-schema.ts'
import type { KindDefinition } from '../../../crds/kind.ts'

const TEXT: JsonSchema = { type: 'string' }
const TEXTS: JsonSchema = { type: 'object', additionalProperties: TEXT }
const OPAQUE: JsonSchema = { 'x-kubernetes-preserve-unknown-fields': true }

/** All that Kubernetes has there, for clients send back what they read. */
const METADATA: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    name: TEXT,
    generateName: TEXT,
    namespace: TEXT,
    labels: TEXTS,
    annotations: TEXTS,
    uid: TEXT,
    resourceVersion: TEXT,
    generation: { type: 'integer' },
    creationTimestamp: TEXT,
    deletionTimestamp: TEXT,
    deletionGracePeriodSeconds: { type: 'integer' },
    selfLink: TEXT,
    finalizers: { type: 'array', items: TEXT, 'x-kubernetes-list-type': 'set' },
    ownerReferences: { type: 'array', items: OPAQUE },
    managedFields: { type: 'array', items: OPAQUE },
  },
}

const made = new WeakMap<KindDefinition, JsonSchema>()

export function wholeSchema(definition: KindDefinition): JsonSchema {
  const known = made.get(definition)
  if (known !== undefined) return known
  const schema: JsonSchema = {
    type: 'object',
    additionalProperties: false,
    properties: {
      apiVersion: TEXT,
      kind: TEXT,
      metadata: METADATA,
      spec: definition.spec,
      status: OPAQUE,
    },
  }
  made.set(definition, schema)
  return schema
}

/** The schema of a field of an object, or of an entry of a map; empty where any is taken. */
export function fieldSchema(schema: JsonSchema, name: string): JsonSchema | undefined {
  const { properties, additionalProperties, anyOf } = schema
  if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name]
  if (typeof additionalProperties === 'object') return additionalProperties
  for (const form of anyOf ?? [])
    if (Object.hasOwn(form.properties ?? {}, name)) return form.properties?.[name]
  return additionalProperties === false ? undefined : OPAQUE
}
