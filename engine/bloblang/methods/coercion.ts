/** Methods that turn a value of one type into another. */
import type { MethodDefinition } from '../definition.ts'
import { MappingError } from '../mapping-error.ts'
import { expectText, expectValue, isArray, isNumber, kindOf, mismatch } from '../values/kind-of.ts'
import { makeFloat, toFloat, toNumeric } from '../values/number.ts'
import { isMarker, type Result } from '../values/result.ts'
import type { Value } from '../values/value.ts'
import { valueText } from '../values/value-text.ts'
import { parseFloatText } from './number-text.ts'
import { expectTimestamp } from './timestamps.ts'

const coercion = { category: 'coercion', status: 'stable' } as const

export const coercionMethods: readonly MethodDefinition[] = [
  {
    name: 'string',
    ...coercion,
    description: 'The value as text; structures as JSON, with `<`, `>` and `&` escaped.',
    parameters: [],
    examples: [
      {
        mapping: 'root.a = this.string()',
        input: '{"n":1.50,"t":"<"}',
        output: '{"a":"{\\"n\\":1.50,\\"t\\":\\"\\\\u003c\\"}"}',
      },
      { mapping: 'root = [1234567.0.string(), null.string()]', output: '["1.234567e+06","null"]' },
    ],
    build: () => (target) => valueText(expectValue(target)),
  },
  {
    name: 'bytes',
    ...coercion,
    description: 'The value as bytes: those of its text.',
    parameters: [],
    examples: [{ mapping: 'root = "ä".bytes().length()', output: '2' }],
    build: () => (target) =>
      target instanceof Uint8Array ? target : Buffer.from(valueText(expectValue(target))),
  },
  {
    name: 'number',
    ...coercion,
    description: 'The value as a float; decimal text only.',
    parameters: [
      { name: 'default', type: 'float', description: 'Taken when that fails.', optional: true },
    ],
    examples: [
      { mapping: 'root = "5.50".number() + 1', output: '6.5' },
      { mapping: 'root = "0x1F".number()', error: 'expected' },
      { mapping: 'root = "x".number(7)', output: '7' },
    ],
    build: (site) => {
      const fallback = site.given('default') ? site.float('default') : undefined
      return (target, frame) =>
        orElse(
          () => makeFloat(parseFloatText(target)),
          fallback && (() => makeFloat(fallback(frame))),
        )
    },
  },
  {
    name: 'array',
    ...coercion,
    description: 'The value as the only element of an array; an array stays as it is.',
    parameters: [],
    examples: [{ mapping: 'root = ["a".array(), [1].array()]', output: '[["a"],[1]]' }],
    build: () => (target) => (isArray(target) ? target : [expectValue(target)]),
  },
  {
    name: 'timestamp',
    ...coercion,
    description: 'The value as a timestamp: seconds since 1970, or RFC 3339 text.',
    parameters: [
      { name: 'default', type: 'any', description: 'Taken when that fails.', optional: true },
    ],
    examples: [
      {
        mapping: 'root = "2020-08-14T05:54:23+02:00".timestamp()',
        output: '"2020-08-14T05:54:23+02:00"',
      },
      { mapping: 'root = "soon".timestamp()', error: 'expected an RFC 3339 time, got "soon"' },
      { mapping: 'root = "soon".timestamp(0.timestamp())', output: '"1970-01-01T00:00:00Z"' },
    ],
    build: (site) => {
      const fallback = site.given('default') ? site.any('default') : undefined
      const { zone } = site.environment
      return (target, frame) =>
        orElse(
          () => expectTimestamp(target, zone),
          fallback && (() => expectTimestamp(fallback(frame), zone)),
        )
    },
  },
  {
    name: 'bool',
    ...coercion,
    description:
      'The value as a bool: numbers other than 0 are true, and the texts 1 t T true TRUE True and their opposites are read.',
    parameters: [
      { name: 'default', type: 'bool', description: 'Taken when that fails.', optional: true },
    ],
    examples: [
      { mapping: 'root = ["t".bool(), 0.bool()]', output: '[true,false]' },
      { mapping: 'root = "yes".bool()', error: 'expected bool value, got string' },
    ],
    build: (site) => {
      const fallback = site.given('default') ? site.bool('default') : undefined
      return (target, frame) => orElse(() => parseBool(target), fallback && (() => fallback(frame)))
    },
  },
  {
    name: 'type',
    ...coercion,
    description: 'The name of the type of a value.',
    parameters: [],
    examples: [
      {
        mapping: 'root = [1.type(), content().type(), {}.type()]',
        output: '["number","bytes","object"]',
      },
    ],
    build: () => (target) => kindOf(target),
  },
  {
    name: 'not',
    ...coercion,
    description: 'The opposite of a bool.',
    parameters: [],
    examples: [{ mapping: 'root = true.not()', output: 'false' }],
    build: () => (target) => {
      if (typeof target !== 'boolean') throw mismatch('bool', target)
      return !target
    },
  },
  {
    name: 'not_null',
    ...coercion,
    description: 'The value, or a failure when it is null.',
    parameters: [],
    examples: [
      { mapping: 'root = this.a.not_null()', input: '{"a":1}', output: '1' },
      { mapping: 'root = this.a.not_null()', input: '{}', error: 'field `this.a`: value is null' },
    ],
    build: () => (target) => {
      if (target === null) throw new MappingError('value is null')
      return target
    },
  },
  {
    name: 'not_empty',
    ...coercion,
    description: 'The string, array or object, or a failure when it is empty.',
    parameters: [],
    examples: [
      { mapping: 'root = this.a.not_empty()', input: '{"a":[1]}', output: '[1]' },
      {
        mapping: 'root = this.a.not_empty()',
        input: '{"a":""}',
        error: 'field `this.a`: string value is empty',
      },
    ],
    build: () => (target) => {
      const kind = kindOf(target)
      if (kind !== 'string' && kind !== 'array' && kind !== 'object')
        throw mismatch('string, array or object', target)
      const empty =
        typeof target === 'string'
          ? target === ''
          : !isMarker(target) && Object.keys(target ?? {}).length === 0
      if (empty) throw new MappingError(`${kind} value is empty`)
      return target
    },
  },
]

function orElse(attempt: () => Value, fallback: (() => Value) | undefined): Value {
  if (fallback === undefined) return attempt()
  try {
    return attempt()
  } catch (thrown) {
    if (!(thrown instanceof MappingError)) throw thrown
    return fallback()
  }
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])

function parseBool(value: Result): boolean {
  if (typeof value === 'boolean') return value
  if (isNumber(value)) return toFloat(toNumeric(value)) !== 0
  if (typeof value === 'string' || value instanceof Uint8Array) {
    if (TRUE.has(expectText(value))) return true
    if (FALSE.has(expectText(value))) return false
  }
  throw mismatch('bool', value)
}
