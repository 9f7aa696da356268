import { describe, expect, test } from 'vitest'
import type { Problem } from '../controllers/sets/problem.ts'
import { ERROR_CODES } from '../engine/error-codes.ts'
import { githubText } from './problems-github.ts'
import { junitText } from './problems-junit.ts'
import { sarifText } from './problems-sarif.ts'

const error: Problem = {
  file: 'plant 7/a,b:c.yaml',
  line: 2,
  column: 8,
  width: 3,
  layer: 'schema',
  severity: 'error',
  code: 'FieldInvalid',
  message: 'expected 100% of <b> & "c", got "a\nb\u0001\ud800"',
  hint: 'write b',
}
const warning: Problem = {
  file: '/elsewhere/b.yaml',
  line: 1,
  column: 1,
  layer: 'schema',
  severity: 'warning',
  code: 'ServerField',
  message: 'status is ignored',
}

describe('SARIF', () => {
  const log = JSON.parse(sarifText([error, warning, error], '1.2.3')) as SarifLog
  const [run] = log.runs

  test('has the version and the parts that every reader asks for', () => {
    expect(log.version).toBe('2.1.0')
    expect(log.$schema).toMatch(/sarif-2\.1\.0\.json$/)
    expect(log.runs).toHaveLength(1)
    expect(run?.tool.driver.name).toBe('headgate')
    expect(run?.columnKind).toBe('unicodeCodePoints')
  })

  test('names each code once as a rule, and every result points to its own', () => {
    expect(run?.tool.driver.rules.map(({ id }) => id)).toEqual(['FieldInvalid', 'ServerField'])
    for (const { id, shortDescription } of run?.tool.driver.rules ?? []) {
      expect(shortDescription.text).toBe(ERROR_CODES[id as keyof typeof ERROR_CODES].meaning)
    }
    for (const { ruleId, ruleIndex } of run?.results ?? []) {
      expect(run?.tool.driver.rules[ruleIndex]?.id).toBe(ruleId)
    }
  })

  test('says where in whole numbers from 1, the end behind the last column, and files as URIs', () => {
    expect(run?.results.map(({ level }) => level)).toEqual(['error', 'warning', 'error'])
    const [first, second] = (run?.results ?? []).map(
      ({ locations }) => locations[0]?.physicalLocation,
    )
    expect(first).toEqual({
      artifactLocation: { uri: 'plant%207/a%2Cb%3Ac.yaml' },
      region: { startLine: 2, startColumn: 8, endColumn: 11 },
    })
    expect(second?.artifactLocation.uri).toBe('file:///elsewhere/b.yaml')
    expect(second?.region).toEqual({ startLine: 1, startColumn: 1, endColumn: 2 })
  })

  test('is a log with no results where nothing is wrong', () => {
    const empty = JSON.parse(sarifText([], '1.2.3')) as SarifLog
    expect(empty.runs[0]?.results).toEqual([])
    expect(empty.runs[0]?.tool.driver.rules).toEqual([])
  })
})

describe('JUnit', () => {
  test('is well-formed XML, whatever a message holds', () => {
    const xml = junitText([error, warning], ['c.yaml'])
    expect(xml).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/)
    expect(openTags(xml)).toEqual([])
    expect(xml).not.toMatch(/[^\P{Cc}\n]/u)
    expect(xml.isWellFormed()).toBe(true)
    expect(xml).toContain('message="expected 100% of &lt;b&gt; &amp; &quot;c&quot;, got')
  })

  test('counts a failure for each error, and a passed test for a file without one', () => {
    const xml = junitText([error, error, warning], ['c.yaml'])
    expect(xml).toContain('<testsuites name="headgate validate" tests="4" failures="2">')
    expect(xml).toContain('<testsuite name="c.yaml" tests="1" failures="0">')
    expect(xml).toContain('<testcase classname="/elsewhere/b.yaml" name="is valid"/>')
    expect(xml).toContain('<system-out>/elsewhere/b.yaml:1:1: warning: schema: status is ignored')
    expect(xml).toContain('name="FieldInvalid at 2:8"')
  })
})

describe('GitHub', () => {
  test('writes one command a problem, and escapes what would end it', () => {
    expect(githubText([error, warning])).toBe(
      '::error file=plant 7/a%2Cb%3Ac.yaml,line=2,col=8,endColumn=11,title=FieldInvalid::' +
        'schema: expected 100%25 of <b> & "c", got "a%0Ab\u0001\ud800" (write b)\n' +
        '::warning file=/elsewhere/b.yaml,line=1,col=1,endColumn=2,title=ServerField::schema: status is ignored\n',
    )
  })

  test('prints nothing where nothing is wrong', () => {
    expect(githubText([])).toBe('')
  })
})

interface SarifLog {
  readonly $schema: string
  readonly version: string
  readonly runs: readonly {
    readonly columnKind: string
    readonly tool: {
      readonly driver: {
        readonly name: string
        readonly rules: readonly {
          readonly id: string
          readonly shortDescription: { readonly text: string }
        }[]
      }
    }
    readonly results: readonly {
      readonly ruleId: string
      readonly ruleIndex: number
      readonly level: string
      readonly locations: readonly {
        readonly physicalLocation: {
          readonly artifactLocation: { readonly uri: string }
          readonly region: object
        }
      }[]
    }[]
  }[]
}

/** Tags that nothing closes, and whatever is neither a tag nor text with its marks escaped. */
function openTags(xml: string): readonly string[] {
  const open: string[] = []
  const rest = xml
    .replace(/^<\?xml [^>]*\?>/, '')
    .replace(/<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>/g, (_all, end, name, _fields, alone) => {
      if (end === '/') {
        if (open.pop() !== name) open.push(`</${name}>`)
      } else if (alone === '') open.push(name)
      return ''
    })
  return /[<>]|&(?!(amp|lt|gt|quot|#10|#9);)/.test(rest) ? [...open, rest] : open
}
