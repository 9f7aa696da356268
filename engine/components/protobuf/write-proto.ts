/** Messages of protobuf out of documents, as ProtoJSON or with values as they are. */
import { isArray, isObject } from '../../bloblang/values/kind-of.ts'
import { isValueNumber, toFloat, toNumeric } from '../../bloblang/values/number.ts'
import type { Value } from '../../bloblang/values/value.ts'
import { HeadgateError } from '../../error.ts'
import { knownTypeBytes } from './known-types.ts'
import type { ProtoField, ProtoKind, ProtoMessage, ProtoTypes, ScalarKind } from './proto-types.ts'
import {
  GROUP_END,
  GROUP_START,
  PROTO_DEPTH_MAX,
  SIZED,
  sizedBytes,
  tagBytes,
  varintBytes,
  wireTypeOf,
} from './wire.ts'

export interface WriteOptions {
  readonly types: ProtoTypes
  /** Whether fields that the message does not have are passed over. */
  readonly discardsUnknown: boolean
}

export function writeProto(
  message: ProtoMessage,
  value: Value,
  options: WriteOptions,
  at: string = message.name,
  depth = 1,
): Buffer {
  if (depth > PROTO_DEPTH_MAX) {
    throw unfit(`messages nested at most ${PROTO_DEPTH_MAX} deep`, at)
  }
  const known = knownTypeBytes(message, value, options, at, depth)
  if (known !== undefined) return known
  if (!isObject(value)) throw unfit('an object', at)
  const parts: (readonly [number, Buffer])[] = []
  const chosen = new Set<string>()
  for (const [key, given] of Object.entries(value)) {
    const field = message.byName.get(key)
    if (field === undefined) {
      if (options.discardsUnknown) continue
      throw unfit(`fields of ${message.name} only`, `${at}.${key}`)
    }
    // Null is a value of google.protobuf.Value alone.
    if (given === null && !isNullable(field.type)) continue
    if (field.oneof !== undefined && chosen.has(field.oneof)) {
      throw unfit(`one field of ${field.oneof}`, `${at}.${key}`)
    }
    if (field.oneof !== undefined) chosen.add(field.oneof)
    parts.push([field.id, fieldBytes(field, given, options, `${at}.${key}`, depth)])
  }
  parts.sort(([left], [right]) => left - right)
  return Buffer.concat(parts.map(([, bytes]) => bytes))
}

function isNullable(type: ProtoKind): boolean {
  if (type.kind === 'enum') return type.of.name === 'google.protobuf.NullValue'
  return type.kind === 'message' && type.of.name === 'google.protobuf.Value'
}

function fieldBytes(
  field: ProtoField,
  value: Value,
  options: WriteOptions,
  at: string,
  depth: number,
): Buffer {
  const { id, type, key, isRepeated, isPacked, hasPresence } = field
  const tagged = (one: Value, place: string): Buffer =>
    taggedBytes(type, id, one, options, place, depth)
  if (key !== undefined) {
    if (!isObject(value)) throw unfit('an object', at)
    const entries = Object.entries(value).map(([name, one]) => {
      const place = `${at}.${name}`
      const keyBytes = scalarBytes(key, keyValue(key, name), place)
      const entry = [
        tagBytes(1, wireTypeOf(key)),
        keyBytes,
        taggedBytes(type, 2, one, options, place, depth),
      ]
      return Buffer.concat([tagBytes(id, SIZED), sizedBytes(Buffer.concat(entry))])
    })
    return Buffer.concat(entries)
  }
  if (!isRepeated) {
    const bytes = tagged(value, at)
    const isDefault =
      !hasPresence && type.kind !== 'message' && isZero(bytes.subarray(tagBytes(id, 0).length))
    return isDefault ? Buffer.alloc(0) : bytes
  }
  if (!isArray(value)) throw unfit('a list', at)
  const places = value.map((one, index) => [one, `${at}[${index}]`] as const)
  if (!isPacked || wireTypeOf(type.kind) === SIZED) {
    return Buffer.concat(places.map(([one, place]) => tagged(one, place)))
  }
  if (places.length === 0) return Buffer.alloc(0)
  const items = places.map(([one, place]) => valueBytes(type, one, options, place, depth))
  return Buffer.concat([tagBytes(id, SIZED), sizedBytes(Buffer.concat(items))])
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0)
}

