import { Type as TypeBox } from 'typebox'
import { expect, test } from 'vitest'
import { Type } from './typebox.ts'

type Builders = typeof Type

/** As they are printed: what the library keeps for itself beneath hidden names is no part of a schema. */
const schemasOf = (type: Builders) => ({
  array: type.Array(type.Number(), { minItems: 1 }),
  bare: type.Array(type.Unknown()),
  boolean: type.Boolean({ default: true }),
  integer: type.Integer({ minimum: 1, description: 'A count.' }),
  literal: type.Literal('x', { description: 'A letter.' }),
  truth: type.Literal(false),
  count: type.Literal(3),
  object: type.Object(
    { a: type.String(), b: type.Optional(type.Integer()), c: type.Unsafe({ type: 'string' }) },
    { description: 'Three fields.', additionalProperties: false },
  ),
  optionals: type.Object({ a: type.Optional(type.Unsafe({ type: 'string' })) }),
  empty: type.Object({}),
  record: type.Record(type.String(), type.Boolean(), { default: {} }),
  union: type.Union([type.Literal('a'), type.String({ pattern: 'b' })], { default: 'a' }),
  unknown: type.Unknown({ description: 'Not yet available.' }),
})

test('makes the schemas that the library makes', () => {
  expect(JSON.stringify(schemasOf(Type), null, 1)).toBe(
    JSON.stringify(schemasOf(TypeBox as unknown as Builders), null, 1),
  )
})

test('keeps a field that is optional in one object required in another', () => {
  const field = Type.String()
  Type.Object({ field: Type.Optional(field) })
  expect(Type.Object({ field })).toMatchObject({ required: ['field'] })
})
