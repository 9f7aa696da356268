/**
 * The builders of typebox that our schemas are written with. Types come from the library; what they make is made here,
 * for the library takes longer to load than `headgate validate` may run, and a schema is plain data.
 *
 * A builder that is missing is added to the list and made beneath it, as the library makes it.
 */
import type { TSchema, Type as TypeBox } from 'typebox'

export type { Static, TObject, TSchema, TUnsafe } from 'typebox'

type Builders = Pick<
  typeof TypeBox,
  | 'Array'
  | 'Boolean'
  | 'Integer'
  | 'Literal'
  | 'Number'
  | 'Object'
  | 'Optional'
  | 'Record'
  | 'String'
  | 'Union'
  | 'Unknown'
  | 'Unsafe'
>

type Fields = Readonly<Record<string, TSchema>>
type Options = Readonly<Record<string, unknown>>

/** Whether a field may be missing belongs to the object that has it; none of it shows in the field's own schema. */
const optionals = new WeakSet<object>()

export const Type: Builders = {
  Array: (items: TSchema, options?: Options) => ({ type: 'array', items, ...options }),
  Boolean: (options?: Options) => ({ type: 'boolean', ...options }),
  Integer: (options?: Options) => ({ type: 'integer', ...options }),
  Literal: (value: unknown, options?: Options) => ({
    type: typeof value,
    const: value,
    ...options,
  }),
  Number: (options?: Options) => ({ type: 'number', ...options }),
  Object: (properties: Fields, options?: Options) => {
    const required = Object.keys(properties).filter((name) => !isOptional(properties[name]))
    return {
      type: 'object',
      ...(required.length === 0 ? {} : { required }),
      properties,
      ...options,
    }
  },
  Optional: (schema: TSchema) => {
    const copy = { ...schema }
    optionals.add(copy)
    return copy
  },
  /** Keys are any text. */
  Record: (_: TSchema, values: TSchema, options?: Options) => ({
    type: 'object',
    patternProperties: { '^.*$': values },
    ...options,
  }),
  String: (options?: Options) => ({ type: 'string', ...options }),
  Union: (forms: readonly TSchema[], options?: Options) => ({ anyOf: forms, ...options }),
  Unknown: (options?: Options) => ({ ...options }),
  Unsafe: (schema: TSchema) => ({ ...schema }),
} as unknown as Builders

function isOptional(schema: TSchema | undefined): boolean {
  return schema !== undefined && optionals.has(schema)
}
