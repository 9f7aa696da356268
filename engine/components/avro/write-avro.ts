/** Values into Avro's binary encoding. A value of a union that is not null stands in an object, by its type's name. */
import { isObject } from '../../bloblang/values/kind-of.ts'
import {
  INT64_MAX,
  INT64_MIN,
  isValueNumber,
  toFloat,
  toNumeric,
} from '../../bloblang/values/number.ts'
import { getKey } from '../../bloblang/values/set-key.ts'
import { parseRfc3339 } from '../../bloblang/values/timestamp.ts'
import {
  IntegralFloat,
  type ObjectValue,
  Timestamp,
  type Value,
} from '../../bloblang/values/value.ts'
import { HeadgateError } from '../../error.ts'
import { fromForeign } from '../foreign-value.ts'
import { type AvroField, type AvroType, branchName, type PrimitiveType } from './avro-type.ts'
import { DECIMAL_BYTES_MAX, logicalUnitNs } from './read-avro.ts'

const INT32_MAX = 2_147_483_647n
const INT32_MIN = -2_147_483_648n

export class AvroWriter {
  readonly #parts: Uint8Array[] = []

  bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }

  write(type: AvroType, value: Value, at: string): void {
    switch (type.kind) {
      case 'record': {
        const object = expectObject(value, at)
        for (const field of type.fields) {
          this.write(...fieldOf(field, object, at))
        }
        return
      }
      case 'array': {
        if (!Array.isArray(value)) throw unfit('a list', value, at)
        if (value.length > 0) this.#long(BigInt(value.length))
        for (const [index, item] of value.entries()) this.write(type.items, item, `${at}[${index}]`)
        this.#long(0n)
        return
      }
      case 'map': {
        const entries = Object.entries(expectObject(value, at))
        if (entries.length > 0) this.#long(BigInt(entries.length))
        for (const [key, item] of entries) {
          this.#sized(Buffer.from(key))
          this.write(type.values, item, `${at}.${key}`)
        }
        this.#long(0n)
        return
      }
      case 'union': {
        const [index, branch, inner] = branchOf(type.branches, value, at)
        this.#long(BigInt(index))
        this.write(branch, inner, at)
        return
      }
      case 'enum': {
        const index = typeof value === 'string' ? type.symbols.indexOf(value) : -1
        if (index < 0) throw unfit(`one of ${type.symbols.join(', ')}`, value, at)
        this.#long(BigInt(index))
        return
      }
      case 'fixed': {
        const bytes = bytesOf(value, type, at, type.size)
        if (bytes.length !== type.size) throw unfit(`${type.size} bytes`, value, at)
        this.#parts.push(bytes)
        return
      }
      default:
        this.#primitive(type, value, at)
    }
  }

  #primitive(type: PrimitiveType, value: Value, at: string): void {
    switch (type.kind) {
      case 'null':
        if (value !== null) throw unfit('null', value, at)
        return
      case 'boolean':
        if (typeof value !== 'boolean') throw unfit('true or false', value, at)
        this.#parts.push(Buffer.of(value ? 1 : 0))
        return
      case 'int':
        this.#long(wholeOf(value, type, at, INT32_MIN, INT32_MAX))
        return
      case 'long':
        this.#long(wholeOf(value, type, at, INT64_MIN, INT64_MAX))
        return
      case 'float':
      case 'double': {
        const bytes = Buffer.alloc(type.kind === 'float' ? 4 : 8)
        if (!isValueNumber(value)) throw unfit('a number', value, at)
        const float = toFloat(toNumeric(value))
        if (type.kind === 'float') bytes.writeFloatLE(float)
        else bytes.writeDoubleLE(float)
        this.#parts.push(bytes)
        return
      }
      case 'bytes':
        this.#sized(bytesOf(value, type, at, undefined))
        return
      case 'string':
        if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
          throw unfit('a text', value, at)
        }
        this.#sized(Buffer.from(value))
        return
    }
  }

  #sized(bytes: Uint8Array): void {
    this.#long(BigInt(bytes.length))
    this.#parts.push(bytes)
  }

  /** Zigzag: the sign comes last, so that small numbers of either sign are short. */
  #long(value: bigint): void {
    let left = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
    const bytes: number[] = []
    while (left > 0x7fn) {
      bytes.push(Number(left & 0x7fn) | 0x80)
      left >>= 7n
    }
    bytes.push(Number(left))
    this.#parts.push(Buffer.from(bytes))
  }
}

