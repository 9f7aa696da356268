/** Documents out of messages of protobuf, as ProtoJSON or with the values as they are. */
import { makeFloat, makeInteger } from '../../bloblang/values/number.ts'
import { setKey } from '../../bloblang/values/set-key.ts'
import type { ObjectValue, Value } from '../../bloblang/values/value.ts'
import { knownTypeValue } from './known-types.ts'
import type {
  ProtoEnum,
  ProtoField,
  ProtoKind,
  ProtoMessage,
  ProtoTypes,
  ScalarKind,
} from './proto-types.ts'
import {
  FIXED32,
  FIXED64,
  GROUP_END,
  GROUP_START,
  PROTO_DEPTH_MAX,
  SIZED,
  torn,
  WireReader,
  wireTypeOf,
} from './wire.ts'

export interface ReadOptions {
  readonly types: ProtoTypes
  readonly usesProtoNames: boolean
  readonly usesEnumNumbers: boolean
  /** Whether bytes are base64, numbers of 64 bits texts, and times texts: ProtoJSON. */
  readonly asJson: boolean
}

export function readProto(
  message: ProtoMessage,
  bytes: Uint8Array,
  options: ReadOptions,
  depth = 1,
): Value {
  if (depth > PROTO_DEPTH_MAX) {
    throw torn(`messages are nested more than ${PROTO_DEPTH_MAX} deep`)
  }
  const found = readFields(message, bytes, options, depth)
  const known = knownTypeValue(message, found, options, depth)
  return known === undefined ? documentOf(message, found, options) : known
}

/** The values of fields that are there, by their numbers. */
export type Found = Map<number, Value>

function readFields(
  message: ProtoMessage,
  bytes: Uint8Array,
  options: ReadOptions,
  depth: number,
): Found {
  const found: Found = new Map()
  const reader = new WireReader(bytes)
  while (!reader.ended) {
    const { id, wire } = reader.tag()
    if (wire === GROUP_END) throw torn('a group ends that did not begin')
    const field = message.byId.get(id)
    if (field === undefined) {
      reader.skip(id, wire)
      continue
    }
    if (field.oneof !== undefined) dropOthers(message, field, found)
    if (field.key !== undefined) readEntry(field, field.key, reader, options, depth, found)
    else if (field.isRepeated) readItems(field, wire, reader, options, depth, found)
    else found.set(id, readValue(field.type, id, wire, reader, options, depth))
  }
  return found
}

/** Of a choice the last that came counts. */
function dropOthers(message: ProtoMessage, field: ProtoField, found: Found): void {
  for (const other of message.fields) {
    if (other.oneof === field.oneof && other.id !== field.id) found.delete(other.id)
  }
}

function readItems(
  { id, type }: ProtoField,
  wire: number,
  reader: WireReader,
  options: ReadOptions,
  depth: number,
  found: Found,
): void {
  const items = (found.get(id) ?? []) as Value[]
  found.set(id, items)
  const own = wireTypeOf(type.kind)
  if (wire !== SIZED || own === SIZED) {
    items.push(readValue(type, id, wire, reader, options, depth))
    return
  }
  const packed = new WireReader(reader.sized())
  while (!packed.ended) items.push(readValue(type, id, own, packed, options, depth))
}

function readEntry(
  { id, type }: ProtoField,
  keyKind: ScalarKind,
  reader: WireReader,
  options: ReadOptions,
  depth: number,
  found: Found,
): void {
  const map = (found.get(id) ?? {}) as ObjectValue
  found.set(id, map)
  let key: Value = keyKind === 'string' ? '' : keyKind === 'bool' ? false : 0
  let value: Value | undefined
  const entry = new WireReader(reader.sized())
  while (!entry.ended) {
    const tag = entry.tag()
    if (tag.id === 1) key = readValue({ kind: keyKind }, 1, tag.wire, entry, options, depth)
    else if (tag.id === 2) value = readValue(type, 2, tag.wire, entry, options, depth)
    else entry.skip(tag.id, tag.wire)
  }
  setKey(map, String(key), value ?? defaultOf(type, options, depth))
}

