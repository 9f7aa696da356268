/** Methods that run a query for each element. */
import type { CallSite, MethodDefinition } from '../definition.ts'
import type { EvaluateWith, Frame } from '../frame.ts'
import { deepEqual } from '../values/equality.ts'
import {
  expectArray,
  expectBoolean,
  expectObject,
  expectText,
  expectValue,
  isArray,
  isObject,
} from '../values/kind-of.ts'
import { DELETED, isMarker, NOTHING, type Result } from '../values/result.ts'
import { setKey } from '../values/set-key.ts'
import type { ObjectValue, Value } from '../values/value.ts'

const iteration = { category: 'objects and arrays', status: 'stable' } as const
const test = {
  name: 'test',
  type: 'query',
  description: 'Runs with each element as `this`.',
} as const

export const iterationMethods: readonly MethodDefinition[] = [
  {
    name: 'map_each',
    ...iteration,
    description:
      'Each element, or each value of an object, replaced by what a query makes of it. Deleted removes it, nothing keeps it. Of an object `this` is `{key, value}`.',
    parameters: [
      { name: 'query', type: 'query', description: 'Runs with each element as `this`.' },
    ],
    examples: [
      { mapping: 'root = this.a.map_each(this * 2)', input: '{"a":[1,2]}', output: '[2,4]' },
      {
        mapping: 'root = this.map_each(item -> item.value + item.key)',
        input: '{"b":"x","a":"y"}',
        output: '{"a":"ya","b":"xb"}',
      },
      {
        mapping: 'root = [1,2,3].map_each(match { this == 2 => deleted(), this == 3 => "three" })',
        output: '[1,"three"]',
      },
    ],
    build: (site) => {
      const query = site.query('query')
      return (target, frame) =>
        isObject(target)
          ? mapObject(target, query, frame)
          : mapArray(expectArray(target), query, frame)
    },
  },
  {
    name: 'map_each_key',
    ...iteration,
    description:
      'Each key of an object replaced by the string that a query makes of it; nothing keeps it, deleted removes it.',
    parameters: [{ name: 'query', type: 'query', description: 'Runs with each key as `this`.' }],
    examples: [
      {
        mapping: 'root = this.map_each_key(this.uppercase())',
        input: '{"a":1,"b":2}',
        output: '{"A":1,"B":2}',
      },
    ],
    build: (site) => {
      const query = site.query('query')
      return (target, frame) => {
        const renamed: ObjectValue = {}
        for (const [key, value] of Object.entries(expectObject(target))) {
          const name = query(frame, key)
          if (name !== DELETED) setKey(renamed, name === NOTHING ? key : expectText(name), value)
        }
        return renamed
      }
    },
  },
  {
    name: 'filter',
    ...iteration,
    description:
      'The elements for which a query gives exactly true. Of an object `this` is `{key, value}`.',
    parameters: [test],
    examples: [
      { mapping: 'root = [1,5,10].filter(this > 4)', output: '[5,10]' },
      {
        mapping: 'root = this.filter(item -> item.value != null)',
        input: '{"a":null,"b":0}',
        output: '{"b":0}',
      },
    ],
    build: (site) => {
      const query = site.query('test')
      return (target, frame) => {
        if (isArray(target)) return target.filter((item) => query(frame, item) === true)
        const kept: ObjectValue = {}
        for (const [key, value] of Object.entries(expectObject(target))) {
          if (query(frame, { key, value }) === true) setKey(kept, key, value)
        }
        return kept
      }
    },
  },
  {
    name: 'fold',
    ...iteration,
    description:
      'One value of all elements: a query runs for each, with `this` as `{tally, value}`, and gives the next tally.',
    parameters: [
      { name: 'initial', type: 'any', description: 'The first tally.' },
      { name: 'query', type: 'query', description: 'Gives the next tally.' },
    ],
    examples: [{ mapping: 'root = [1,2,3].fold(0, item -> item.tally + item.value)', output: '6' }],
    build: (site) => {
      const initial = site.any('initial')
      const query = site.query('query')
      return (target, frame) =>
        expectArray(target).reduce<Value>(
          (tally, value) => expectValue(query(frame, { tally, value })),
          initial(frame),
        )
    },
  },
  quantifier(
    'all',
    'Whether a query gives true for every element; of an empty array false.',
    '[1,2].all(this > 1)',
    'false',
    (items, holds) => items.length > 0 && items.every(holds),
  ),
  quantifier(
    'any',
    'Whether a query gives true for some element.',
    '[1,2].any(this > 1)',
    'true',
    (items, holds) => items.some(holds),
  ),
  {
    name: 'find',
    ...iteration,
    description: 'The place of the first element that equals a value, or -1.',
    parameters: [{ name: 'value', type: 'any', description: 'The value to look for.' }],
    examples: [{ mapping: 'root = ["a","b"].find("b")', output: '1' }],
    build: (site) => {
      const value = site.any('value')
      return (target, frame) => {
        const wanted = value(frame)
        return expectArray(target).findIndex((item) => deepEqual(item, wanted))
      }
    },
  },
  {
    name: 'find_by',
    ...iteration,
    status: 'beta',
    description: 'The place of the first element for which a query gives true, or -1.',
    parameters: [{ ...test, name: 'query' }],
    examples: [{ mapping: 'root = [1,5].find_by(this > 2)', output: '1' }],
    build: (site) => {
      const query = site.query('query')
      return (target, frame) => expectArray(target).findIndex((item) => query(frame, item) === true)
    },
  },
  {
    name: 'find_all',
    ...iteration,
    status: 'beta',
    description: 'The places of all elements that equal a value.',
    parameters: [{ name: 'value', type: 'any', description: 'The value to look for.' }],
    examples: [{ mapping: 'root = ["a","b","a"].find_all("a")', output: '[0,2]' }],
    build: (site) => {
      const value = site.any('value')
      return (target, frame) => {
        const wanted = value(frame)
        return placesOf(expectArray(target), (item) => deepEqual(item, wanted))
      }
    },
  },
  {
    name: 'find_all_by',
    ...iteration,
    status: 'beta',
    description: 'The places of all elements for which a query gives true.',
    parameters: [{ ...test, name: 'query' }],
    examples: [{ mapping: 'root = [5,1,7].find_all_by(this > 2)', output: '[0,2]' }],
    build: (site) => {
      const query = site.query('query')
      return (target, frame) => placesOf(expectArray(target), (item) => query(frame, item) === true)
    },
  },
  {
    name: 'map',
    ...iteration,
    description: 'What a query gives with the value as `this`. The same as `.(query)`.',
    parameters: [{ name: 'query', type: 'query', description: 'The query.' }],
    examples: [
      { mapping: 'root = this.a.map(this.b | this.c)', input: '{"a":{"c":1}}', output: '1' },
    ],
    build: (site) => {
      const query = site.query('query')
      return (target, frame) => query(frame, target)
    },
  },
]

