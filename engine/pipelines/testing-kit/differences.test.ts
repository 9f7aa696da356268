import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DIFFERENCES_MAX, differenceText, jsonDifferences } from './json-differences.ts'
import { LINES_COMPARED_MAX, lineDifference } from './line-difference.ts'

describe('lineDifference', () => {
  test('shows what changed with two lines around it', () => {
    expect(lineDifference('a\nb\nc\nd\ne\nf', 'a\nb\nc\nD\ne\nf\ng')).toEqual([
      '…',
      '  b',
      '  c',
      '- d',
      '+ D',
      '  e',
      '  f',
      '+ g',
    ])
  })

  test('tells only the first line that differs of texts that are longer than the limit', () => {
    const lines = (count: number, last: string) => `${'x\n'.repeat(count - 1)}${last}`
    expect(lineDifference(lines(LINES_COMPARED_MAX, 'a'), lines(LINES_COMPARED_MAX, 'b'))).toEqual([
      '…',
      '  x',
      '  x',
      '- a',
      '+ b',
    ])
    const longer = LINES_COMPARED_MAX + 1
    expect(lineDifference(lines(longer, 'a'), lines(longer, 'b'))).toEqual([
      `at line ${longer}:`,
      '- a',
      '+ b',
    ])
  })
})

describe('jsonDifferences', () => {
  const texts = (expected: unknown, got: unknown, partly = false) =>
    jsonDifferences(expected, got, partly).map(differenceText)

  test('finds each place, whatever the order of fields', () => {
    expect(texts({ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 3 }, 4], a: 1 })).toEqual([
      '.b[1].c: expected 2, got 3',
      '.b[2]: expected nothing, got 4',
    ])
    expect(texts({ 'a.b': null }, {})).toEqual(['["a.b"]: expected null, got nothing'])
    expect(texts(1, '1')).toEqual(['the document: expected 1, got "1"'])
  })

  test('lets the rest be where only a part is expected', () => {
    expect(texts({ a: [2, { b: 1 }] }, { a: [1, 2, { b: 1, c: 1 }], d: 1 }, true)).toEqual([])
    expect(texts({ a: [2, 1] }, { a: [1, 2, 3] }, true)).toEqual(['.a[…]: expected 1, got nothing'])
  })

  test('finds none in equal documents, and some in others', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        expect(jsonDifferences(one, structuredClone(one))).toEqual([])
        expect(jsonDifferences(one, structuredClone(one), true)).toEqual([])
        const same = isDeepStrictEqual(plain(one), plain(other))
        expect(jsonDifferences(plain(one), plain(other)).length === 0).toBe(same)
      }),
    )
  })

  test('stops at the limit', () => {
    const many = Array.from({ length: DIFFERENCES_MAX + 1 }, (_, index) => index)
    expect(texts(many, many.map(String))).toHaveLength(DIFFERENCES_MAX)
  })
})

/** As it travels: there is no minus zero in what JSON prints. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
