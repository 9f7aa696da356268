/** Methods on objects, and on what dot paths lead to. */
import type { MethodDefinition } from '../definition.ts'
import { getPath, splitPath } from '../values/dot-path.ts'
import { sortedKeys } from '../values/key-order.ts'
import { expectObject, expectText, expectValue, isArray } from '../values/kind-of.ts'
import type { ObjectValue } from '../values/value.ts'
import { collectClash, combine } from './combine.ts'
import { keepPaths, removePath } from './paths.ts'

const objects = { category: 'objects and arrays', status: 'stable' } as const
const path = { name: 'path', type: 'string', description: 'A dot path.' } as const

export const objectMethods: readonly MethodDefinition[] = [
  {
    name: 'get',
    ...objects,
    description: 'What is at a dot path, or null. `*` collects from every element.',
    parameters: [path],
    examples: [
      { mapping: 'root = this.get("a.0")', input: '{"a":["x"]}', output: 'x' },
      { mapping: 'root = this.get("a.*.b")', input: '{"a":[{"b":1},{"c":2}]}', output: '[1]' },
      { mapping: 'root = this.get("a~1b")', input: '{"a.b":1}', output: '1' },
    ],
    build: (site) => {
      const wanted = site.string('path')
      return (target, frame) => getPath(expectValue(target), wanted(frame)) ?? null
    },
  },
  {
    name: 'exists',
    ...objects,
    description: 'Whether there is anything at a dot path; null is something.',
    parameters: [path],
    examples: [
      {
        mapping: 'root = [this.exists("a"), this.exists("b")]',
        input: '{"a":null}',
        output: '[true,false]',
      },
    ],
    build: (site) => {
      const wanted = site.string('path')
      return (target, frame) => getPath(expectValue(target), wanted(frame)) !== undefined
    },
  },
  {
    name: 'keys',
    ...objects,
    description: 'The keys of an object, sorted.',
    parameters: [],
    examples: [{ mapping: 'root = this.keys()', input: '{"b":1,"a":2}', output: '["a","b"]' }],
    build: () => (target) => sortedKeys(expectObject(target)),
  },
  {
    name: 'values',
    ...objects,
    description: 'The values of an object, in no order that you should rely on.',
    parameters: [],
    examples: [{ mapping: 'root = this.values().sort()', input: '{"b":1,"a":2}', output: '[1,2]' }],
    build: () => (target) => Object.values(expectObject(target)),
  },
  {
    name: 'key_values',
    ...objects,
    description:
      'The keys and values of an object as `{key, value}`, in no order that you should rely on.',
    parameters: [],
    examples: [
      {
        mapping: 'root = this.key_values().sort_by(this.key)',
        input: '{"a":1}',
        output: '[{"key":"a","value":1}]',
      },
    ],
    build: () => (target) =>
      Object.entries(expectObject(target)).map(([key, value]) => ({ key, value })),
  },
  {
    name: 'with',
    ...objects,
    description: 'The object with nothing but what is at the dot paths.',
    parameters: [{ name: 'paths', type: 'string', description: 'The paths to keep.' }],
    variadic: true,
    examples: [
      {
        mapping: 'root = this.with("a.b", "c")',
        input: '{"a":{"b":1,"x":2},"c":3,"d":4}',
        output: '{"a":{"b":1},"c":3}',
      },
    ],
    build: (site) => {
      const paths = site.rest('paths')
      return (target, frame) =>
        keepPaths(
          expectObject(target),
          paths.map((each) => splitPath(expectText(each(frame)))),
        )
    },
  },
  {
    name: 'without',
    ...objects,
    description: 'The object without what is at the dot paths.',
    parameters: [{ name: 'paths', type: 'string', description: 'The paths to remove.' }],
    variadic: true,
    examples: [
      {
        mapping: 'root = this.without("a.x", "d")',
        input: '{"a":{"b":1,"x":2},"d":4}',
        output: '{"a":{"b":1}}',
      },
    ],
    build: (site) => {
      const paths = site.rest('paths')
      return (target, frame) =>
        paths.reduce<ObjectValue>(
          (left, each) => removePath(left, splitPath(expectText(each(frame)))),
          expectObject(target),
        )
    },
  },
  {
    name: 'assign',
    ...objects,
    description: 'Both objects as one; where both have a value the other one counts.',
    parameters: [{ name: 'with', type: 'object', description: 'The other object.' }],
    examples: [
      {
        mapping: 'root = {"a":{"x":1},"b":1}.assign({"a":{"y":2},"b":2})',
        output: '{"a":{"x":1,"y":2},"b":2}',
      },
    ],
    build: (site) => {
      const other = site.any('with')
      return (target, frame) => combine(expectValue(target), other(frame), (_, theirs) => theirs)
    },
  },
  {
    name: 'merge',
    ...objects,
    description:
      'Both objects as one; where both have a value both are kept in an array. Two arrays are joined.',
    parameters: [{ name: 'with', type: 'any', description: 'The other object or array.' }],
    examples: [
      { mapping: 'root = {"a":1,"b":[1]}.merge({"a":2,"b":[2]})', output: '{"a":[1,2],"b":[1,2]}' },
      { mapping: 'root = [1].merge([2])', output: '[1,2]' },
    ],
    build: (site) => {
      const other = site.any('with')
      return (target, frame) => {
        if (isArray(target)) {
          const theirs = other(frame)
          return isArray(theirs) ? [...target, ...theirs] : [...target, theirs]
        }
        return combine(expectObject(target), other(frame), collectClash)
      }
    },
  },
]