function readValue(
  type: ProtoKind,
  id: number,
  wire: number,
  reader: WireReader,
  options: ReadOptions,
  depth: number,
): Value {
  if (type.kind === 'message') {
    if (wire === GROUP_START) return readProto(type.of, reader.group(id), options, depth + 1)
    if (wire === SIZED) return readProto(type.of, reader.sized(), options, depth + 1)
  }
  if (wire !== wireTypeOf(type.kind)) throw torn(`field ${id} has the wire type ${wire}`)
  if (wire === SIZED) {
    const bytes = reader.sized()
    if (type.kind === 'string') return bytes.toString()
    return options.asJson ? bytes.toString('base64') : Uint8Array.from(bytes)
  }
  if (wire === FIXED64) return fixed64(type.kind, reader.take(8), options)
  if (wire === FIXED32) return fixed32(type.kind, reader.take(4), options)
  return varint(type, reader.varint(), options)
}

function varint(type: ProtoKind, raw: bigint, options: ReadOptions): Value {
  switch (type.kind) {
    case 'bool':
      return raw !== 0n
    case 'enum':
      return enumValue(type.of, Number(BigInt.asIntN(32, raw)), options)
    case 'int32':
      return Number(BigInt.asIntN(32, raw))
    case 'uint32':
      return Number(BigInt.asUintN(32, raw))
    case 'sint32':
      return Number(BigInt.asIntN(32, unzigzag(BigInt.asUintN(32, raw))))
    case 'int64':
      return long(BigInt.asIntN(64, raw), options)
    case 'sint64':
      return long(unzigzag(raw), options)
    default:
      return long(raw, options)
  }
}

function unzigzag(raw: bigint): bigint {
  return (raw >> 1n) ^ -(raw & 1n)
}

/** ProtoJSON writes numbers of 64 bits as texts, for JavaScript would round them. */
function long(value: bigint, { asJson }: ReadOptions): Value {
  if (asJson) return String(value)
  return value < 2n ** 63n ? makeInteger(value) : value
}

function enumValue({ names }: ProtoEnum, id: number, { usesEnumNumbers }: ReadOptions): Value {
  return usesEnumNumbers ? id : (names.get(id) ?? id)
}

function fixed64(kind: string, bytes: Buffer, options: ReadOptions): Value {
  if (kind === 'double') return float(bytes.readDoubleLE(), options)
  return long(kind === 'fixed64' ? bytes.readBigUInt64LE() : bytes.readBigInt64LE(), options)
}

function fixed32(kind: string, bytes: Buffer, options: ReadOptions): Value {
  if (kind === 'fixed32') return bytes.readUInt32LE()
  if (kind === 'sfixed32') return bytes.readInt32LE()
  // As few digits as tell it from its neighbours of 32 bits.
  const value = bytes.readFloatLE()
  return float(Number.isFinite(value) ? Number(value.toPrecision(9)) : value, options, value)
}

function float(value: number, { asJson }: ReadOptions, exact = value): Value {
  if (Number.isFinite(value)) {
    // Minus zero is not the default.
    if (Object.is(value, -0)) return makeFloat(value)
    if (value === exact) return Number.isSafeInteger(value) ? value : makeFloat(value)
    for (let digits = 1; digits < 9; digits++) {
      const short = Number(exact.toPrecision(digits))
      if (Math.fround(short) === exact) return makeFloat(short)
    }
    return makeFloat(value)
  }
  if (!asJson) return makeFloat(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
}

function documentOf(message: ProtoMessage, found: Found, { usesProtoNames }: ReadOptions): Value {
  const document: ObjectValue = {}
  for (const field of message.fields) {
    const value = found.get(field.id)
    if (value === undefined || isLeftOut(field, value)) continue
    setKey(document, usesProtoNames ? field.name : field.jsonName, value)
  }
  return document
}

/** A default without presence is not told from none. */
function isLeftOut({ hasPresence, isRepeated, key, type }: ProtoField, value: Value): boolean {
  if (isRepeated || key !== undefined) return false
  if (hasPresence || type.kind === 'message') return false
  if (type.kind === 'enum') return value === 0 || value === type.of.names.get(0)
  if (value instanceof Uint8Array) return value.length === 0
  if (type.kind === 'string' || type.kind === 'bytes') return value === ''
  return value === 0 || value === '0' || value === false
}

function defaultOf(type: ProtoKind, options: ReadOptions, depth: number): Value {
  switch (type.kind) {
    case 'message':
      return readProto(type.of, new Uint8Array(), options, depth + 1)
    case 'enum':
      return enumValue(type.of, 0, options)
    case 'string':
      return ''
    case 'bytes':
      return options.asJson ? '' : new Uint8Array()
    case 'bool':
      return false
    default:
      return /64$/.test(type.kind) && options.asJson ? '0' : 0
  }
}
