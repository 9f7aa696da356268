/** Methods that decide what happens when there is no value, and where a query looks. */
import { coalesce } from '../compile/coalesce.ts'
import { type MethodDefinition, WRAPPED } from '../definition.ts'
import { asMappingError } from '../mapping-error.ts'
import { expectValue } from '../values/kind-of.ts'
import type { Value } from '../values/value.ts'

const fallback = { category: 'fallback', status: 'stable', build: WRAPPED } as const

export const fallbackMethods: readonly MethodDefinition[] = [
  {
    name: 'or',
    ...fallback,
    description:
      'Another value when the query fails or gives null, deleted or nothing. The same as `|`.',
    parameters: [
      { name: 'fallback', type: 'any', description: 'Evaluated only when it is needed.' },
    ],
    examples: [{ mapping: 'root = this.a.or("none")', input: '{}', output: 'none' }],
    wrap: (site, target) => coalesce(target, site.any('fallback')),
  },
  {
    name: 'catch',
    ...fallback,
    description: 'Another value when the query fails; within it `this` is the text of the failure.',
    parameters: [{ name: 'fallback', type: 'query', description: 'Evaluated only on a failure.' }],
    examples: [
      { mapping: 'root = this.a.uppercase().catch("bad")', input: '{"a":5}', output: 'bad' },
      {
        mapping: 'root = throw("no").catch(err -> err + " in " + this.id)',
        input: '{"id":"x"}',
        output: 'no in x',
      },
      { mapping: 'root.a = this.a.catch("unused")', input: '{"a":null}', output: '{"a":null}' },
    ],
    wrap: (site, target) => {
      const otherwise = site.query('fallback')
      return (frame) => {
        try {
          return target(frame)
        } catch (thrown) {
          return otherwise(frame, asMappingError(thrown).message)
        }
      }
    },
  },
  {
    name: 'from',
    ...fallback,
    category: 'message',
    description:
      'The query looking at another message of the batch. It moves functions such as `json` and `content`.',
    parameters: [
      { name: 'index', type: 'integer', description: 'The place in the batch, from 0.' },
    ],
    examples: [{ mapping: 'root = json("a").from(0)', input: '{"a":1}', output: '1' }],
    wrap: (site, target) => {
      const index = site.integer('index')
      return (frame) => {
        const { run } = frame
        const before = run.index
        const wanted = index(frame)
        run.index = wanted < 0 ? run.batch.length + wanted : wanted
        try {
          return target(frame)
        } finally {
          run.index = before
        }
      }
    },
  },
  {
    name: 'from_all',
    ...fallback,
    category: 'message',
    description: 'An array of what the query gives for each message of the batch.',
    parameters: [],
    examples: [{ mapping: 'root = json("a").from_all()', input: '{"a":1}', output: '[1]' }],
    wrap: (_site, target) => (frame) => {
      const { run } = frame
      const before = run.index
      const all: Value[] = []
      try {
        for (let index = 0; index < run.batch.length; index++) {
          run.index = index
          all.push(expectValue(target(frame)))
        }
      } finally {
        run.index = before
      }
      return all
    },
  },
  {
    name: 'apply',
    category: 'fallback',
    status: 'stable',
    description: 'The result of a map of the mapping, with the value as its `this`.',
    parameters: [{ name: 'mapping', type: 'string', description: 'The name of the map.' }],
    examples: [
      {
        mapping: 'map twice {\n  root = this * 2\n}\nroot.a = this.a.apply("twice")',
        input: '{"a":4}',
        output: '{"a":8}',
      },
    ],
    build: (site) => {
      const applied = site.applied('mapping')
      return (target, frame) => applied(frame, target)
    },
  },
]
