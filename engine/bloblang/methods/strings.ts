/** Methods on strings; bytes are taken for strings. */
import type { MethodDefinition } from '../definition.ts'
import { formatText } from '../formats/format-verbs.ts'
import { expectArray, expectText } from '../values/kind-of.ts'
import type { Value } from '../values/value.ts'
import { assertLength, repeat } from './repeat.ts'

const strings = { category: 'strings', status: 'stable' } as const

export const stringMethods: readonly MethodDefinition[] = [
  {
    name: 'trim',
    ...strings,
    description: 'Without white space at both ends, or without the characters given.',
    parameters: [
      { name: 'cutset', type: 'string', description: 'The characters to remove.', optional: true },
    ],
    examples: [
      { mapping: 'root = "  a b ".trim()', output: 'a b' },
      { mapping: 'root = "!?a!b?".trim("!?")', output: 'a!b' },
    ],
    build: (site) => {
      if (!site.given('cutset')) return (target) => trimSpace(expectText(target))
      const cutset = site.string('cutset')
      return (target, frame) => trimCharacters(expectText(target), new Set(cutset(frame)))
    },
  },
  {
    name: 'trim_prefix',
    ...strings,
    description: 'Without the prefix, if it is there.',
    parameters: [{ name: 'prefix', type: 'string', description: 'The prefix.' }],
    examples: [{ mapping: 'root = "id-5".trim_prefix("id-")', output: '5' }],
    build: (site) => {
      const prefix = site.string('prefix')
      return (target, frame) => {
        const text = expectText(target)
        return text.startsWith(prefix(frame)) ? text.slice(prefix(frame).length) : text
      }
    },
  },
  {
    name: 'trim_suffix',
    ...strings,
    description: 'Without the suffix, if it is there.',
    parameters: [{ name: 'suffix', type: 'string', description: 'The suffix.' }],
    examples: [{ mapping: 'root = "5 ms".trim_suffix(" ms")', output: '5' }],
    build: (site) => {
      const suffix = site.string('suffix')
      return (target, frame) => {
        const text = expectText(target)
        return text.endsWith(suffix(frame))
          ? text.slice(0, text.length - suffix(frame).length)
          : text
      }
    },
  },
  {
    name: 'has_prefix',
    ...strings,
    description: 'Whether the text begins so.',
    parameters: [{ name: 'value', type: 'string', description: 'The prefix.' }],
    examples: [{ mapping: 'root = "straw".has_prefix("st")', output: 'true' }],
    build: (site) => {
      const value = site.string('value')
      return (target, frame) => expectText(target).startsWith(value(frame))
    },
  },
  {
    name: 'has_suffix',
    ...strings,
    description: 'Whether the text ends so.',
    parameters: [{ name: 'value', type: 'string', description: 'The suffix.' }],
    examples: [{ mapping: 'root = "straw".has_suffix("st")', output: 'false' }],
    build: (site) => {
      const value = site.string('value')
      return (target, frame) => expectText(target).endsWith(value(frame))
    },
  },
  {
    name: 'index_of',
    ...strings,
    description: 'The first place of a text within the text, counted in bytes, or -1.',
    parameters: [{ name: 'value', type: 'string', description: 'The text to look for.' }],
    examples: [
      { mapping: 'root = "straw".index_of("raw")', output: '2' },
      { mapping: 'root = "ä5".index_of("5")', output: '2' },
      { mapping: 'root = "a".index_of("b")', output: '-1' },
    ],
    build: (site) => {
      const value = site.string('value')
      return (target, frame) => Buffer.from(expectText(target)).indexOf(value(frame))
    },
  },
  {
    name: 'split',
    ...strings,
    description: 'The parts between a delimiter; between all characters when it is empty.',
    parameters: [
      { name: 'delimiter', type: 'string', description: 'What parts the text.' },
      {
        name: 'empty_as_null',
        type: 'bool',
        description: 'Give null for an empty part.',
        default: false,
      },
    ],
    examples: [
      { mapping: 'root = "a,b,,c".split(",")', output: '["a","b","","c"]' },
      { mapping: 'root = "a,,b".split(",", true)', output: '["a",null,"b"]' },
    ],
    build: (site) => {
      const delimiter = site.string('delimiter')
      const emptyAsNull = site.bool('empty_as_null')
      return (target, frame): Value => {
        const text = expectText(target)
        const parts = delimiter(frame) === '' ? Array.from(text) : text.split(delimiter(frame))
        return emptyAsNull(frame) ? parts.map((part) => (part === '' ? null : part)) : parts
      }
    },
  },
  {
    name: 'join',
    ...strings,
    description: 'The strings of an array as one text.',
    parameters: [
      { name: 'delimiter', type: 'string', description: 'What stands between them.', default: '' },
    ],
    examples: [{ mapping: 'root = ["a","b"].join(", ")', output: 'a, b' }],
    build: (site) => {
      const delimiter = site.string('delimiter')
      return (target, frame) => {
        const texts = expectArray(target).map(expectText)
        assertLength(texts.length * delimiter(frame).length)
        return texts.join(delimiter(frame))
      }
    },
  },
  {
    name: 'repeat',
    ...strings,
    description: 'The text several times over; a negative count gives an empty one.',
    parameters: [{ name: 'count', type: 'integer', description: 'How often.' }],
    examples: [
      { mapping: 'root = "ab".repeat(2)', output: 'abab' },
      { mapping: 'root = {"a": "x".repeat(-1)}', output: '{"a":""}' },
    ],
    build: (site) => {
      const count = site.integer('count')
      return (target, frame) => repeat(expectText(target), Math.max(0, count(frame)))
    },
  },
  {
    name: 'format',
    ...strings,
    description: 'The text with the verbs of Go (%s %v %d %f %.2f %x %q %t %05d) filled in.',
    parameters: [{ name: 'args', type: 'any', description: 'The values, in order.' }],
    variadic: true,
    examples: [
      { mapping: 'root = "%s is %d".format("a", 5)', output: 'a is 5' },
      { mapping: 'root = "%05.1f|%-4s|%x".format(3.14159, "ab", 255)', output: '003.1|ab  |ff' },
    ],
    build: (site) => {
      const values = site.rest('args')
      return (target, frame) =>
        formatText(
          expectText(target),
          values.map((value) => value(frame)),
        )
    },
  },
]

/** White space as Go sees it, which counts the next line (U+0085) and not the byte order mark. */
function trimSpace(text: string): string {
  const trimmed = text.trim()
  return EDGES.test(text) ? text.replace(SPACES, '') : trimmed
}

const EDGES = /^[\s\u0085]*[\u0085\ufeff]|[\u0085\ufeff][\s\u0085]*$/
const SPACES =
  /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/g

function trimCharacters(text: string, cutset: ReadonlySet<string>): string {
  const characters = Array.from(text)
  let start = 0
  let end = characters.length
  while (start < end && cutset.has(characters[start] as string)) start++
  while (end > start && cutset.has(characters[end - 1] as string)) end--
  return characters.slice(start, end).join('')
}
