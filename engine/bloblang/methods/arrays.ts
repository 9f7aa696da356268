/** Methods on arrays that run no query for each element, and sorting. */
import type { MethodDefinition } from '../definition.ts'
import type { Frame } from '../frame.ts'
import { encodeJson } from '../values/encode-payload.ts'
import { compareText } from '../values/equality.ts'
import {
  expectArray,
  expectText,
  expectValue,
  isArray,
  isNumber,
  mismatch,
} from '../values/kind-of.ts'
import { compareNumbers, toNumeric } from '../values/number.ts'
import type { Value } from '../values/value.ts'

const arrays = { category: 'objects and arrays', status: 'stable' } as const

export const arrayMethods: readonly MethodDefinition[] = [
  {
    name: 'append',
    ...arrays,
    description: 'The array with further elements at its end.',
    parameters: [{ name: 'values', type: 'any', description: 'The elements.' }],
    variadic: true,
    examples: [{ mapping: 'root = [1].append(2, "c")', output: '[1,2,"c"]' }],
    build: (site) => {
      const values = site.rest('values')
      return (target, frame) => [...expectArray(target), ...values.map((value) => value(frame))]
    },
  },
  {
    name: 'concat',
    ...arrays,
    description: 'The array with the elements of others at its end.',
    parameters: [{ name: 'arrays', type: 'array', description: 'The arrays.' }],
    variadic: true,
    examples: [{ mapping: 'root = [1].concat([2], [3, 4])', output: '[1,2,3,4]' }],
    build: (site) => {
      const others = site.rest('arrays')
      return (target, frame) =>
        expectArray(target).concat(...others.map((other) => expectArray(other(frame))))
    },
  },
  {
    name: 'flatten',
    ...arrays,
    description: 'The array with the elements of its arrays in their place, one level deep.',
    parameters: [],
    examples: [{ mapping: 'root = [1,[2,[3]]].flatten()', output: '[1,2,[3]]' }],
    build: () => (target) =>
      expectArray(target).flatMap((item): readonly Value[] => (isArray(item) ? item : [item])),
  },
  {
    name: 'enumerated',
    ...arrays,
    description: 'Each element as `{index, value}`.',
    parameters: [],
    examples: [{ mapping: 'root = ["a"].enumerated()', output: '[{"index":0,"value":"a"}]' }],
    build: () => (target) => expectArray(target).map((value, index) => ({ index, value })),
  },
  {
    name: 'reverse',
    ...arrays,
    description: 'The array, or the characters of the string, the other way round.',
    parameters: [],
    examples: [{ mapping: 'root = [[1,2].reverse(), "aä".reverse()]', output: '[[2,1],"äa"]' }],
    build: () => (target) =>
      isArray(target) ? target.toReversed() : Array.from(expectText(target)).reverse().join(''),
  },
  {
    name: 'unique',
    ...arrays,
    description: 'The first of each; numbers and strings are compared apart.',
    parameters: [
      {
        name: 'emit',
        type: 'query',
        description: 'What to compare, with each element as `this`.',
        optional: true,
      },
    ],
    examples: [
      { mapping: 'root = [1, "1", 1.0, "a", "a"].unique()', output: '[1,"1","a"]' },
      { mapping: 'root = [{"k":1},{"k":1}].unique(this.k)', output: '[{"k":1}]' },
    ],
    build: (site) => {
      const emit = site.query('emit')
      return (target, frame) => {
        const seen = new Set<string>()
        return expectArray(target).filter((item) => {
          const key = uniqueKey(expectValue(emit(frame, item)))
          if (seen.has(key)) return false
          seen.add(key)
          return true
        })
      }
    },
  },
  {
    name: 'sort',
    ...arrays,
    description:
      'The strings or numbers in order, or any elements by a comparison of `left` and `right`.',
    parameters: [
      {
        name: 'compare',
        type: 'query',
        description: 'True when `left` comes before `right`.',
        optional: true,
      },
    ],
    examples: [
      { mapping: 'root = ["b","a"].sort()', output: '["a","b"]' },
      { mapping: 'root = [1,3,2].sort(left > right)', output: '[3,2,1]' },
      { mapping: 'root = [1,"a"].sort()', error: 'expected number value, got string' },
    ],
    build: (site) => {
      if (!site.given('compare')) return (target) => inOrder(expectArray(target), (item) => item)
      const compare = site.query('compare')
      return (target, frame) =>
        expectArray(target).toSorted((left, right) => {
          if (compare(frame, { left, right }) === true) return -1
          return compare(frame, { left: right, right: left }) === true ? 1 : 0
        })
    },
  },
  {
    name: 'sort_by',
    ...arrays,
    description: 'The elements in the order of what a query gives for each.',
    parameters: [
      {
        name: 'query',
        type: 'query',
        description: 'Gives a string or number for each element as `this`.',
      },
    ],
    examples: [
      { mapping: 'root = [{"n":2},{"n":1}].sort_by(this.n)', output: '[{"n":1},{"n":2}]' },
    ],
    build: (site) => {
      const query = site.query('query')
      return (target, frame: Frame) =>
        inOrder(expectArray(target), (item) => expectValue(query(frame, item)))
    },
  },
]

/** All numbers or all strings, as the first one is. */
function inOrder<T>(items: readonly T[], keyOf: (item: T) => Value): T[] {
  const first = items[0]
  if (first === undefined) return []
  if (!isNumber(keyOf(first))) {
    const texts = items.map((item) => ({ item, key: sortableText(keyOf(item)) }))
    return texts.sort((left, right) => compareText(left.key, right.key)).map(({ item }) => item)
  }
  const numbers = items.map((item) => ({ item, key: toNumeric(keyOf(item)) }))
  return numbers
    .sort((left, right) => compareNumbers(left.key, right.key) || 0)
    .map(({ item }) => item)
}

function sortableText(value: Value): string {
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) throw mismatch('string', value)
  return expectText(value)
}

function uniqueKey(value: Value): string {
  if (!isNumber(value)) return `text ${expectText(value)}`
  const numeric = toNumeric(value)
  return `number ${encodeJson(typeof numeric === 'object' ? numeric.value : numeric)}`
}
