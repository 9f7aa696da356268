/** Methods that cut texts where people would, and file paths where systems do. */
import { join, sep } from 'node:path'
import type { MethodDefinition } from '../definition.ts'
import { MappingError } from '../mapping-error.ts'
import { expectArray, expectText } from '../values/kind-of.ts'

const strings = { category: 'strings', status: 'stable' } as const

const segmenters = new Map<string, Intl.Segmenter>()

function segmenterOf(type: string): Intl.Segmenter {
  const known = segmenters.get(type)
  if (known !== undefined) return known
  if (type !== 'grapheme' && type !== 'word' && type !== 'sentence') {
    throw new MappingError(`expected grapheme, word or sentence, got "${type.slice(0, 64)}"`)
  }
  // The root locale: a mapping gives the same result wherever it runs.
  const segmenter = new Intl.Segmenter('und', { granularity: type })
  segmenters.set(type, segmenter)
  return segmenter
}

export const segmentMethods: readonly MethodDefinition[] = [
  {
    name: 'unicode_segments',
    ...strings,
    description: 'The graphemes, words or sentences of a text, as Unicode tells them apart.',
    parameters: [
      { name: 'segmentation_type', type: 'string', description: 'grapheme, word or sentence.' },
    ],
    examples: [
      { mapping: 'root = "a👨‍👩‍👧é".unicode_segments("grapheme")', output: '["a","👨‍👩‍👧","é"]' },
      { mapping: 'root = "one, two".unicode_segments("word")', output: '["one",","," ","two"]' },
      {
        mapping: 'root = "First. Second?".unicode_segments("sentence")',
        output: '["First. ","Second?"]',
      },
      {
        mapping: 'root = "a".unicode_segments("line")',
        error: 'expected grapheme, word or sentence, got "line"',
      },
    ],
    build: (site) => {
      const segmenter = site.derived('segmentation_type', segmenterOf)
      return (target, frame) =>
        Array.from(segmenter(frame).segment(expectText(target)), ({ segment }) => segment)
    },
  },
  {
    name: 'filepath_join',
    ...strings,
    description: 'The elements of an array as one path of this system.',
    parameters: [],
    examples: [
      { mapping: 'root = ["/hay/", "../straw", "a.txt"].filepath_join()', output: '/straw/a.txt' },
    ],
    build: () => (target) => joinPath(expectArray(target).map(expectText)),
  },
  {
    name: 'filepath_split',
    ...strings,
    description: 'The folder of a path, with its last separator, and the name of the file.',
    parameters: [],
    examples: [
      { mapping: 'root = "/hay/a.txt".filepath_split()', output: '["/hay/","a.txt"]' },
      { mapping: 'root = "a.txt".filepath_split()', output: '["","a.txt"]' },
    ],
    build: () => (target) => {
      const path = expectText(target)
      const at = path.lastIndexOf(sep) + 1
      return [path.slice(0, at), path.slice(at)]
    },
  },
]

/** Nothing joined is nothing, and a separator at the end is left out. */
function joinPath(elements: readonly string[]): string {
  const present = elements.filter((element) => element !== '')
  if (present.length === 0) return ''
  const joined = join(...present)
  return joined.length > 1 && joined.endsWith(sep) ? joined.slice(0, -1) : joined
}
