/**
 * What `kubectl apply` remembers in an annotation of what it said last from the client. When it applies by the server
 * from then on, those fields are its own already, and the annotation is kept as if it had gone on as before.
 */
import type { JsonSchema } from '../../../crds/json-schema.ts'
import type { ResourceObject } from '../../../crds/resource.ts'
import { LAST_APPLIED } from '../mask.ts'
import { difference, type FieldSet } from './field-set.ts'
import { appliedFields, compareFields } from './typed-fields.ts'
import { type Candidate, isFields } from './write-object.ts'

/** As far as it is still so. */
export function lastAppliedFields(object: ResourceObject, schema: JsonSchema): FieldSet {
  const text = object.metadata.annotations?.[LAST_APPLIED]
  if (text === undefined) return new Set()
  try {
    const applied: unknown = JSON.parse(text)
    const { modified } = compareFields(schema, object, applied)
    return difference(appliedFields(schema, applied), modified)
  } catch {
    return new Set()
  }
}

/** Only where something is remembered already. */
export function remember(object: Candidate, config: Candidate): Candidate {
  const { annotations } = object.metadata
  if (!isFields(annotations) || annotations[LAST_APPLIED] === undefined) return object
  const { annotations: said, managedFields: _managed, ...metadata } = config.metadata
  const others = Object.entries(isFields(said) ? said : {}).filter(
    ([name]) => name !== LAST_APPLIED,
  )
  const kept = others.length === 0 ? {} : { annotations: Object.fromEntries(others) }
  const text = JSON.stringify(inOrder({ ...config, metadata: { ...metadata, ...kept } }))
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...annotations, [LAST_APPLIED]: `${text}\n` } },
  }
}

/** Fields in the order of the alphabet, as Kubernetes writes JSON. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder)
  if (!isFields(value)) return value
  const names = Object.keys(value).sort()
  return Object.fromEntries(names.map((name) => [name, inOrder(value[name])]))
}