function placesOf(items: readonly Value[], holds: (item: Value) => boolean): Value {
  const places: number[] = []
  items.forEach((item, place) => {
    if (holds(item)) places.push(place)
  })
  return places
}

function quantifier(
  name: string,
  description: string,
  example: string,
  output: string,
  decide: (items: readonly Value[], holds: (item: Value) => boolean) => boolean,
): MethodDefinition {
  return {
    name,
    ...iteration,
    description,
    parameters: [test],
    examples: [{ mapping: `root = ${example}`, output }],
    build: (site: CallSite) => {
      const query = site.query('test')
      return (target: Result, frame: Frame) =>
        decide(expectArray(target), (item) => expectBoolean(query(frame, item)))
    },
  }
}

function mapArray(items: readonly Value[], query: EvaluateWith, frame: Frame): Value {
  const mapped: Value[] = []
  for (const item of items) {
    const value = query(frame, item)
    if (value === NOTHING) mapped.push(item)
    else if (!isMarker(value)) mapped.push(value)
  }
  return mapped
}

function mapObject(object: ObjectValue, query: EvaluateWith, frame: Frame): Value {
  const mapped: ObjectValue = {}
  for (const [key, item] of Object.entries(object)) {
    const value = query(frame, { key, value: item })
    if (value === NOTHING) setKey(mapped, key, item)
    else if (!isMarker(value)) setKey(mapped, key, value)
  }
  return mapped
}
