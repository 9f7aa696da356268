/** Methods that give structures another shape. */
import type { MethodDefinition } from '../definition.ts'
import { MappingError } from '../mapping-error.ts'
import { getPath, splitPath } from '../values/dot-path.ts'
import { sortedKeys } from '../values/encode-payload.ts'
import {
  expectArray,
  expectObject,
  expectValue,
  isArray,
  isContainer,
  isNumber,
  isObject,
  mismatch,
} from '../values/kind-of.ts'
import { makeFloat, toFloat, toNumeric } from '../values/number.ts'
import { getKey, setKey } from '../values/set-key.ts'
import type { ObjectValue, Value } from '../values/value.ts'
import { collectClash, combine } from './combine.ts'

const objects = { category: 'objects and arrays', status: 'stable' } as const

export const reshapingMethods: readonly MethodDefinition[] = [
  {
    name: 'collapse',
    ...objects,
    description: 'One flat object of all that is in a structure, by dot paths.',
    parameters: [
      {
        name: 'include_empty',
        type: 'bool',
        description: 'Keep empty objects and arrays.',
        default: false,
      },
    ],
    examples: [
      {
        mapping: 'root = this.collapse()',
        input: '{"a":[{"b":1},{"c.d":{}},{"e":null}]}',
        output: '{"a.0.b":1,"a.2.e":null}',
      },
      {
        mapping: 'root = this.collapse(include_empty: true)',
        input: '{"a":[{"c.d":{}}]}',
        output: '{"a.0.c~1d":{}}',
      },
    ],
    build: (site) => {
      const includeEmpty = site.bool('include_empty')
      return (target, frame) => {
        if (!isContainer(target)) throw mismatch('object or array', target)
        const flat: ObjectValue = {}
        collapse(target, '', includeEmpty(frame), flat)
        return flat
      }
    },
  },
  {
    name: 'explode',
    ...objects,
    description:
      'The document once for each element or value of what is at a dot path, with that in its place.',
    parameters: [{ name: 'path', type: 'string', description: 'A dot path.' }],
    examples: [
      {
        mapping: 'root = this.explode("v")',
        input: '{"id":1,"v":["a","b"]}',
        output: '[{"id":1,"v":"a"},{"id":1,"v":"b"}]',
      },
      {
        mapping: 'root = this.explode("v")',
        input: '{"id":1,"v":{"x":2,"y":[3]}}',
        output: '{"x":{"id":1,"v":2},"y":{"id":1,"v":[3]}}',
      },
      {
        mapping: 'root = this.explode("v")',
        input: '{"v":1}',
        error: 'expected an array or object at path `v`, got number',
      },
    ],
    build: (site) => {
      const path = site.string('path')
      return (target, frame) => explode(expectObject(target), path(frame))
    },
  },
  {
    name: 'squash',
    ...objects,
    description: 'The objects of an array as one; values of equal keys are kept in an array.',
    parameters: [],
    examples: [
      { mapping: 'root = [{"a":1},{"b":[2]},{"b":[3]}].squash()', output: '{"a":1,"b":[2,3]}' },
    ],
    build: () => (target) =>
      expectArray(target).reduce<ObjectValue>((all, item) => combine(all, item, collectClash), {}),
  },
  {
    name: 'zip',
    ...objects,
    description: 'The elements of arrays that stand at the same place, as arrays.',
    parameters: [{ name: 'arrays', type: 'array', description: 'Arrays of the same length.' }],
    variadic: true,
    examples: [
      { mapping: 'root = ["a","b"].zip([1,2],[3,4])', output: '[["a",1,3],["b",2,4]]' },
      { mapping: 'root = ["a"].zip([1,2])', error: 'expected arrays of one length' },
    ],
    build: (site) => {
      const others = site.rest('arrays')
      return (target, frame) =>
        zip([expectArray(target), ...others.map((other) => expectArray(other(frame)))])
    },
  },
  {
    name: 'vector',
    ...objects,
    status: 'experimental',
    description: 'An array of numbers as floats, as columns of vectors in databases hold them.',
    parameters: [],
    examples: [
      { mapping: 'root = [1, 0.25].vector()', output: '[1,0.25]' },
      { mapping: 'root = ["a"].vector()', error: 'expected number value, got string' },
    ],
    build: () => (target) =>
      expectArray(target).map((item) => {
        if (!isNumber(item)) throw mismatch('number', item)
        return makeFloat(toFloat(toNumeric(item)))
      }),
  },
]

function collapse(value: Value, path: string, includeEmpty: boolean, flat: ObjectValue): void {
  if (!isContainer(value)) {
    setKey(flat, path, value)
    return
  }
  const keys = Object.keys(value)
  if (keys.length === 0 && includeEmpty && path !== '') setKey(flat, path, value)
  for (const key of keys) {
    const segment = key.replaceAll('~', '~0').replaceAll('.', '~1')
    const item = (value as ObjectValue)[key] as Value
    collapse(item, path === '' ? segment : `${path}.${segment}`, includeEmpty, flat)
  }
}

function explode(document: ObjectValue, path: string): Value {
  const found = getPath(document, path) ?? null
  const segments = splitPath(path)
  if (isArray(found)) return found.map((item) => withPath(document, segments, item))
  if (!isObject(found)) {
    throw new MappingError(
      `expected an array or object at path \`${path}\`, got ${mismatch('', found).got}`,
    )
  }
  const exploded: ObjectValue = {}
  for (const key of sortedKeys(found)) {
    setKey(exploded, key, withPath(document, segments, found[key] as Value))
  }
  return exploded
}

/** A copy of what leads to the path, with another value at its end. */
function withPath(container: Value, [first, ...rest]: readonly string[], value: Value): Value {
  if (first === undefined) return value
  if (isArray(container)) {
    return container.with(Number(first), withPath(container[Number(first)] as Value, rest, value))
  }
  if (!isObject(container)) return value
  const copy: ObjectValue = { ...container }
  setKey(copy, first, withPath(expectValue(getKey(container, first) ?? null), rest, value))
  return copy
}

function zip(arrays: readonly (readonly Value[])[]): Value {
  const [first = []] = arrays
  const other = arrays.find((array) => array.length !== first.length)
  if (other !== undefined) {
    throw new MappingError(
      `expected arrays of one length, got ${first.length} and ${other.length} elements`,
    )
  }
  return first.map((_, index) => arrays.map((array) => array[index] as Value))
}
