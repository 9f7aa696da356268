/** Documents from bytes to values and back: what is not touched keeps its text. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MappingError } from '../mapping-error.ts'
import { encodePayload } from './encode-payload.ts'
import { KEY_ORDERS_MAX } from './key-order.ts'
import { DOCUMENT_DEPTH_MAX, parseDocument } from './parse-document.ts'
import { ENCODE_DEPTH_MAX, PAYLOAD_SIZE_MAX, preparePayload } from './prepare-payload.ts'
import { IntegralFloat, NumberText, Timestamp, type Value } from './value.ts'
import { valueText } from './value-text.ts'

const parse = (text: string): Value => parseDocument(Buffer.from(text))
const encode = (value: Value): string => Buffer.from(encodePayload(value)).toString()

describe('documents', () => {
  test.each([
    '1.0',
    '-0',
    '-0.0',
    '1e3',
    '1E+3',
    '0.10',
    '12345678901234567890',
    '9007199254740993',
    '-9223372036854775808',
    '0.0000001',
    '0.000001',
    '1e999',
    '123456789012345678901234567890.5',
    '100',
    '-5',
    '0.5',
    '1234567890123456',
  ])('keep the number %s as it is spelt', (number) => {
    expect(encode(parse(`[${number}]`))).toBe(`[${number}]`)
  })

  test('any number keeps its text', () => {
    const number = fc.stringMatching(/^-?(0|[1-9]\d{0,24})(\.\d{1,12})?([eE][-+]?\d{1,3})?$/)
    fc.assert(
      fc.property(number, (text) => {
        expect(encode(parse(`{"a":[${text}]}`))).toBe(`{"a":[${text}]}`)
      }),
      { numRuns: 2_000 },
    )
  })

  test('agree with native JSON wherever that loses nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        expect(JSON.parse(encode({ v: parse(text) }))).toEqual({ v: JSON.parse(text) })
      }),
    )
  })

  test('encoding is idempotent', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const once = encode([parse(JSON.stringify(value))])
        expect(encode(parse(once))).toBe(once)
      }),
    )
  })

  test.each([
    '',
    ' ',
    '{',
    '{} {}',
    '1 2',
    '{"a":01}',
    "{'a':1}",
    '[1,]',
    'nul',
    '{"a":1.}',
    '1.0 x',
    '{1.0:1}',
    '{"a":1.0,2.0 : 1}',
    '[1.0 2.0]',
    '"\u0000" 1.0',
  ])('refuse %j', (text) => {
    expect(() => parse(text)).toThrow(MappingError)
  })

  test('any bytes are a document or a MappingError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          parseDocument(bytes)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(MappingError)
        }
      }),
    )
  })

  test('nest as deep as the limit, and no deeper', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
    expect(encode(parse(nested(DOCUMENT_DEPTH_MAX)))).toBe(nested(DOCUMENT_DEPTH_MAX))
    expect(() => parse(nested(DOCUMENT_DEPTH_MAX + 1))).toThrow('levels deep')
    let value: Value = []
    for (let depth = 0; depth < ENCODE_DEPTH_MAX; depth++) value = [value]
    expect(encode(value)).toBe(nested(ENCODE_DEPTH_MAX + 1))
    expect(preparePayload(value)).toEqual({ native: value })
    expect(() => encode([value])).toThrow('nested too deeply')
    expect(() => preparePayload([value])).toThrow('nested too deeply')
  })

  test('hold a key called __proto__ like any other', () => {
    expect(encode(parse('{"__proto__":{"a":1},"b":1.0}'))).toBe('{"__proto__":{"a":1},"b":1.0}')
  })

  test('hold strings that begin with U+0000 beside numbers that keep their text', () => {
    const text = '["\\u00001.0",1.0,"\\u0000",{"\\u00002.0":2.0}]'
    expect(encode(parse(text))).toBe(text)
    expect(encode(parse('[2.0, "é", 1.50]'))).toBe('[2.0,"é",1.50]')
  })

  test('brackets and numbers within strings mean nothing', () => {
    const text = JSON.stringify({ a: `[[1.0 ${'['.repeat(DOCUMENT_DEPTH_MAX + 1)} \\" 1e5` })
    expect(encode(parse(text))).toBe(text)
  })
})

const byCodePoint = (left: string, right: string): number =>
  Buffer.compare(Buffer.from(left), Buffer.from(right))

/** Without the native serialiser. */
const encodeExactlyForTest = (value: Value): string =>
  Buffer.from(encodePayload(value, { native: undefined })).toString()

