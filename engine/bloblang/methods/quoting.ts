/** Methods that put a text in quotes as Go writes them, and take it out again. */
import type { MethodDefinition } from '../definition.ts'
import { quote, unquote } from '../formats/go-quote.ts'
import { expectText } from '../values/kind-of.ts'

const strings = { category: 'strings', status: 'stable', parameters: [] } as const

export const quotingMethods: readonly MethodDefinition[] = [
  {
    name: 'quote',
    ...strings,
    description: 'The text in double quotes, with escapes for what does not print.',
    examples: [
      { mapping: 'root = this.a.quote()', input: '{"a":"x\\ty"}', output: '"x\\ty"' },
      {
        mapping: 'root = this.a.quote()',
        input: '{"a":"ä\\u0001\\u200b"}',
        output: '"ä\\x01\\u200b"',
      },
    ],
    build: () => (target) => quote(expectText(target)),
  },
  {
    name: 'unquote',
    ...strings,
    description: 'The text that is in quotes, with its escapes resolved.',
    examples: [
      {
        mapping: 'root.a = this.a.unquote()',
        input: '{"a":"\\"x\\\\ty\\\\u00e4\\""}',
        output: '{"a":"x\\tyä"}',
      },
      { mapping: 'root = "bare".unquote()', error: 'expected a quoted text' },
    ],
    build: () => (target) => unquote(expectText(target)),
  },
]
