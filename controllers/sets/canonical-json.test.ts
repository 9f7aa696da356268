import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from './canonical-json.ts'

describe('canonical JSON', () => {
  test('sorts keys by their UTF-16 units and writes numbers as JavaScript does', () => {
    const value = {
      '\u20ac': 1,
      '\r': 2,
      '\ufb33': 3,
      '1': 1e21,
      '😀': 0.000001,
      a: -0,
      z: undefined,
    }
    expect(canonicalJson(value)).toBe('{"\\r":2,"1":1e+21,"a":0,"€":1,"😀":0.000001,"\ufb33":3}')
  })

  test('means what it was made of, whatever the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse())
        expect(canonicalJson(turned)).toBe(canonicalJson(value))
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  test('refuses what JSON cannot say', () => {
    expect(() => canonicalJson({ a: Number.NaN })).toThrow('expected a finite number')
  })
})
