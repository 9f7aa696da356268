import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { elementSpans, memberSpans } from './json-spans.ts'

describe('json spans', () => {
  test('cut every member out of an object as it was written', () => {
    const text = ' { "a" : 1.0 , "b{" : [ "]" , {"c":"\\"}"} ], "d":true}'
    const cut = memberSpans(text, 0)?.map(({ name, start, end }) => [name, text.slice(start, end)])
    expect(cut).toEqual([
      ['a', '1.0'],
      ['b{', '[ "]" , {"c":"\\"}"} ]'],
      ['d', 'true'],
    ])
  })

  test('answer undefined for what is no object and no array', () => {
    expect(memberSpans('[1]', 0)).toBeUndefined()
    expect(elementSpans('{}', 0)).toBeUndefined()
  })

  test('find the elements of any array that JSON.parse accepts, however it is spaced', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.nat(4), (values, indent) => {
        const text = JSON.stringify(values, null, indent)
        const cut = elementSpans(text, 0)?.map(({ start, end }) => text.slice(start, end)) ?? []
        expect(cut.map((part) => JSON.parse(part))).toEqual(JSON.parse(text))
      }),
    )
  })

  test('find the members of any object that JSON.parse accepts', () => {
    const objects = fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true })
    fc.assert(
      fc.property(objects, fc.nat(4), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        const spans = memberSpans(text, 0) ?? []
        const pairs = spans.map(({ name, start, end }) => [
          name,
          JSON.parse(text.slice(start, end)),
        ])
        expect(pairs).toEqual(Object.entries(JSON.parse(text) as object))
      }),
    )
  })
})
