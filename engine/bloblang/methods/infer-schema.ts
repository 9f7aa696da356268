/**
 * What a value looks like, as a schema that converters of formats understand.
 *
 * A schema is `{type, name, optional, children}`: the type is OBJECT, ARRAY, STRING, BYTE_ARRAY, BOOLEAN, INT64,
 * FLOAT64, TIMESTAMP, NULL or ANY; an object has a child for each key, by its name, and an array one child for all of
 * its elements. What is false or empty is left out.
 */
import type { MethodDefinition } from '../definition.ts'
import { sortedKeys } from '../values/encode-payload.ts'
import { expectValue, isArray, isNumber, isObject } from '../values/kind-of.ts'
import { isFloat, toNumeric } from '../values/number.ts'
import { Timestamp, type Value } from '../values/value.ts'

interface Schema {
  readonly type: string
  readonly name?: string
  readonly optional?: boolean
  readonly children?: readonly Schema[]
}

function infer(value: Value): Schema {
  if (value === null) return { type: 'NULL' }
  if (typeof value === 'string') return { type: 'STRING' }
  if (typeof value === 'boolean') return { type: 'BOOLEAN' }
  if (isNumber(value)) return { type: isFloat(toNumeric(value)) ? 'FLOAT64' : 'INT64' }
  if (value instanceof Uint8Array) return { type: 'BYTE_ARRAY' }
  if (value instanceof Timestamp) return { type: 'TIMESTAMP' }
  if (isArray(value)) {
    const [first, ...rest] = value.map(infer)
    const element = rest.reduce(common, first ?? { type: 'ANY' })
    return { type: 'ARRAY', children: [element] }
  }
  if (!isObject(value)) return { type: 'ANY' }
  const children = sortedKeys(value).map((name) => ({ ...infer(value[name] as Value), name }))
  return { type: 'OBJECT', children }
}

/** The narrowest schema that both fit. */
function common(left: Schema, right: Schema): Schema {
  if (left.type === 'NULL') return { ...right, optional: true }
  if (right.type === 'NULL') return { ...left, optional: true }
  const optional = left.optional === true || right.optional === true ? { optional: true } : {}
  if (left.type !== right.type) {
    const numeric = [left.type, right.type].every((type) => type.endsWith('64'))
    return { type: numeric ? 'FLOAT64' : 'ANY', ...optional }
  }
  if (left.type === 'ARRAY') {
    const element = common(
      left.children?.[0] ?? { type: 'ANY' },
      right.children?.[0] ?? { type: 'ANY' },
    )
    return { type: 'ARRAY', ...optional, children: [element] }
  }
  if (left.type !== 'OBJECT') return { ...left, ...optional }
  return { type: 'OBJECT', ...optional, children: commonMembers(left, right) }
}

/** A key that one side lacks is optional. */
function commonMembers(left: Schema, right: Schema): readonly Schema[] {
  const ours = new Map((left.children ?? []).map((child) => [child.name ?? '', child]))
  const theirs = new Map((right.children ?? []).map((child) => [child.name ?? '', child]))
  return [...new Set([...ours.keys(), ...theirs.keys()])].map((name) => {
    const mine = ours.get(name)
    const other = theirs.get(name)
    if (mine === undefined || other === undefined) {
      return { ...(mine ?? other ?? { type: 'ANY' }), name, optional: true }
    }
    return { ...common(mine, other), name }
  })
}

function toValue({ type, name, optional, children }: Schema): Value {
  return {
    ...(children === undefined ? {} : { children: children.map(toValue) }),
    ...(name === undefined ? {} : { name }),
    ...(optional === true ? { optional } : {}),
    type,
  }
}

export const inferSchemaMethods: readonly MethodDefinition[] = [
  {
    name: 'infer_schema',
    category: 'parsing',
    status: 'experimental',
    description:
      'The schema of a value: `{type, name, optional, children}`, for what converts to formats that have schemas.',
    parameters: [],
    examples: [
      {
        mapping: 'root = this.infer_schema()',
        input: '{"id":1,"tags":["a",null]}',
        output:
          '{"children":[{"name":"id","type":"INT64"},{"children":[{"optional":true,"type":"STRING"}],"name":"tags","type":"ARRAY"}],"type":"OBJECT"}',
      },
    ],
    build: () => (target) => toValue(infer(expectValue(target))),
  },
]
