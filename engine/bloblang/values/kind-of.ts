/** The type names of Bloblang, and the guards that read values by them. */
import { TypeMismatch } from '../mapping-error.ts'
import { formatFloat, formatFloatShort } from './format-float.ts'
import { DELETED, NOTHING, type Result } from './result.ts'
import { IntegralFloat, NumberText, type ObjectValue, Timestamp, type Value } from './value.ts'

export type KindName =
  | 'string'
  | 'bytes'
  | 'number'
  | 'bool'
  | 'timestamp'
  | 'array'
  | 'object'
  | 'null'
  | 'delete'
  | 'nothing'

/** A message shows no more of a value than this. */
export const PREVIEW_LENGTH_MAX = 64

export function kindOf(value: Result): KindName {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'number':
    case 'bigint':
      return 'number'
    case 'boolean':
      return 'bool'
    case 'symbol':
      return value === DELETED ? 'delete' : 'nothing'
  }
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (value instanceof IntegralFloat || value instanceof NumberText) return 'number'
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof Timestamp) return 'timestamp'
  return 'object'
}

export function isNumber(value: Result): value is number | bigint | IntegralFloat | NumberText {
  return (
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    value instanceof IntegralFloat ||
    value instanceof NumberText
  )
}

export function isArray(value: Result): value is readonly Value[] {
  return Array.isArray(value)
}

export function isObject(value: Result): value is ObjectValue {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof IntegralFloat) &&
    !(value instanceof NumberText) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof Timestamp)
  )
}

/** A structure: the values that can be written into. */
export function isContainer(value: Result): value is ObjectValue | readonly Value[] {
  return Array.isArray(value) || isObject(value)
}

export function mismatch(expected: string, value: Result): TypeMismatch {
  return new TypeMismatch(expected, kindOf(value), preview(value))
}

export function expectArray(value: Result): readonly Value[] {
  if (isArray(value)) return value
  throw mismatch('array', value)
}

export function expectObject(value: Result): ObjectValue {
  if (isObject(value)) return value
  throw mismatch('object', value)
}

export function expectBoolean(value: Result): boolean {
  if (typeof value === 'boolean') return value
  throw mismatch('bool', value)
}

/** A value that may be stored; the markers are what may not. */
export function expectValue(value: Result): Value {
  if (value === DELETED || value === NOTHING) throw mismatch('any', value)
  return value
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Strings and bytes are interchangeable where text is asked for. */
export function expectText(value: Result): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return decoder.decode(value)
  throw mismatch('string', value)
}

export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

/** Scalars only: a structure in a message helps nobody. */
function preview(value: Result): string {
  if (typeof value === 'string') {
    const short =
      value.length > PREVIEW_LENGTH_MAX ? `${value.slice(0, PREVIEW_LENGTH_MAX)}...` : value
    return JSON.stringify(short)
  }
  if (typeof value === 'number') return formatFloat(value)
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (value instanceof IntegralFloat) return formatFloatShort(value.value)
  if (value instanceof NumberText) return value.text.slice(0, PREVIEW_LENGTH_MAX)
  return ''
}
