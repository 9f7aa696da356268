import { describe, expect, test } from 'vitest'
import type { JsonSchema } from './json-schema.ts'
import { structuralSchema } from './structural.ts'

const convert = (schema: object): unknown => structuralSchema(schema as JsonSchema, 'Kind.spec')

describe('a schema becomes structural', () => {
  test('without what only our validator knows', () => {
    const schema = { type: 'object', title: 'A', additionalProperties: false, discriminator: 'a' }
    expect(convert(schema)).toEqual({ type: 'object' })
  })

  test('with a constant as a choice of one', () => {
    expect(convert({ type: 'string', const: 'a' })).toEqual({ type: 'string', enum: ['a'] })
  })

  test('with the bounds of a duration as a rule', () => {
    const { 'x-kubernetes-validations': rules } = convert({
      type: 'string',
      durationMin: '1s',
      durationMax: '1m',
    }) as { 'x-kubernetes-validations': readonly { rule: string; message: string }[] }
    expect(rules).toEqual([
      {
        rule: expect.stringMatching(/ >= 1000\.0 && .* <= 60000\.0$/),
        message: 'expected a duration from 1s to 1m',
      },
    ])
  })

  test('with several forms as bounds without types, for a text and for mappings of one field', () => {
    const form = (name: string): object => ({
      type: 'object',
      required: [name],
      properties: { [name]: { type: 'string', maxLength: 5 } },
    })
    const open = { 'x-kubernetes-preserve-unknown-fields': true }
    expect(
      convert({ ...open, anyOf: [{ type: 'string', maxLength: 9 }, form('a'), form('b')] }),
    ).toEqual({
      ...open,
      maxLength: 9,
      minimum: 1,
      maximum: 0,
      minItems: 1,
      maxItems: 0,
      not: { enum: [true, false] },
      properties: { a: { type: 'string', maxLength: 5 }, b: { type: 'string', maxLength: 5 } },
      maxProperties: 1,
      anyOf: [{ required: ['a'] }, { required: ['b'] }],
    })
    expect(() => convert({ ...open, anyOf: [{ type: 'string' }, { type: 'array' }] })).toThrow(
      'Kind.spec: expected one text and mappings of one required field in anyOf',
    )
  })

  test.each([
    ['patternProperties', { '^a': { type: 'string' } }],
    ['exclusiveMinimum', 0],
    ['format', 'date-time'],
    ['$ref', '#'],
    ['oneOf', []],
    ['additionalProperties', true],
  ])('or is refused with the place of what has no form there: %s', (word, value) => {
    const schema = { type: 'object', properties: { a: { type: 'string', [word]: value } } }
    expect(() => convert(schema)).toThrow(`Kind.spec.a: ${word} has no form in a structural schema`)
  })
})
