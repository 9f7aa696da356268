/**
 * Server-side apply: an object says all that its manager wants, and nothing of what others want.
 *
 * 1. What it holds is merged into what is there; lists with keys and sets by their entries.
 * 2. What its manager applied before and no longer does is taken out, unless another manager has it too.
 * 3. Where that changes what another manager has, it is a conflict, unless it is forced: then the field changes hands.
 */
import type { JsonSchema } from '../../../crds/json-schema.ts'
import {
  difference,
  type FieldSet,
  intersection,
  isSameSet,
  pathOf,
  union,
  withAncestors,
} from './field-set.ts'
import { type Manager, withFields, withoutServers } from './managers.ts'
import { appliedFields, childrenOf, compareFields } from './typed-fields.ts'

export interface ApplyInput {
  readonly schema: JsonSchema
  readonly live: unknown
  readonly config: unknown
  readonly managers: readonly Manager[]
  readonly manager: string
  readonly time: string
  readonly force: boolean
  /** Fields that change hands without a conflict. */
  readonly yielding: FieldSet
}

export interface Conflict {
  readonly manager: Manager
  readonly fields: FieldSet
}

export type Applied =
  | { readonly conflicts: readonly Conflict[] }
  | {
      readonly object: unknown
      readonly managers: readonly Manager[]
      readonly conflicts?: undefined
    }

export function applyConfig(input: ApplyInput): Applied {
  const { schema, live, config, managers, manager, time, force, yielding } = input
  const own = managers.find((one) => one.operation === 'Apply' && one.name === manager)
  const others = managers.filter((one) => one !== own)
  const fields = withoutServers(appliedFields(schema, config))
  const kept = withAncestors(union(fields, ...others.map((one) => one.fields)))
  const left = difference(withAncestors(own?.fields ?? new Set()), kept)
  const object = without(schema, merge(schema, live, config), left, [])
  const { added, modified, removed } = compareFields(schema, live, object)
  const changed = union(added, modified)
  const conflicts = others
    .map((one) => ({
      manager: one,
      fields: difference(intersection(one.fields, changed), yielding),
    }))
    .filter((conflict) => conflict.fields.size > 0)
  if (conflicts.length > 0 && !force) return { conflicts }
  const now: Manager =
    own !== undefined && isSameSet(own.fields, fields)
      ? own
      : { name: manager, operation: 'Apply', subresource: '', fields, time }
  const losing = others.map((one) =>
    withFields(one, difference(one.fields, intersection(one.fields, changed), removed), one.time),
  )
  return { object, managers: [...losing, now].filter((one) => one.fields.size > 0) }
}

function merge(schema: JsonSchema, live: unknown, config: unknown): unknown {
  if (config === undefined) return live
  const applied = childrenOf(schema, config)
  const there = childrenOf(schema, live)
  if (applied === undefined || there === undefined) return config
  if (Array.isArray(config) !== Array.isArray(live)) return config
  const merged = new Map(there.map(({ step, value }) => [step, value]))
  for (const child of applied)
    merged.set(child.step, merge(child.schema, merged.get(child.step), child.value))
  return rebuilt(config, merged)
}

function without(
  schema: JsonSchema,
  value: unknown,
  left: FieldSet,
  steps: readonly string[],
): unknown {
  const children = childrenOf(schema, value)
  if (children === undefined || left.size === 0) return value
  const kept = new Map<string, unknown>()
  for (const child of children) {
    const at = [...steps, child.step]
    if (!left.has(pathOf(at))) kept.set(child.step, without(child.schema, child.value, left, at))
  }
  return rebuilt(value, kept)
}

function rebuilt(like: unknown, children: ReadonlyMap<string, unknown>): unknown {
  if (Array.isArray(like)) return [...children.values()]
  return Object.fromEntries([...children].map(([step, value]) => [step.slice(2), value]))
}
