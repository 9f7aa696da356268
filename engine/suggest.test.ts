import { describe, expect, test } from 'vitest'
import { CANDIDATES_MAX, nearest, SUGGESTION_LENGTH_MAX } from './suggest.ts'

describe('nearest', () => {
  const names = ['uppercase', 'lowercase', 'capitalize', 'map_each', 'map_each_key', 'or']

  test('finds a name with a letter missing, doubled, replaced or swapped', () => {
    expect(nearest('upercase', names)).toBe('uppercase')
    expect(nearest('uppperCase', names)).toBe('uppercase')
    expect(nearest('uppercaze', names)).toBe('uppercase')
    expect(nearest('uppercsae', names)).toBe('uppercase')
  })

  test('finds a name that differs in letter case only', () => {
    expect(nearest('UpperCase', names)).toBe('uppercase')
  })

  test('suggests nothing when nothing is near', () => {
    expect(nearest('explode', names)).toBeUndefined()
    expect(nearest('', names)).toBeUndefined()
  })

  test('takes the alphabetically first of equally near names', () => {
    expect(nearest('cat', ['rat', 'bat', 'hat'])).toBe('bat')
  })

  test('compares names of the greatest length and none beyond', () => {
    const long = 'a'.repeat(SUGGESTION_LENGTH_MAX - 1)
    expect(nearest(`${long}b`, [`${long}c`])).toBe(`${long}c`)
    expect(nearest(`${long}bb`, [`${long}c`])).toBeUndefined()
  })

  test('searches as many candidates as the limit and none beyond', () => {
    const far = (count: number): string[] => Array.from({ length: count }, () => 'far away')
    expect(nearest('cat', [...far(CANDIDATES_MAX - 1), 'bat'])).toBe('bat')
    expect(nearest('cat', [...far(CANDIDATES_MAX), 'bat'])).toBeUndefined()
  })
})