/** The type, the value and the place of a field, its default where it is missing. */
export function fieldOf(
  field: AvroField,
  object: ObjectValue,
  at: string,
): readonly [AvroType, Value, string] {
  const place = `${at}.${field.name}`
  const given = getKey(object, field.name)
  if (given !== undefined) return [field.type, given, place]
  if (field.default === undefined) throw unfit('a field', undefined, place)
  // The default of a union is a value of its first branch, and not wrapped.
  const type = field.type.kind === 'union' ? (field.type.branches[0] ?? field.type) : field.type
  const value = fromForeign(field.default)
  if (field.type.kind !== 'union' || type.kind === 'null') return [field.type, value, place]
  return [field.type, fromForeign({ [branchName(type)]: field.default }), place]
}

/** Which branch of a union a value is of, and the value within. */
export function branchOf(
  branches: readonly AvroType[],
  value: Value,
  at: string,
): readonly [number, AvroType, Value] {
  const [name, ...others] = value === null ? ['null'] : isObject(value) ? Object.keys(value) : []
  const index = others.length > 0 ? -1 : branches.findIndex((one) => isNamed(one, name))
  const branch = branches[index]
  if (branch === undefined || name === undefined) {
    const forms = branches.map((one) =>
      one.kind === 'null' ? 'null' : `{"${branchName(one)}": …}`,
    )
    throw unfit(forms.join(' or '), value, at)
  }
  return [index, branch, value === null ? null : (getKey(value as ObjectValue, name) ?? null)]
}

/** With or without its namespace. */
function isNamed(type: AvroType, name: string | undefined): boolean {
  const full = branchName(type)
  return full === name || full.slice(full.lastIndexOf('.') + 1) === name
}

export function expectObject(value: Value, at: string): ObjectValue {
  if (!isObject(value)) throw unfit('an object', value, at)
  return value
}

function wholeOf(
  value: Value,
  { logical }: PrimitiveType,
  at: string,
  least: bigint,
  most: bigint,
) {
  const unit = logicalUnitNs(logical)
  const time = typeof value === 'string' ? parseRfc3339(value) : value
  if (unit !== undefined && time instanceof Timestamp) {
    const whole = time.epochNs / unit
    return time.epochNs % unit < 0n ? whole - 1n : whole
  }
  const numeric = isValueNumber(value) ? toNumeric(value) : undefined
  const plain = numeric instanceof IntegralFloat ? numeric.value : numeric
  if (plain === undefined || (typeof plain === 'number' && !Number.isInteger(plain))) {
    throw unfit('a whole number', value, at)
  }
  const whole = BigInt(plain)
  if (whole < least || whole > most) throw unfit(`a number from ${least} to ${most}`, value, at)
  return whole
}

function bytesOf(
  value: Value,
  { logical, scale }: { readonly logical: string; readonly scale: number },
  at: string,
  size: number | undefined,
): Uint8Array {
  if (logical === 'decimal' && isValueNumber(value)) return decimalBytes(value, scale, at, size)
  if (value instanceof Uint8Array) return value
  if (typeof value !== 'string') throw unfit('bytes', value, at)
  return Buffer.from(value)
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/

function decimalBytes(value: Value, scale: number, at: string, size: number | undefined): Buffer {
  const text = typeof value === 'object' && value !== null && 'text' in value ? value.text : value
  const shown = text instanceof IntegralFloat ? String(text.value) : String(text)
  const [, sign = '', whole = '', decimals = ''] = DECIMAL.exec(shown) ?? []
  if (whole === '' || decimals.length > scale || shown.length > DECIMAL_BYTES_MAX) {
    throw unfit(`a number of at most ${scale} decimals`, value, at)
  }
  const unscaled = BigInt(`${sign}${whole}${decimals.padEnd(scale, '0')}`)
  let length = size ?? 1
  while (size === undefined && BigInt.asIntN(length * 8, unscaled) !== unscaled) length += 1
  if (BigInt.asIntN(length * 8, unscaled) !== unscaled) {
    throw unfit(`a number of ${length} bytes`, value, at)
  }
  const hex = BigInt.asUintN(length * 8, unscaled)
    .toString(16)
    .padStart(length * 2, '0')
  return Buffer.from(hex, 'hex')
}

export function unfit(expected: string, value: Value | undefined, at: string): HeadgateError {
  const got = value === undefined ? 'nothing' : describe(value)
  return new HeadgateError('MappingFailed', `expected ${expected} at ${at}, got ${got}`)
}

function describe(value: Value): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return 'a text'
  if (value instanceof Uint8Array) return 'bytes'
  if (isValueNumber(value)) return 'a number'
  return typeof value === 'boolean' ? String(value) : 'an object'
}
