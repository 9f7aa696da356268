/** Avro's own JSON, which differs from the values by its bytes: texts of a character a byte. */
import { setKey } from '../../bloblang/values/set-key.ts'
import type { ObjectValue, Value } from '../../bloblang/values/value.ts'
import { type AvroType, branchName } from './avro-type.ts'
import { AvroReader } from './read-avro.ts'
import { AvroWriter, branchOf, expectObject, fieldOf, unfit } from './write-avro.ts'

/** A value as Avro's JSON; it is checked against the type, and defaults are filled in. */
export function toAvroJson(type: AvroType, value: Value): Value {
  return new AvroReader(encodeAvro(type, value), { wrapsUnions: true, asJson: true }).datum(type)
}

/** The value of Avro's JSON, with its bytes as bytes. */
export function fromAvroJson(type: AvroType, value: Value): Value {
  const bytes = encodeAvro(type, withBytes(type, value, 'root'))
  return new AvroReader(bytes, { wrapsUnions: true, asJson: false }).datum(type)
}

export function encodeAvro(type: AvroType, value: Value): Buffer {
  const writer = new AvroWriter()
  writer.write(type, value, 'root')
  return writer.bytes()
}

function withBytes(type: AvroType, value: Value, at: string): Value {
  switch (type.kind) {
    case 'bytes':
    case 'fixed':
      if (typeof value !== 'string') throw unfit('a text of bytes', value, at)
      if (/[^\0-\xff]/.test(value)) throw unfit('characters up to U+00FF', value, at)
      return Buffer.from(value, 'latin1')
    case 'record': {
      const object = expectObject(value, at)
      const record: ObjectValue = {}
      for (const field of type.fields) {
        const [fieldType, given, place] = fieldOf(field, object, at)
        setKey(record, field.name, withBytes(fieldType, given, place))
      }
      return record
    }
    case 'array':
      if (!Array.isArray(value)) throw unfit('a list', value, at)
      return value.map((item: Value, index) => withBytes(type.items, item, `${at}[${index}]`))
    case 'map': {
      const map: ObjectValue = {}
      for (const [key, item] of Object.entries(expectObject(value, at))) {
        setKey(map, key, withBytes(type.values, item, `${at}.${key}`))
      }
      return map
    }
    case 'union': {
      const [, branch, inner] = branchOf(type.branches, value, at)
      if (branch.kind === 'null') return null
      const wrapped: ObjectValue = {}
      setKey(wrapped, branchName(branch), withBytes(branch, inner, at))
      return wrapped
    }
    default:
      return value
  }
}
