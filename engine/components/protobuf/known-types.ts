/**
 * The well-known types that ProtoJSON writes in forms of their own: times, durations, wrappers, values of JSON, masks and
 * `Any`.
 */
import { isArray, isObject } from '../../bloblang/values/kind-of.ts'
import { isValueNumber } from '../../bloblang/values/number.ts'
import { getKey, setKey } from '../../bloblang/values/set-key.ts'
import { formatTimestamp, parseRfc3339 } from '../../bloblang/values/timestamp.ts'
import { type ObjectValue, Timestamp, type Value } from '../../bloblang/values/value.ts'
import type { ProtoMessage } from './proto-types.ts'
import { type Found, type ReadOptions, readProto } from './read-proto.ts'
import { SIZED, sizedBytes, tagBytes, torn, varintBytes } from './wire.ts'
import { scalarBytes, unfit, type WriteOptions, writeProto } from './write-proto.ts'

const PREFIX = 'google.protobuf.'
const NS_PER_SECOND = 1_000_000_000n
/** The wrappers have one field, `value`. */
const WRAPPER = /^google\.protobuf\.(?:Double|Float|U?Int(?:32|64)|Bool|String|Bytes)Value$/

/** Undefined for a message that has no form of its own. */
export function knownTypeValue(
  { name, fields }: ProtoMessage,
  found: Found,
  options: ReadOptions,
  depth: number,
): Value | undefined {
  if (!name.startsWith(PREFIX)) return undefined
  if (WRAPPER.test(name)) return found.get(1) ?? emptyOf(fields[0]?.type.kind, options)
  switch (name.slice(PREFIX.length)) {
    case 'Timestamp': {
      const time = new Timestamp(nanoseconds(found), 'UTC')
      return options.asJson ? formatTimestamp(time) : time
    }
    case 'Duration':
      return durationText(nanoseconds(found))
    case 'Struct':
      return found.get(1) ?? {}
    case 'ListValue':
      return found.get(1) ?? []
    case 'Value':
      // The first field is a null that is written as the name of an enum.
      return found.has(1) ? null : ([...found.values()][0] ?? null)
    case 'FieldMask':
      return ((found.get(1) ?? []) as readonly string[]).map(camelPath).join(',')
    case 'Any':
      return anyValue(found, options, depth)
    default:
      return undefined
  }
}

/** Undefined for a message that has no form of its own. */
export function knownTypeBytes(
  message: ProtoMessage,
  value: Value,
  options: WriteOptions,
  at: string,
  depth: number,
): Buffer | undefined {
  const { name } = message
  if (!name.startsWith(PREFIX)) return undefined
  if (WRAPPER.test(name)) return wrapperBytes(message, value, at)
  switch (name.slice(PREFIX.length)) {
    case 'Timestamp': {
      const time = typeof value === 'string' ? parseRfc3339(value) : value
      if (!(time instanceof Timestamp)) throw unfit('a time as in RFC 3339', at)
      return momentBytes(time.epochNs, true)
    }
    case 'Duration':
      return momentBytes(durationOf(value, at), false)
    case 'Struct': {
      if (!isObject(value)) throw unfit('an object', at)
      return writeFields(message, { fields: value }, options, at, depth)
    }
    case 'ListValue': {
      if (!isArray(value)) throw unfit('a list', at)
      return writeFields(message, { values: value }, options, at, depth)
    }
    case 'Value':
      return writeFields(message, { [valueField(value)]: value }, options, at, depth)
    case 'FieldMask': {
      if (typeof value !== 'string') throw unfit('a text of fields', at)
      const paths = value === '' ? [] : value.split(',').map(snakePath)
      return writeFields(message, { paths }, options, at, depth)
    }
    case 'Any':
      return anyBytes(value, options, at, depth)
    default:
      return undefined
  }
}

/** As any other message: its form of its own is behind. */
function writeFields(
  message: ProtoMessage,
  value: ObjectValue,
  options: WriteOptions,
  at: string,
  depth: number,
): Buffer {
  return writeProto({ ...message, name: '' }, value, options, at, depth)
}

function emptyOf(kind: string | undefined, { asJson }: ReadOptions): Value {
  if (kind === 'string') return ''
  if (kind === 'bytes') return asJson ? '' : new Uint8Array()
  if (kind === 'bool') return false
  return kind?.endsWith('64') === true && asJson ? '0' : 0
}

