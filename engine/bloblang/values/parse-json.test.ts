import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDocumentText } from './parse-document.ts'
import { hasEscapedKey, parseJson } from './parse-json.ts'
import { NumberText } from './value.ts'

const key = fc.constantFrom('', '"', '\\', '\n', 'a', 'a\n', 'a\\', '\\n', 'k', 'kk0', '__proto__')
const entries = fc.array(fc.tuple(key, fc.constantFrom<unknown>(1, 'x\\', ['"'], { '\n': 1 })), {
  maxLength: 4,
})
/** As it is written: built by hand, for an object cannot be trusted with `__proto__`. */
const written = entries.map((pairs) => {
  const unique = [...new Map(pairs)]
  const members = unique.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
  return `{${members.join(',')}}`
})

describe('parsing JSON', () => {
  test('keeps keys that are written with an escape, whatever was parsed before', () => {
    fc.assert(
      fc.property(fc.array(written, { maxLength: 4 }), (objects) => {
        const text = `[${objects.join(',')}]`
        expect(JSON.stringify(parseJson(text))).toBe(text)
      }),
      { numRuns: 2_000 },
    )
  })

  test('keeps them beside numbers of 64 bits', () => {
    parseDocumentText('[{"a":1,"\\\\":2}]')
    const text = '{"a":9007199254740993,"\\n":1.0,"\\"":[{"\\n":2}]}'
    const document = parseDocumentText(text) as Record<string, unknown>
    expect(Object.keys(document)).toEqual(['a', '\n', '"'])
    expect(document['a']).toBe(9_007_199_254_740_993n)
    expect(document['"']).toEqual([{ '\n': 2 }])
  })

  test('keeps them where a text has the marks of numbers itself', () => {
    parseDocumentText('[{"a":1,"\\\\":2}]')
    const text = '{"a":"\\u0000","\\n":9007199254740993,"\\"":1.50}'
    const document = parseDocumentText(text) as Record<string, unknown>
    expect(Object.keys(document)).toEqual(['a', '\n', '"'])
    expect(document['\n']).toBe(9_007_199_254_740_993n)
    expect(document['"']).toEqual(new NumberText('1.50'))
  })

  test('takes the last of equal keys, however they are written', () => {
    const twice = '{"\\n":1,"\\u000a":2,"a":3,"\\u0061":4}'
    expect(JSON.stringify(parseJson(twice))).toBe('{"\\n":2,"a":4}')
  })

  test('looks at keys alone', () => {
    expect(hasEscapedKey('{"a":"x\\"y","b":"\\\\"}')).toBe(false)
    expect(hasEscapedKey('{"a":"\\\\","b\\\\" : 1}')).toBe(true)
    expect(hasEscapedKey('"\\')).toBe(false)
  })

  test('tells what is wrong with the text as it was given', () => {
    expect(() => parseJson('{"\\n":}')).toThrow('"{"\\n":}" is not valid')
  })
})
