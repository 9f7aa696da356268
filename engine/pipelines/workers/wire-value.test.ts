import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IntegralFloat, NumberText, Timestamp, type Value } from '../../bloblang/values/value.ts'
import { decodeValue, encodeValue } from './wire-value.ts'

const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<Value>(null, true, false, 'array', 'object'),
    fc.string(),
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.bigInt(),
    fc.uint8Array(),
    fc.double({ noNaN: true }).map((number) => new IntegralFloat(number)),
    fc.constantFrom('1.0', '1e3').map((text) => new NumberText(text)),
    fc.bigInt().map((ns) => new Timestamp(ns, '+02:00')),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))

test('a value is the same behind a thread', () => {
  fc.assert(
    fc.property(value, (given) => {
      expect(decodeValue(structuredClone(encodeValue(given)))).toStrictEqual(given)
    }),
  )
})

test('a key that means something to JavaScript is a key', () => {
  const given = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}')
  const found = decodeValue(structuredClone(encodeValue(given)))
  expect(JSON.stringify(found)).toBe(JSON.stringify(given))
})

test('a view takes none of its buffer along', () => {
  const view = new Uint8Array(new ArrayBuffer(1_000), 10, 3)
  expect((encodeValue(view) as Uint8Array).buffer.byteLength).toBe(3)
})
