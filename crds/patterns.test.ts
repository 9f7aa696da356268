/** The API server reads patterns as RE2, our validator as JavaScript: each must mean the same to both. */
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { describe, expect, test } from 'vitest'
import type { JsonSchema } from './json-schema.ts'
import { kinds } from './kinds.ts'

const patterns = new Set(Object.values(kinds).flatMap(({ spec }) => patternsOf(spec)))

/** What the two read differently (`\S` knows other blanks, `.` other line ends), or RE2 does not read at all. */
const APART = /(?<!\\)\.(?![^[]*\])|\\[sSwWbB1-9kxc]|\(\?/

/** Letters at which the two might part. */
const letters = fc.constantFrom(
  ...'aA0-._:/+ZTé\u{1f600}',
  ...' \t\n\v\f\r\0\u0085\u00a0\u1680\u2003\u2028\u2029\u202f\u3000\ufeff\u200b',
)

describe.each([...patterns])('the pattern %s', (pattern) => {
  const ours = new RegExp(pattern, 'u')
  const theirs = RE2JS.compile(pattern)
  const agree = (text: string): void => {
    expect([text, theirs.matcher(text).find()]).toEqual([text, ours.test(text)])
  }

  test('is made of what both read alike', () => {
    expect(pattern).not.toMatch(APART)
  })

  test('is fitted by the same texts', () => {
    fc.assert(fc.property(fc.stringMatching(ours), agree), { numRuns: 50 })
    fc.assert(fc.property(fc.string({ unit: letters, maxLength: 6 }), agree), { numRuns: 300 })
    const spoilt = fc.tuple(fc.stringMatching(ours), fc.nat(), letters)
    fc.assert(
      fc.property(spoilt, ([text, place, letter]) => {
        const index = place % (text.length + 1)
        agree(`${text.slice(0, index)}${letter}${text.slice(index)}`)
      }),
      { numRuns: 200 },
    )
  })
})

function patternsOf(schema: JsonSchema): readonly string[] {
  const { properties = {}, items, additionalProperties, anyOf = [], pattern } = schema
  const within = [...Object.values(properties), ...anyOf]
  if (items !== undefined) within.push(items)
  if (typeof additionalProperties === 'object') within.push(additionalProperties)
  return [...(pattern === undefined ? [] : [pattern]), ...within.flatMap(patternsOf)]
}