function wrapperBytes({ fields }: ProtoMessage, value: Value, at: string): Buffer {
  const [field] = fields
  if (field === undefined || field.type.kind === 'message' || field.type.kind === 'enum') {
    throw unfit('a wrapper', at)
  }
  const bytes = scalarBytes(field.type.kind, value, at)
  if (bytes.every((byte) => byte === 0)) return Buffer.alloc(0)
  const wire = { double: 1, float: 5, string: SIZED, bytes: SIZED }[field.type.kind as string] ?? 0
  return Buffer.concat([tagBytes(1, wire), bytes])
}

function nanoseconds(found: Found): bigint {
  return BigInt(String(found.get(1) ?? 0)) * NS_PER_SECOND + BigInt(String(found.get(2) ?? 0))
}

/** Nanoseconds of times count forward, those of durations have the sign of the whole. */
function momentBytes(total: bigint, countsForward: boolean): Buffer {
  let seconds = total / NS_PER_SECOND
  let rest = total % NS_PER_SECOND
  if (countsForward && rest < 0n) {
    seconds -= 1n
    rest += NS_PER_SECOND
  }
  const field = (id: number, value: bigint) =>
    value === 0n ? Buffer.alloc(0) : Buffer.concat([tagBytes(id, 0), varintBytes(value)])
  return Buffer.concat([field(1, seconds), field(2, rest)])
}

function durationText(total: bigint): string {
  const size = total < 0n ? -total : total
  const digits = String(size % NS_PER_SECOND).padStart(9, '0')
  const kept = digits.replace(/(?:000){1,3}$/, '')
  return `${total < 0n ? '-' : ''}${size / NS_PER_SECOND}${kept === '' ? '' : `.${kept}`}s`
}

const DURATION = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/

function durationOf(value: Value, at: string): bigint {
  const match = typeof value === 'string' ? DURATION.exec(value) : null
  if (match === null) throw unfit('a duration such as "1.5s"', at)
  const [, sign, seconds = '', decimals = ''] = match
  const total = BigInt(seconds) * NS_PER_SECOND + BigInt(decimals.padEnd(9, '0'))
  return sign === '-' ? -total : total
}

function valueField(value: Value): string {
  if (value === null) return 'nullValue'
  if (typeof value === 'boolean') return 'boolValue'
  if (typeof value === 'string') return 'stringValue'
  if (isArray(value)) return 'listValue'
  return isValueNumber(value) ? 'numberValue' : 'structValue'
}

function camelPath(path: string): string {
  return path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function snakePath(path: string): string {
  return path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** A message of any type, which it names at the end of a URL. */
function anyValue(found: Found, options: ReadOptions, depth: number): Value {
  const url = String(found.get(1) ?? '')
  if (url === '') return {}
  const message = options.types.message(url.slice(url.lastIndexOf('/') + 1))
  if (message === undefined) throw torn(`there is no type ${url}`)
  const raw = found.get(2) ?? ''
  const bytes = raw instanceof Uint8Array ? raw : Buffer.from(String(raw), 'base64')
  const inner = readProto(message, bytes, options, depth + 1)
  const any: ObjectValue = { '@type': url }
  if (!isObject(inner)) setKey(any, 'value', inner)
  else for (const [key, value] of Object.entries(inner)) setKey(any, key, value)
  return any
}

function anyBytes(value: Value, options: WriteOptions, at: string, depth: number): Buffer {
  if (!isObject(value)) throw unfit('an object', at)
  const { '@type': url, ...fields } = value
  if (url === undefined && Object.keys(fields).length === 0) return Buffer.alloc(0)
  const name = String(url ?? '')
  const message = options.types.message(name.slice(name.lastIndexOf('/') + 1))
  if (typeof url !== 'string' || message === undefined) throw unfit('the @type of a message', at)
  const hasForm =
    WRAPPER.test(message.name) ||
    /\.(?:Timestamp|Duration|Value|Struct|ListValue|FieldMask)$/.test(message.name)
  const inner =
    hasForm && message.name.startsWith(PREFIX) ? (getKey(fields, 'value') ?? null) : fields
  return Buffer.concat([
    tagBytes(1, SIZED),
    sizedBytes(Buffer.from(url)),
    tagBytes(2, SIZED),
    sizedBytes(writeProto(message, inner, options, at, depth + 1)),
  ])
}
