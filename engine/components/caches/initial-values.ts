/** What a cache in memory holds from the start. */
import { type TUnsafe, Type } from '../../../crds/typebox.ts'

type Values = Readonly<Record<string, string>>

export function initialValuesField(description: string): TUnsafe<Values> {
  const patternProperties = { '^.*$': { type: 'string' } }
  return Type.Unsafe<Values>({ type: 'object', patternProperties, default: {}, description })
}

export function initialValues(values: Values): Iterable<readonly [string, Uint8Array]> {
  return Object.entries(values).map(([key, value]) => [key, Buffer.from(value)] as const)
}
