import { describe, expect, test } from 'vitest'
import { compileEventCheck, SHOWN_LENGTH_MAX } from './event-check.ts'
import { resolveEventType, type TypeDeclaration } from './event-type.ts'

const encoder = new TextEncoder()

function checkOf(name: string, declarations: Record<string, TypeDeclaration>) {
  const result = resolveEventType(name, new Map(Object.entries(declarations)))
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  const check = compileEventCheck(result.type)
  return (json: string) => check(encoder.encode(json))
}

function fits(type: string | { array: string }, json: string): boolean {
  return checkOf('T', { T: { properties: [{ id: 'v', type }] } })(`{"v":${json}}`) === undefined
}

/** Type → texts that fit, and texts that do not. */
const TABLE: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['Boolean', ['true', 'false'], ['0', '"true"', 'null']],
  ['Char', ['"x"', '"é"'], ['""', '"xy"', '"😀"', '7', 'null']],
  ['SByte', ['-128', '127', '5.0', '-0', '1e2'], ['-129', '128', '1.5', '"1"', 'null']],
  ['Byte', ['0', '255'], ['-1', '256']],
  ['Int16', ['-32768', '32767'], ['-32769', '32768']],
  ['UInt16', ['0', '65535'], ['-1', '65536']],
  ['Int32', ['-2147483648', '2147483647'], ['-2147483649', '2147483648']],
  ['UInt32', ['0', '4294967295'], ['-1', '4294967296']],
  [
    'Int64',
    ['-9223372036854775808', '9223372036854775807', '9007199254740993', '9.2e18'],
    ['-9223372036854775809', '9223372036854775808', '9007199254740992.5', '1e19', '1e400'],
  ],
  ['UInt64', ['0', '18446744073709551615'], ['-1', '18446744073709551616', '2e19']],
  ['Single', ['3.4028234663852886e38', '"NaN"', '"-Infinity"', '0.1'], ['3.5e38', '"nan"', '"1"']],
  ['Double', ['1.7976931348623157e308', '"Infinity"', '-0.0'], ['1e309', 'true', '"x"']],
  [
    'Decimal',
    ['79228162514264337593543950335', '-79228162514264337593543950335', '0.1', '1e28'],
    ['79228162514264337593543950336', '79228162514264337593543950335.1', '1e29', '1e999999', '"1"'],
  ],
  [
    'DateTime',
    ['"2026-01-31T09:30:00Z"', '"2024-02-29"', '"2026-01-31T23:59:59.1234567+14:00"'],
    ['"2026-02-29"', '"2026-01-31T24:00:00"', '"2026-01-31T09:30:00.12345678Z"', '"0000-01-01"'],
  ],
  [
    'DateTimeOffset',
    ['"2026-01-31T09:30:00+02:00"', '"2026-01-31T09:30Z"'],
    ['"2026-01-31T09:30:00"', '"2026-01-31T09:30:00+14:01"', '1'],
  ],
  [
    'TimeSpan',
    [
      '"00:00:00"',
      '"-1.02:03:04.5"',
      '"10675199.02:48:05.4775807"',
      '"-10675199.02:48:05.4775808"',
    ],
    ['"10675199.02:48:05.4775808"', '"24:00:00"', '"1:00:00"', '5'],
  ],
  [
    'Guid',
    ['"0b5fbd2c-0000-4000-8000-00000000000A"'],
    ['"0b5fbd2c00004000800000000000000a"', '"{0b5fbd2c-0000-4000-8000-00000000000A}"'],
  ],
  ['String', ['""', '"text"', 'null'], ['1', '[]']],
  [
    'Version',
    ['"1.2"', '"1.2.3.2147483647"', 'null'],
    ['"1"', '"1.2.3.2147483648"', '"1.2.3.4.5"'],
  ],
  ['Int32Enum', ['0', '2147483647'], ['2147483648', '"Red"', 'null']],
]