function taggedBytes(
  type: ProtoKind,
  id: number,
  value: Value,
  options: WriteOptions,
  at: string,
  depth: number,
): Buffer {
  if (type.kind === 'message' && type.isGroup) {
    const inner = writeProto(type.of, value, options, at, depth + 1)
    return Buffer.concat([tagBytes(id, GROUP_START), inner, tagBytes(id, GROUP_END)])
  }
  return Buffer.concat([
    tagBytes(id, wireTypeOf(type.kind)),
    valueBytes(type, value, options, at, depth),
  ])
}

function valueBytes(
  type: ProtoKind,
  value: Value,
  options: WriteOptions,
  at: string,
  depth: number,
): Buffer {
  if (type.kind === 'message') {
    return sizedBytes(writeProto(type.of, value, options, at, depth + 1))
  }
  if (type.kind === 'enum') {
    const id = value === null ? 0 : typeof value === 'string' ? type.of.ids.get(value) : value
    if (id === undefined) throw unfit(`a name of ${type.of.name}`, at)
    return varintBytes(wholeOf(id, at, -(2n ** 31n), 2n ** 31n - 1n))
  }
  return scalarBytes(type.kind, value, at)
}

/** Keys of JSON are texts, whatever the map has. */
function keyValue(kind: ScalarKind, name: string): Value {
  return kind === 'bool' && (name === 'true' || name === 'false') ? name === 'true' : name
}

const MOST: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
}

export function scalarBytes(kind: ScalarKind, value: Value, at: string): Buffer {
  switch (kind) {
    case 'bool':
      if (typeof value !== 'boolean') throw unfit('true or false', at)
      return Buffer.of(value ? 1 : 0)
    case 'string':
      if (typeof value !== 'string') throw unfit('a text', at)
      return sizedBytes(Buffer.from(value))
    case 'bytes':
      if (value instanceof Uint8Array) return sizedBytes(value)
      if (typeof value !== 'string' || !BASE64.test(value)) throw unfit('bytes as base64', at)
      return sizedBytes(Buffer.from(value, 'base64'))
    case 'double':
    case 'float':
      return floatBytes(kind, value, at)
  }
  const size = kind.endsWith('64') ? '64' : '32'
  const isUnsigned = kind.startsWith('uint') || kind.startsWith('fixed')
  const [least, most] = MOST[`${isUnsigned ? 'uint' : 'int'}${size}`] ?? [0n, 0n]
  const whole = wholeOf(value, at, least, most)
  if (kind.startsWith('sint')) return varintBytes((whole << 1n) ^ (whole >> 63n))
  if (!kind.includes('fixed')) return varintBytes(whole)
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, whole))
  return bytes.subarray(0, Number(size) / 8)
}

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/
const FLOAT_NAMES: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
}

function floatBytes(kind: 'double' | 'float', value: Value, at: string): Buffer {
  let float = isValueNumber(value) ? toFloat(toNumeric(value)) : undefined
  if (typeof value === 'string')
    float = FLOAT_NAMES[value] ?? (NUMBER.test(value) ? Number(value) : undefined)
  if (float === undefined) throw unfit('a number', at)
  const bytes = Buffer.alloc(kind === 'float' ? 4 : 8)
  if (kind === 'float') bytes.writeFloatLE(float)
  else bytes.writeDoubleLE(float)
  return bytes
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const WHOLE = /^-?\d{1,40}$/

function wholeOf(value: Value, at: string, least: bigint, most: bigint): bigint {
  let whole: bigint | undefined
  if (typeof value === 'string' && WHOLE.test(value)) whole = BigInt(value)
  if (isValueNumber(value)) {
    const numeric = toNumeric(value)
    const plain = typeof numeric === 'object' ? numeric.value : numeric
    if (typeof plain === 'bigint' || Number.isInteger(plain)) whole = BigInt(plain)
  }
  if (whole === undefined) throw unfit('a whole number', at)
  if (whole < least || whole > most) throw unfit(`a number from ${least} to ${most}`, at)
  return whole
}

export function unfit(expected: string, at: string): HeadgateError {
  return new HeadgateError('MappingFailed', `expected ${expected} at ${at}`)
}
