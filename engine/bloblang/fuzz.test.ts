/** No text crashes or hangs the compiler, and no mapping that compiles throws anything but a MappingError. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyTree } from '../../test/harness/mapping-trees.ts'
import { compileInterpolation, compileMapping, compileQuery, MappingError } from './bloblang.ts'
import { FIXED_ENVIRONMENT, sourceOf } from './evaluate-for-test.ts'
import { functions } from './functions/index.ts'
import { methods } from './methods/index.ts'
import {
  MAPPING_LENGTH_MAX,
  NESTING_DEPTH_MAX,
  SyntaxProblem,
  TREE_HEIGHT_MAX,
} from './syntax/cursor.ts'
import { formatMapping, printMapping } from './syntax/print-mapping.ts'
import { encodePayload } from './values/encode-payload.ts'

const seeds = [...functions.values(), ...methods.values()].flatMap((definition) =>
  definition.examples.map((example) => example.mapping),
)
const pieces = fc.constantFrom(
  'root',
  ' = ',
  'this',
  '.',
  '(',
  ')',
  '{',
  '}',
  '[',
  ']',
  '"',
  '"""',
  '->',
  '=>',
  '|',
  '&&',
  '!',
  '-',
  '\n',
  '#',
  'if ',
  'else',
  'match ',
  'let x',
  '$x',
  '@',
  'meta ',
  'map f ',
  '_',
  ',',
  ':',
  '5',
  '0.5',
  'deleted()',
  '\\',
  '\u0000',
  '😀',
)

function compileAndRun(text: string): void {
  compileQuery(text, FIXED_ENVIRONMENT)
  compileInterpolation(text, FIXED_ENVIRONMENT)
  const compiled = compileMapping(text, FIXED_ENVIRONMENT)
  if (!compiled.ok) {
    expect(compiled.problems.length).toBeGreaterThan(0)
    for (const { line, column } of compiled.problems)
      expect(Math.min(line, column)).toBeGreaterThan(0)
    return
  }
  for (const way of ['map', 'mutate'] as const) {
    try {
      const { root } = compiled.value[way]([sourceOf('{"a":{"b":[1,2.50]},"s":"x"}')], 0)
      if (typeof root !== 'symbol') encodePayload(root)
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(MappingError)
    }
  }
}

describe('the compiler', () => {
  test('survives any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), compileAndRun), {
      numRuns: 1_000,
    })
  })

  test('survives any order of its own tokens', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => compileAndRun(parts.join(''))),
      { numRuns: 3_000 },
    )
  })

  test('survives mappings with something cut out, put in or repeated', () => {
    const mutation = fc.tuple(
      fc.constantFrom(...seeds),
      fc.nat(),
      fc.nat({ max: 20 }),
      pieces,
      fc.constantFrom(...seeds),
    )
    fc.assert(
      fc.property(mutation, ([seed, at, length, piece, other]) => {
        const place = at % (seed.length + 1)
        compileAndRun(seed.slice(0, place) + seed.slice(place + length))
        compileAndRun(seed.slice(0, place) + piece + seed.slice(place))
        compileAndRun(seed.slice(0, place) + other.slice(length))
      }),
      { numRuns: 3_000 },
    )
  })

  test('survives any program of the grammar, and so does the printer', () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        const text = printMapping(tree)
        compileAndRun(text)
        compileAndRun(formatMapping(text))
      }),
      { numRuns: 600 },
    )
  })

  test('and its printer survive any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = Buffer.from(bytes).toString()
        compileAndRun(text)
        try {
          formatMapping(text)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SyntaxProblem)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  const compiles = (text: string): boolean => compileMapping(text, FIXED_ENVIRONMENT).ok
  const bracketed = (depth: number): string => `root = ${'('.repeat(depth)}1${')'.repeat(depth)}`
  const added = (count: number): string =>
    `root = ${Array.from({ length: count }, () => 'this.a').join(' + ')}`

  test('takes brackets as deep as the limit, and none deeper', () => {
    expect(compiles(bracketed(NESTING_DEPTH_MAX - 1))).toBe(true)
    expect(compiles(bracketed(NESTING_DEPTH_MAX))).toBe(false)
  })

  test('takes chains as long as the limit, and none longer', () => {
    // `this.a` is two steps high, each operator one more.
    expect(compiles(added(TREE_HEIGHT_MAX - 1))).toBe(true)
    expect(compiles(added(TREE_HEIGHT_MAX))).toBe(false)
  })

  test('takes a mapping as long as the limit, and none longer', () => {
    const padded = (length: number): string => 'root = 1'.padEnd(length, ' ')
    expect(compiles(padded(MAPPING_LENGTH_MAX))).toBe(true)
    expect(compiles(padded(MAPPING_LENGTH_MAX + 1))).toBe(false)
  })

  test.each([
    ['-', 'root = '],
    ['!', 'root = '],
    ['[', 'root = '],
    ['{', 'root = '],
    ['f(', 'root = '],
    ['x -> ', 'root = '],
    ['if true { ', ''],
    ['match { _ => ', 'root = '],
    ['a.', 'root = '],
    ['.a', 'root = this'],
    ['1 + ', 'root = '],
    ['"', ''],
    ['${!', ''],
    ['${!a}', ''],
    ['${!a()}', ''],
    ['9', 'root = '],
    ['a = 1\n', ''],
    ['a = b()\n', ''],
    ['1,', 'root = ['],
  ])('survives %j a hundred thousand times', (piece, before) => {
    compileAndRun(before + piece.repeat(100_000))
  })
})