describe('compileEventCheck', () => {
  test.each(TABLE)('judges %s at its limits', (type, good, bad) => {
    for (const json of good) expect([json, fits(type, json)]).toEqual([json, true])
    for (const json of bad) expect([json, fits(type, json)]).toEqual([json, false])
  })

  test('takes null for a nullable type, and refuses what its base refuses', () => {
    for (const [type, good, bad] of TABLE) {
      if (type === 'String' || type === 'Version') continue
      expect(fits(`Nullable${type}`, 'null')).toBe(true)
      expect(fits(`Nullable${type}`, good[0] ?? '')).toBe(true)
      expect(fits(`Nullable${type}`, bad[0] ?? '')).toBe(false)
    }
  })

  test('says which property, what was expected and what was found', () => {
    const check = checkOf('Reading', {
      Point: { properties: [{ id: 'x', type: 'Int32' }] },
      Reading: {
        properties: [
          { id: 'Id', type: 'String', key: 1 },
          { id: 'points', type: { array: 'Point' } },
        ],
      },
    })
    expect(check('{"Id":"a","points":[{"x":1},{"x":"far"}]}')).toBe(
      'property "points[1].x": expected Int32 (a whole number from -2147483648 to 2147483647), got "far"',
    )
    expect(check('{"points":[]}')).toBe('property "Id" is missing; it is a key of type Reading')
    expect(check('{"Id":"a","pionts":[]}')).toBe(
      'property "pionts" is not one of type Reading; did you mean "points"?',
    )
    expect(check('{"id":"a"}')).toBe('property "id" is not one of type Reading; did you mean "Id"?')
    expect(check('{"Id":"a","points":null}')).toBeUndefined()
    expect(check('{"Id":"a","points":[null]}')).toBeUndefined()
  })

  test.each([
    ['[]', 'expected a JSON object of type T, got an array'],
    ['null', 'expected a JSON object of type T, got null'],
    ['', 'expected a JSON object, got nothing'],
    ['{"v":1}{"v":2}', 'expected a JSON object, got {"v":1}{"v":2}'],
    ['\ufeff{"v":1}', 'expected a JSON object, got \ufeff{"v":1}'],
  ])('refuses %j as no event', (json, sentence) => {
    expect(checkOf('T', { T: { properties: [{ id: 'v', type: 'Int32' }] } })(json)).toBe(sentence)
  })

  test('refuses bytes that are no UTF-8', () => {
    const result = resolveEventType('T', new Map([['T', { properties: [] }]]))
    const check = result.ok ? compileEventCheck(result.type) : () => undefined
    expect(check(Uint8Array.of(0x7b, 0xff, 0x7d))).toContain('UTF-8')
  })

  test('shortens a value that is long, and survives one that is deep', () => {
    const check = checkOf('T', { T: { properties: [{ id: 'v', type: 'Int32' }] } })
    const sentence = check(`{"v":"${'x'.repeat(10_000)}"}`) ?? ''
    expect(sentence.split(', got ')[1]).toHaveLength(SHOWN_LENGTH_MAX)
    const deep = `{"v":${'['.repeat(100_000)}9007199254740993${']'.repeat(100_000)}}`
    expect(check(deep)).toEqual(expect.any(String))
  })

  test('treats a property that is named like a part of every object as any other', () => {
    const check = checkOf('T', { T: { properties: [{ id: 'v', type: 'Int32' }] } })
    expect(check('{"__proto__":{"v":1}}')).toContain('property "__proto__" is not one of type T')
    expect(check('{"toString":1}')).toContain('property "toString"')
    const keyed = checkOf('K', { K: { properties: [{ id: 'valueOf', type: 'Int32', key: 1 }] } })
    expect(keyed('{}')).toContain('is missing')
  })

  test('takes an array of bytes as an array or as base64', () => {
    expect(fits({ array: 'Byte' }, '[1,2,255]')).toBe(true)
    expect(fits({ array: 'Byte' }, '"AQL/"')).toBe(true)
    expect(fits({ array: 'Byte' }, '"AQL"')).toBe(false)
    expect(fits({ array: 'Byte' }, '[256]')).toBe(false)
    expect(fits({ array: 'Int32' }, '"AQL/"')).toBe(false)
  })

  test('judges by a JSON Schema where the type is one', () => {
    const check = checkOf('S', {
      S: {
        jsonSchema: {
          type: 'object',
          required: ['id'],
          properties: { id: { type: 'integer' }, when: { type: 'string', format: 'date-time' } },
        },
      },
    })
    expect(check('{"id":9007199254740993,"when":"any"}')).toBeUndefined()
    expect(check('{"id":"x"}')).toBe('property "id" must be integer')
    expect(check('{}')).toBe("the event must have required property 'id'")
  })
})
