/** `import` and `from`: maps and mappings of other files, as far as a reader lets them. */
import { describe, expect, test } from 'vitest'
import { HeadgateError } from '../error.ts'
import { compileMapping } from './bloblang.ts'
import { IMPORT_DEPTH_MAX, IMPORTS_MAX } from './compile/load-files.ts'
import { FIXED_ENVIRONMENT, sourceOf } from './evaluate-for-test.ts'
import type { MappingFiles } from './mapping-files.ts'

/** Files in memory; paths are relative to the folder of the file that names them. */
function filesOf(files: Readonly<Record<string, string>>): MappingFiles {
  return {
    read: (path, namedBy) => {
      const folder = namedBy?.replace(/[^/]*$/, '') ?? ''
      const text = files[`${folder}${path}`]
      if (text === undefined) throw new HeadgateError('SourceUnreadable', 'there is no such file')
      return { path: `${folder}${path}`, bytes: Buffer.from(text) }
    },
  }
}

function outcome(text: string, files: Readonly<Record<string, string>>): unknown {
  const compiled = compileMapping(text, { ...FIXED_ENVIRONMENT, files: filesOf(files) })
  if (!compiled.ok) {
    return compiled.problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
  }
  return compiled.value.map([sourceOf('{"n":1}')], 0).root
}

const MAPS = 'map next {\n  root = this + 1\n}\n'

describe('import', () => {
  test('brings the maps of a file, and nothing else of it', () => {
    expect(outcome('import "m"\nroot = this.n.apply("next")', { m: `${MAPS}root = 9` })).toBe(2)
  })

  test('brings what the file imports, by paths from its own folder', () => {
    const files = {
      'lib/all': 'import "next"\nmap twice {\n  root = this.apply("next").apply("next")\n}',
      'lib/next': MAPS,
    }
    expect(outcome('import "lib/all"\nroot = this.n.apply("twice")', files)).toBe(3)
  })

  test('lets maps of both files apply each other', () => {
    const files = { m: 'map outer {\n  root = this.apply("inner")\n}' }
    const text = 'import "m"\nmap inner {\n  root = this * 10\n}\nroot = this.n.apply("outer")'
    expect(outcome(text, files)).toBe(10)
  })

  test.each([
    ['import "x"\nroot = 1', {}, '1:1 mapping file "x": there is no such file'],
    ['root = 1\nimport "m"', { m: 'root = 1' }, '2:1 mapping file "m" has no maps to import'],
    [`import "m"\n${MAPS}root = 1`, { m: MAPS }, '2:1 map `next` is defined twice'],
    [
      'import "m"\nimport "o"\nroot = 1',
      { m: MAPS, o: MAPS },
      '2:1 mapping file "o": map `next` is defined twice',
    ],
    [
      'import "m"\nroot = 1',
      { m: 'map a {\n  root = this.\n}' },
      '1:1 mapping file "m":3:1: expected a field name, a method or a bracket after `.`, got `}`',
    ],
    [
      'import "m"\nroot = 1',
      { m: 'map a {\n  root = this.upercase()\n}' },
      '1:1 mapping file "m":2:15: unknown method `upercase`',
    ],
    ['import "m"\nroot = 1', { m: `import "m"\n${MAPS}` }, '1:1 mapping file "m" names itself'],
  ])('of %j is told where it stands', (text, files, problem) => {
    expect(outcome(text, files)).toEqual([problem])
  })
})

describe('from', () => {
  test('puts a file in the place of the text', () => {
    expect(outcome('from "m"', { m: `${MAPS}root = this.n.apply("next")` })).toBe(2)
  })

  test('tells a problem of the file with the place in it', () => {
    expect(outcome('# one\nfrom "m"', { m: 'root = 1\nroot = $x' })).toEqual([
      '2:1 mapping file "m":2:8: variable `x` is never set',
    ])
    expect(outcome('from "m"', { m: 'from "o"', o: 'root = ' })).toEqual([
      '1:1 mapping file "o":1:8: expected a query, got the end of the mapping',
    ])
  })
})

describe('limits of files', () => {
  test('files name files as deep as the limit, and no deeper', () => {
    const chain = (depth: number): Record<string, string> =>
      Object.fromEntries(
        Array.from({ length: depth }, (_, at) => [
          `f${at}`,
          at === depth - 1 ? MAPS : `import "f${at + 1}"`,
        ]),
      )
    const text = 'import "f0"\nroot = this.n.apply("next")'
    const named = (depth: number): unknown => {
      const files = chain(depth)
      for (const name of Object.keys(files)) files[name] += `\nmap ${name} {\n  root = 1\n}`
      return outcome(text, files)
    }
    expect(named(IMPORT_DEPTH_MAX)).toBe(2)
    expect(named(IMPORT_DEPTH_MAX + 1)).toEqual([
      expect.stringContaining(`at most ${IMPORT_DEPTH_MAX} deep`),
      expect.any(String),
    ])
  })

  test('a text brings in as many files as the limit, and no more', () => {
    const many = (count: number): unknown => {
      const names = Array.from({ length: count }, (_, at) => `f${at}`)
      const files = Object.fromEntries(names.map((name) => [name, `map ${name} {\n  root = 1\n}`]))
      return outcome(`${names.map((name) => `import "${name}"\n`).join('')}root = 1`, files)
    }
    expect(many(IMPORTS_MAX)).toBe(1)
    expect(many(IMPORTS_MAX + 1)).toEqual([
      `${IMPORTS_MAX + 1}:1 expected at most ${IMPORTS_MAX} files`,
    ])
  })
})
