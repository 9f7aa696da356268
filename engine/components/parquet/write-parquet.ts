/** Documents as the rows of a Parquet file. */
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { compressLz4Block } from '../../bloblang/formats/lz4.ts'
import { encodeJson } from '../../bloblang/values/encode-payload.ts'
import { isArray, isObject } from '../../bloblang/values/kind-of.ts'
import {
  INT64_MAX,
  INT64_MIN,
  isValueNumber,
  toFloat,
  toNumeric,
} from '../../bloblang/values/number.ts'
import { getKey } from '../../bloblang/values/set-key.ts'
import { parseRfc3339 } from '../../bloblang/values/timestamp.ts'
import { Timestamp, type Value } from '../../bloblang/values/value.ts'
import { HeadgateError } from '../../error.ts'
import { type ParquetField, schemaElements, type TimestampUnit } from './parquet-schema.ts'

export const COMPRESSIONS = ['uncompressed', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4raw'] as const
export const ENCODINGS = ['DELTA_LENGTH_BYTE_ARRAY', 'PLAIN'] as const

export interface ParquetOptions {
  readonly fields: readonly ParquetField[]
  readonly compression: (typeof COMPRESSIONS)[number]
  readonly encoding: (typeof ENCODINGS)[number]
  readonly unit: TimestampUnit
}

type Library = typeof import('hyparquet-writer')

const CODECS = {
  uncompressed: 'UNCOMPRESSED',
  snappy: 'SNAPPY',
  gzip: 'GZIP',
  brotli: 'BROTLI',
  zstd: 'ZSTD',
  lz4raw: 'LZ4_RAW',
} as const

const COMPRESSORS = {
  GZIP: (bytes: Uint8Array) => gzipSync(bytes),
  BROTLI: (bytes: Uint8Array) => brotliCompressSync(bytes),
  ZSTD: (bytes: Uint8Array) => zstdCompressSync(bytes),
  LZ4_RAW: (bytes: Uint8Array) => compressLz4Block(Buffer.from(bytes)),
}

export async function parquetWriter(
  options: ParquetOptions,
): Promise<(rows: readonly Value[]) => Uint8Array> {
  const { parquetWriteBuffer } = (await import('hyparquet-writer')) as Library
  const { fields, unit } = options
  const schema = schemaElements(fields, unit)
  return (rows) => {
    const columnData = fields.map((field) => ({
      name: field.name,
      data: rows.map((row, index) => rowValue(field, row, `row ${index}`, unit)),
      ...encodingOf(field, options.encoding),
    }))
    try {
      return new Uint8Array(
        parquetWriteBuffer({
          columnData,
          schema: schema as never,
          codec: CODECS[options.compression],
          compressors: COMPRESSORS,
          rowGroupSize: Math.max(rows.length, 1),
        }),
      )
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new HeadgateError('MappingFailed', `the rows cannot be written: ${reason}`, { cause })
    }
  }
}

/** Only texts and bytes have a choice. */
function encodingOf({ type, repeated }: ParquetField, encoding: ParquetOptions['encoding']) {
  const isText = type === 'UTF8' || type === 'BYTE_ARRAY' || type === 'JSON' || type === 'ENUM'
  return isText && repeated !== true ? { encoding } : {}
}

function rowValue(field: ParquetField, row: Value, at: string, unit: TimestampUnit): unknown {
  if (!isObject(row)) throw unfit('an object', at)
  const value = getKey(row, field.name) ?? null
  return fieldValue(field, value, `${at}, ${field.name}`, unit)
}

function fieldValue(field: ParquetField, value: Value, at: string, unit: TimestampUnit): unknown {
  const { type, fields = [], repeated = false, optional = false } = field
  if (repeated) {
    if (value === null) return []
    if (!isArray(value)) throw unfit('a list', at)
    const item = { ...field, repeated: false }
    return value.map((one, index) => fieldValue(item, one, `${at}[${index}]`, unit))
  }
  if (value === null) {
    if (optional) return null
    throw unfit('a value', at)
  }
  const nested = (one: ParquetField, inner: Value, key: string): unknown =>
    fieldValue(one, inner, `${at}.${key}`, unit)
  switch (type) {
    case undefined: {
      if (!isObject(value)) throw unfit('an object', at)
      const group: Record<string, unknown> = Object.create(null)
      for (const one of fields)
        group[one.name] = nested(one, getKey(value, one.name) ?? null, one.name)
      return group
    }
    case 'LIST':
      if (!isArray(value)) throw unfit('a list', at)
      return value.map((one, index) => nested(fields[0] as ParquetField, one, String(index)))
    case 'MAP': {
      if (!isObject(value)) throw unfit('an object', at)
      const [key, item] = fields as readonly [ParquetField, ParquetField]
      return new Map(
        Object.entries(value).map(([name, one]) => [
          nested(key, name, name),
          nested(item, one, name),
        ]),
      )
    }
    default:
      return leafValue(field, value, at, unit)
  }
}

const UNIT_NS = { NANOSECOND: 1n, MICROSECOND: 1_000n, MILLISECOND: 1_000_000n } as const
const DAY_NS = 86_400_000_000_000n
const INT32_MAX = 2n ** 31n - 1n

function leafValue(field: ParquetField, value: Value, at: string, unit: TimestampUnit): unknown {
  switch (field.type) {
    case 'BOOLEAN':
      if (typeof value !== 'boolean') throw unfit('true or false', at)
      return value
    case 'INT32':
      return Number(wholeOf(value, at, -INT32_MAX - 1n, INT32_MAX))
    case 'INT64':
      return wholeOf(value, at, INT64_MIN, INT64_MAX)
    case 'FLOAT':
    case 'DOUBLE':
      if (!isValueNumber(value)) throw unfit('a number', at)
      return toFloat(toNumeric(value))
    case 'DECIMAL32':
      return unscaled(value, field, at, INT32_MAX)
    case 'DECIMAL64':
      return unscaled(value, field, at, INT64_MAX)
    case 'DATE': {
      const time = timeOf(value)
      return Number(
        time === undefined ? wholeOf(value, at, -INT32_MAX, INT32_MAX) : floor(time, DAY_NS),
      )
    }
    case 'TIMESTAMP': {
      const time = timeOf(value)
      return time === undefined
        ? wholeOf(value, at, INT64_MIN, INT64_MAX)
        : floor(time, UNIT_NS[unit])
    }
    case 'UUID':
      if (typeof value !== 'string' && !(value instanceof Uint8Array)) throw unfit('a UUID', at)
      return value
    case 'JSON':
      // A text is taken for JSON already, as elsewhere.
      return Buffer.from(typeof value === 'string' ? value : encodeJson(value))
    default:
      if (value instanceof Uint8Array) return value
      if (typeof value !== 'string') throw unfit('a text', at)
      return Buffer.from(value)
  }
}

function timeOf(value: Value): bigint | undefined {
  const time = typeof value === 'string' ? parseRfc3339(value) : value
  return time instanceof Timestamp ? time.epochNs : undefined
}

function floor(value: bigint, unit: bigint): bigint {
  const whole = value / unit
  return value % unit < 0n ? whole - 1n : whole
}

function wholeOf(value: Value, at: string, least: bigint, most: bigint): bigint {
  const numeric = isValueNumber(value) ? toNumeric(value) : undefined
  const plain = typeof numeric === 'object' ? numeric.value : numeric
  if (plain === undefined || (typeof plain === 'number' && !Number.isInteger(plain))) {
    throw unfit('a whole number', at)
  }
  const whole = BigInt(plain)
  if (whole < least || whole > most) throw unfit(`a number from ${least} to ${most}`, at)
  return whole
}

const DECIMAL = /^(-?)(\d{1,40})(?:\.(\d{1,40}))?$/

/** Exactly: the digits of the number, without its point. */
function unscaled(
  value: Value,
  { decimal_scale: scale = 0 }: ParquetField,
  at: string,
  most: bigint,
) {
  const text = typeof value === 'string' ? value : isValueNumber(value) ? encodeJson(value) : ''
  const [, sign = '', whole = '', decimals = ''] = DECIMAL.exec(text) ?? []
  const rest = decimals.replace(/0+$/, '')
  if (whole === '' || rest.length > scale) throw unfit(`a number of at most ${scale} decimals`, at)
  const digits = BigInt(`${sign}${whole}${rest.padEnd(scale, '0')}`)
  if (digits > most || digits < -most) throw unfit('a smaller number', at)
  return digits
}

function unfit(expected: string, at: string): HeadgateError {
  return new HeadgateError('MappingFailed', `expected ${expected} in ${at}`)
}
