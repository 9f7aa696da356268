/**
 * Methods on the case of letters.
 *
 * Each character is mapped by itself, as Go does: a letter whose counterpart is several letters stays as it is, and
 * what stands around a letter does not matter.
 */
import type { MethodDefinition } from '../definition.ts'
import { expectText } from '../values/kind-of.ts'

const strings = { category: 'strings', status: 'stable', parameters: [] } as const

// biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII is what it looks for
const ASCII = /^[\u0000-\u007f]*$/

function toUpper(text: string): string {
  if (ASCII.test(text)) return text.toUpperCase()
  return mapCharacters(text, (character) => {
    const upper = character.toUpperCase()
    return isOneCharacter(upper) ? upper : (IOTA_BELOW.get(character) ?? character)
  })
}

/** Greek letters with an iota below, whose counterparts JavaScript spells out and Go does not. */
const IOTA_BELOW: ReadonlyMap<string, string> = new Map(
  [0x1f80, 0x1f90, 0x1fa0]
    .flatMap((first) => Array.from({ length: 8 }, (_, index) => [first + index, first + index + 8]))
    .concat([
      [0x1fb3, 0x1fbc],
      [0x1fc3, 0x1fcc],
      [0x1ff3, 0x1ffc],
    ])
    .map(([small = 0, capital = 0]) => [
      String.fromCodePoint(small),
      String.fromCodePoint(capital),
    ]),
)

function toLower(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  return mapCharacters(text, (character) => {
    const lower = character.toLowerCase()
    return isOneCharacter(lower) ? lower : String.fromCodePoint(lower.codePointAt(0) ?? 0)
  })
}

function mapCharacters(text: string, map: (character: string) => string): string {
  let mapped = ''
  for (const character of text) mapped += map(character)
  return mapped
}

function isOneCharacter(text: string): boolean {
  return text.length === 1 || String.fromCodePoint(text.codePointAt(0) ?? 0) === text
}

export const letterCaseMethods: readonly MethodDefinition[] = [
  {
    name: 'uppercase',
    ...strings,
    description: 'All letters in upper case.',
    examples: [
      { mapping: 'root.a = this.a.uppercase()', input: '{"a":"straw"}', output: '{"a":"STRAW"}' },
      { mapping: 'root = "straße".uppercase()', output: 'STRAßE' },
      {
        mapping: 'root.a = this.a.uppercase()',
        input: '{"a":5}',
        error: 'expected string value, got number from field `this.a` (5)',
      },
    ],
    build: () => (target) => toUpper(expectText(target)),
  },
  {
    name: 'lowercase',
    ...strings,
    description: 'All letters in lower case.',
    examples: [{ mapping: 'root = this.a.lowercase()', input: '{"a":"Straw"}', output: 'straw' }],
    build: () => (target) => toLower(expectText(target)),
  },
  {
    name: 'capitalize',
    ...strings,
    description: 'The first letter of each word in upper case.',
    examples: [{ mapping: 'root = "the last straw".capitalize()', output: 'The Last Straw' }],
    build: () => (target) =>
      expectText(target).replace(
        /(^|[^\p{L}\p{N}_'])(\p{L})/gu,
        (_, before: string, letter: string) => before + toUpper(letter),
      ),
  },
]