describe('payloads', () => {
  test.each<[Value, string]>([
    [new IntegralFloat(5), '5'],
    [new IntegralFloat(-0), '-0'],
    [new IntegralFloat(1e21), '1e+21'],
    [1e-7, '1e-7'],
    [0.000001, '0.000001'],
    [9007199254740993n, '9007199254740993'],
    [new NumberText('1.0'), '1.0'],
    [[new Uint8Array([1, 2])], '["AQI="]'],
    [new Timestamp(1_500_000_000n, 'UTC'), '"1970-01-01T00:00:01.5Z"'],
    [['<&>\u2028\u2029"\\\n\u0001\u007f'], '["<&>\\u2028\\u2029\\"\\\\\\n\\u0001\u007f"]'],
    [['\ud800x'], '["\ufffdx"]'],
    [{ b: 1, a: { d: 1, c: 2 } }, '{"a":{"c":2,"d":1},"b":1}'],
    [{ '\u{10000}': 1, '\uffff': 2 }, '{"\uffff":2,"\u{10000}":1}'],
    [{ toJSON: 'x', a: 1 }, '{"a":1,"toJSON":"x"}'],
  ])('%o is written as %s', (value, text) => {
    expect(encode(value)).toBe(text)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('%d cannot be written', (number) => {
    for (const value of [{ a: new IntegralFloat(number) }, { a: [number] }, number] as Value[]) {
      expect(() => encode(value)).toThrow('cannot be written as JSON')
      expect(() => preparePayload(value)).toThrow('cannot be written as JSON')
    }
  })

  test('are as large as the limit, and no larger', () => {
    const text = 'x'.repeat(PAYLOAD_SIZE_MAX / 64)
    const parts = Array.from({ length: 63 }, () => text)
    const last = (length: number): Value => [...parts, 'x'.repeat(length)]
    // The array and each of its places count one.
    const room = PAYLOAD_SIZE_MAX / 64 - 65
    expect(preparePayload(last(room)).native).toEqual(last(room))
    expect(() => preparePayload(last(room + 1))).toThrow('expected a payload of at most')
    let shared: Value = 'x'
    for (let depth = 0; depth < 100; depth++) shared = { a: shared, b: shared }
    expect(() => preparePayload(shared)).toThrow('expected a payload of at most')
  })

  test('have sorted keys, whatever order they had and however many there are', () => {
    const key = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom('a', 'b', '10', '9', '__proto__', 'toJSON', 'constructor'),
    )
    fc.assert(
      fc.property(fc.uniqueArray(key, { maxLength: 8 }), (keys) => {
        const value = Object.fromEntries(keys.map((one, index) => [one, index]))
        const written = encode(value)
        expect(encodeExactlyForTest(value)).toBe(written)
        const order = [...written.matchAll(/"((?:[^"\\]|\\.)*)":/g)].map(([, one]) => one ?? '')
        expect(order.map((one) => JSON.parse(`"${one}"`) as string)).toEqual(
          keys.map((one) => one.toWellFormed()).sort(byCodePoint),
        )
      }),
      { numRuns: 1_000 },
    )
    for (let count = 0; count <= KEY_ORDERS_MAX; count++) preparePayload({ [`key${count}`]: 1 })
    expect(encode({ zebra: 1, apple: { unknown: 1, another: 2 } })).toBe(
      '{"apple":{"another":2,"unknown":1},"zebra":1}',
    )
  })

  test('are the same the hundredth time that their keys come, whatever the keys', () => {
    const keys = ['z', '__proto__', '"]: 1, [`', '\\', '\u2028', '${x}', 'a\nb', 'constructor']
    for (const some of [keys, keys.toReversed(), keys.filter((key) => key !== '\u2028')]) {
      const value = Object.fromEntries(some.map((key, index) => [key, { [key]: index }]))
      const expected = encodeExactlyForTest(value)
      for (let count = 0; count < 250; count++) expect(encode(value)).toBe(expected)
    }
  })

  test('of any text are JSON that says the same, short or long, in keys and values', () => {
    const text = fc.string({ unit: 'binary', maxLength: 150 })
    fc.assert(
      fc.property(text, text, (key, item) => {
        const written = encode({ [key]: item, z: [item] })
        expect(written).not.toMatch(/[\u2028\u2029]/)
        expect(written.isWellFormed()).toBe(true)
        const [wellFormedKey, wellFormed] = [key.toWellFormed(), item.toWellFormed()]
        const read = JSON.parse(written)
        expect(read.z).toEqual([wellFormed])
        if (wellFormedKey !== 'z') expect(read[wellFormedKey]).toBe(wellFormed)
      }),
    )
  })
})

describe('text', () => {
  test.each<[Value, string]>([
    [1_234_567, '1234567'],
    [new IntegralFloat(1_234_567), '1.234567e+06'],
    [new IntegralFloat(100_000), '100000'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [1234567.5, '1.2345675e+06'],
    [new NumberText('1.0'), '1.0'],
    [{ a: '<' }, '{"a":"\\u003c"}'],
    [null, 'null'],
  ])('of %o is %s', (value, text) => {
    expect(valueText(value)).toBe(text)
  })
})
