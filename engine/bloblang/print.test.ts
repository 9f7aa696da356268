/** Printing and parsing undo each other, for any tree, and formatting changes nothing that a text says. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyTree } from '../../test/harness/mapping-trees.ts'
import { functions } from './functions/index.ts'
import { methods } from './methods/index.ts'
import { parseMapping } from './syntax/parse-mapping.ts'
import { formatMapping, printMapping } from './syntax/print-mapping.ts'
import type { MappingTree } from './syntax/tree.ts'

/** What a tree says, without the places where it says it. */
const meaning = (tree: MappingTree): unknown => {
  const { maps, imports, statements, replacement } = tree
  return JSON.parse(
    JSON.stringify({ maps, imports, statements, replacement }, (key, value: unknown) =>
      ['at', 'end', 'height'].includes(key)
        ? undefined
        : typeof value === 'bigint'
          ? `${value}n`
          : value,
    ),
  )
}

describe('printing', () => {
  test('any tree gives a text that parses to the same tree', () => {
    fc.assert(
      fc.property(anyTree, (tree) => {
        const text = printMapping(tree)
        expect(meaning(parseMapping(text)), text).toEqual(meaning(tree))
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('formatting', () => {
  test('what it has formatted already changes nothing, and neither does it change what a text says', () => {
    fc.assert(
      fc.property(anyTree, fc.boolean(), (tree, broken) => {
        const printed = printMapping(tree)
        const text = broken ? printed.replace(/([[{(]) ?(?=[^\])}])/g, '$1\n') : printed
        const source = parses(text) ? text : printed
        const formatted = formatMapping(source)
        expect(meaning(parseMapping(formatted)), formatted).toEqual(meaning(parseMapping(source)))
        expect(formatMapping(formatted)).toBe(formatted)
      }),
      { numRuns: 1_000 },
    )
  })

  const examples = [...functions.values(), ...methods.values()].flatMap((definition) =>
    definition.examples.map(({ mapping }) => mapping),
  )

  test('keeps what every example of the reference says', () => {
    for (const text of examples) {
      if (!parses(text)) continue
      const formatted = formatMapping(text)
      expect(meaning(parseMapping(formatted)), formatted).toEqual(meaning(parseMapping(text)))
      expect(formatMapping(formatted)).toBe(formatted)
    }
  })

  test.each([
    ['root   =  this.a+1', 'root = this.a + 1\n'],
    ['a = 1\nroot.b = 2', 'a = 1\nroot.b = 2\n'],
    ['root = this.a && this.b || this.c', 'root = (this.a && this.b) || this.c\n'],
    ['root = this.a | 1 + 2', 'root = (this.a | 1) + 2\n'],
    ['root = ((1))', 'root = 1\n'],
    ['root = "\\u0041" + """raw"""', 'root = "\\u0041" + """raw"""\n'],
    ['root = {"a":1,\n"b":[1,2]}', 'root = {"a": 1, "b": [1, 2]}\n'],
    ['root = {\n"a":1,"b":[\n1]}', 'root = {\n  "a": 1,\n  "b": [\n    1,\n  ],\n}\n'],
    [
      'root = match this.a {\n1=>"x"\n_=>"y" }',
      'root = match this.a {\n  1 => "x"\n  _ => "y"\n}\n',
    ],
    [
      'root = this.a.\nuppercase().\nlowercase()',
      'root = this.a.\n  uppercase().\n  lowercase()\n',
    ],
    [
      '# one\n\n\n\nroot.a = 1   # two\n   # three\nif this.a {\n# four\nroot.b = 2\n# five\n}\n# six',
      '# one\n\nroot.a = 1 # two\n# three\nif this.a {\n  # four\n  root.b = 2\n  # five\n}\n# six\n',
    ],
    [
      'map f{\nroot = this\n}\nroot = [\n  1, # first\n  2\n]\nroot.b=  2'.replace('b=', 'b ='),
      'map f {\n  root = this\n}\nroot = [\n  1, # first\n  2\n]\nroot.b = 2\n',
    ],
    ['# only a query\nthis.a.b', '# only a query\nthis.a.b\n'],
  ])('of %j gives %j', (text, formatted) => {
    expect(formatMapping(text)).toBe(formatted)
    expect(formatMapping(formatted)).toBe(formatted)
  })
})

function parses(text: string): boolean {
  try {
    parseMapping(text)
    return true
  } catch {
    return false
  }
}
