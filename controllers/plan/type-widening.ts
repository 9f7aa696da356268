/**
 * Which types hold whatever another type holds, so that a property may become one while records of the other are kept.
 * A value that would be read otherwise, or rounded, is not held.
 */

export type PropertyType = string | { readonly array: string }

/** Whole numbers by the others that hold all of them, their own enumerations aside. */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  SByte: ['Int16', 'Int32', 'Int64', 'Single', 'Double', 'Decimal'],
  Byte: ['Int16', 'UInt16', 'Int32', 'UInt32', 'Int64', 'UInt64', 'Single', 'Double', 'Decimal'],
  Int16: ['Int32', 'Int64', 'Single', 'Double', 'Decimal'],
  UInt16: ['Int32', 'UInt32', 'Int64', 'UInt64', 'Single', 'Double', 'Decimal'],
  Int32: ['Int64', 'Double', 'Decimal'],
  UInt32: ['Int64', 'UInt64', 'Double', 'Decimal'],
  Int64: ['Decimal'],
  UInt64: ['Decimal'],
  Single: ['Double'],
  Char: ['String'],
}

const NULLABLE = 'Nullable'
const ENUM = 'Enum'
const ARRAY = 'Array'
/** Null without being declared so. */
const REFERENCES: readonly string[] = ['String']

export function isWider(from: PropertyType, to: PropertyType): boolean {
  const [before, after] = [elementOf(from), elementOf(to)]
  if (before !== undefined && after !== undefined) {
    if (before === after) return true
    // An array of bytes may have been written as one text, which no other array is.
    return before.replace(NULLABLE, '') !== 'Byte' && isWiderScalar(before, after)
  }
  if (before !== undefined || after !== undefined) return false
  return typeof from === 'string' && typeof to === 'string' && isWiderScalar(from, to)
}

export function typeText(type: unknown): string {
  return typeof type === 'string' ? type : JSON.stringify(type)
}

function isWiderScalar(from: string, to: string): boolean {
  const [before, after] = [partsOf(from), partsOf(to)]
  if (before.nullable && !after.nullable && !REFERENCES.includes(after.name)) return false
  if (before.name === after.name) return before.isNumber && after.isNumber ? true : from !== to
  if (after.isEnum) return false
  return WIDER[before.name]?.includes(after.name) === true
}

interface Parts {
  readonly name: string
  readonly nullable: boolean
  readonly isEnum: boolean
  readonly isNumber: boolean
}

function partsOf(type: string): Parts {
  const nullable = type.startsWith(NULLABLE)
  const bare = nullable ? type.slice(NULLABLE.length) : type
  const isEnum = bare.endsWith(ENUM) && Object.hasOwn(WIDER, bare.slice(0, -ENUM.length))
  const name = isEnum ? bare.slice(0, -ENUM.length) : bare
  return { name, nullable, isEnum, isNumber: Object.hasOwn(WIDER, name) }
}

/** `Int32Array` is a code for an array of Int32. */
function elementOf(type: PropertyType): string | undefined {
  if (typeof type !== 'string') return type.array
  const isArray = type.endsWith(ARRAY) && type.length > ARRAY.length
  return isArray ? type.slice(0, -ARRAY.length) : undefined
}
