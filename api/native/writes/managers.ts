/**
 * Who wrote which field: the entries of `metadata.managedFields`. An ordinary write takes what it changes; an apply owns
 * what its object holds. What the server writes itself is nobody's.
 */

import type { JsonSchema } from '../../../crds/json-schema.ts'
import { API_VERSION } from '../../../crds/resource.ts'
import {
  decodeFields,
  difference,
  encodeFields,
  type FieldSet,
  isSameSet,
  pathOf,
  stepsOf,
  union,
} from './field-set.ts'
import { compareFields } from './typed-fields.ts'

export interface Manager {
  readonly name: string
  readonly operation: 'Apply' | 'Update'
  readonly subresource: string
  readonly fields: FieldSet
  /** RFC 3339. */
  readonly time: string
}

/** Of ordinary writers; what the eldest wrote goes together beyond this. */
export const UPDATE_MANAGERS_MAX = 10
const ANCIENT = 'ancient-changes'

const OF_THE_SERVER = new Set([
  ...['apiVersion', 'kind', 'metadata', 'status'].map((name) => pathOf([`f:${name}`])),
  ...[
    'name',
    'namespace',
    'uid',
    'resourceVersion',
    'generation',
    'creationTimestamp',
    'managedFields',
    'selfLink',
  ].map((name) => pathOf(['f:metadata', `f:${name}`])),
])

export function withoutServers(set: FieldSet): FieldSet {
  return new Set(
    [...set].filter((path) => !OF_THE_SERVER.has(path) && stepsOf(path)[0] !== 'f:status'),
  )
}

/** After an ordinary write by `writer`: what it changed is its own, and nobody else's. */
export function managersAfterUpdate(
  managers: readonly Manager[],
  writer: Pick<Manager, 'name' | 'subresource' | 'time'>,
  schema: JsonSchema,
  before: unknown,
  after: unknown,
): readonly Manager[] {
  const { added, modified, removed } = compareFields(schema, before, after)
  const taken = withoutServers(union(added, modified))
  const isWriter = (one: Manager): boolean =>
    one.operation === 'Update' && one.name === writer.name && one.subresource === writer.subresource
  const own = managers.find(isWriter)
  const others = managers
    .filter((one) => !isWriter(one))
    .map((one) => withFields(one, difference(one.fields, taken, removed), one.time))
  const fields = union(difference(own?.fields ?? new Set(), removed), taken)
  const time = own !== undefined && isSameSet(own.fields, fields) ? own.time : writer.time
  const now: Manager = { ...writer, operation: 'Update', fields, time }
  return bounded([...others, now].filter((one) => one.fields.size > 0))
}

export function withFields(manager: Manager, fields: FieldSet, time: string): Manager {
  return isSameSet(manager.fields, fields) ? manager : { ...manager, fields, time }
}

function bounded(managers: readonly Manager[]): readonly Manager[] {
  const updates = managers.filter(({ operation }) => operation === 'Update').sort(byAge)
  if (updates.length <= UPDATE_MANAGERS_MAX) return managers
  const eldest = updates.slice(0, updates.length - UPDATE_MANAGERS_MAX + 1)
  const ancient: Manager = {
    name: ANCIENT,
    operation: 'Update',
    subresource: '',
    fields: union(...eldest.map(({ fields }) => fields)),
    time: eldest.at(-1)?.time ?? '',
  }
  return [...managers.filter((one) => !eldest.includes(one)), ancient]
}

export function encodeManagers(managers: readonly Manager[]): readonly object[] {
  return [...managers].sort(byAge).map(({ name, operation, subresource, fields, time }) => ({
    manager: name,
    operation,
    apiVersion: API_VERSION,
    ...(time === '' ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: encodeFields(fields),
    ...(subresource === '' ? {} : { subresource }),
  }))
}

/** Applies first, then by age: the order that Kubernetes has. */
function byAge(a: Manager, b: Manager): number {
  const [left, right] = [a, b].map(({ operation, time, name }) => `${operation} ${time} ${name}`)
  return (left ?? '') < (right ?? '') ? -1 : 1
}

/** What is not an entry is left out; entries of other versions are not there. */
export function decodeManagers(entries: unknown): readonly Manager[] {
  if (!Array.isArray(entries)) return []
  return entries.flatMap((entry: unknown): readonly Manager[] => {
    const { manager, operation, fieldsV1, time, subresource } = (entry ?? {}) as Readonly<
      Record<string, unknown>
    >
    if (typeof manager !== 'string' || (operation !== 'Apply' && operation !== 'Update')) return []
    return [
      {
        name: manager,
        operation,
        subresource: typeof subresource === 'string' ? subresource : '',
        fields: decodeFields(fieldsV1),
        time: typeof time === 'string' ? time : '',
      },
    ]
  })
}
