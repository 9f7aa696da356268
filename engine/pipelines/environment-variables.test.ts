import { describe, expect, test } from 'vitest'
import { interpolateVariables, referencesIn } from './environment-variables.ts'

const env = (name: string): string | undefined =>
  ({ HOST: 'db', PORT: '4195', EMPTY: '', YES: 'true', ZIP: '01234' })[name]

describe('interpolateVariables', () => {
  test('replaces references in every value, and no key', () => {
    const { value } = interpolateVariables({ '${HOST}': ['http://${HOST}:${PORT}/', 7, null] }, env)
    expect(value).toEqual({ '${HOST}': ['http://db:4195/', 7, null] })
  })

  test('takes the default of a variable that is unset or empty', () => {
    expect(interpolateVariables('${NONE:a}${EMPTY:b}${NONE:}', env)).toEqual({
      value: 'ab',
      missing: [],
    })
  })

  test('names each variable that is missing once', () => {
    expect(interpolateVariables(['${A}', '${A}${B}'], env).missing).toEqual(['A', 'B'])
  })

  test('leaves Bloblang alone, and turns the escape into a literal', () => {
    expect(interpolateVariables('${! this.id } ${{HOST}}', env).value).toBe('${! this.id } ${HOST}')
  })

  test('a value that is one reference takes the form of what it holds', () => {
    expect(interpolateVariables(['${PORT}', '${YES}', '${ZIP}', '${NONE:5}'], env).value).toEqual([
      4195,
      true,
      '01234',
      5,
    ])
  })

  test('finds references and no interpolation', () => {
    expect(referencesIn('${A} ${B:x y} ${! c }')).toEqual([
      { name: 'A', fallback: undefined },
      { name: 'B', fallback: 'x y' },
    ])
  })
})
