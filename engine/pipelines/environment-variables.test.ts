import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { interpolateVariables, referencesIn } from './environment-variables.ts'

const env = (name: string): string | undefined =>
  ({
    HOST: 'db',
    PORT: '4195',
    EMPTY: '',
    YES: 'true',
    ZIP: '01234',
    CODED: 'aGVsbG8=',
    LINES: 'a\nb: c',
  })[name]

describe('interpolateVariables', () => {
  test('replaces references in every value, and no key', () => {
    const { value } = interpolateVariables({ '${HOST}': ['http://${HOST}:${PORT}/', 7, null] }, env)
    expect(value).toEqual({ '${HOST}': ['http://db:4195/', 7, null] })
  })

  test('takes the default of a variable that is unset or empty', () => {
    expect(interpolateVariables('${NONE:a}${EMPTY:b}${NONE:}', env)).toEqual({
      value: 'ab',
      missing: [],
      undecodable: [],
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

  test('a text that held a reference is typed again, whatever stood beside it', () => {
    expect(interpolateVariables(['80${NONE:85}', '${PORT}.50', 'true'], env).value).toEqual([
      8085,
      '4195.50',
      'true',
    ])
  })

  test('a value never adds structure', () => {
    expect(interpolateVariables({ key: '${LINES}' }, env).value).toEqual({ key: 'a\nb: c' })
    expect(interpolateVariables(['${NONE:[1, 2]}'], env).value).toEqual(['[1, 2]'])
  })

  test('whatever a variable holds, objects and lists stay as they were written', () => {
    const scalar = fc.constantFrom(
      '${A}',
      'x${B:y}',
      '${{A}}',
      '${A|base64decode}',
      'plain',
      7,
      null,
    )
    const config = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        scalar,
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(fc.string(), tie('node'), { maxKeys: 3 }),
      ),
    })).node
    const shape = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shape)
      if (typeof value !== 'object' || value === null) return 'scalar'
      return Object.entries(value).map(([key, item]) => [key, shape(item)])
    }
    fc.assert(
      fc.property(config, fc.string(), fc.string(), (given, a, b) => {
        const { value } = interpolateVariables(given, (name) => (name === 'A' ? a : b))
        expect(shape(value)).toEqual(shape(given))
      }),
    )
  })

  test('decodes base64 where it is asked to, of a value or a default', () => {
    expect(interpolateVariables('${CODED|base64decode}!', env).value).toBe('hello!')
    expect(interpolateVariables('${NONE:aGVsbG8|base64decode}', env).value).toBe('hello')
    expect(interpolateVariables('${{CODED|base64decode}}', env).value).toBe('${CODED|base64decode}')
  })

  test('names what is to be decoded and cannot be', () => {
    expect(interpolateVariables(['${HOST|base64decode}', '${LINES|base64decode}'], env)).toEqual(
      expect.objectContaining({ undecodable: ['HOST', 'LINES'], missing: [] }),
    )
    expect(interpolateVariables('${NONE|base64decode}', env)).toEqual(
      expect.objectContaining({ undecodable: [], missing: ['NONE'] }),
    )
  })

  test('a default may hold Bloblang', () => {
    expect(interpolateVariables('${NONE:a-${! this.id }}', env).value).toBe('a-${! this.id }')
  })

  test('finds references and no interpolation', () => {
    expect(referencesIn('${A} ${B:x y} ${! c }')).toEqual([
      { name: 'A', fallback: undefined },
      { name: 'B', fallback: 'x y' },
    ])
    expect(referencesIn('${A:}${B|base64decode}${{C}}')).toEqual([
      { name: 'A', fallback: '' },
      { name: 'B', fallback: undefined },
    ])
  })
})
