/**
 * The columns of a Parquet file, as `parquet_encode` is told of them, and as the file says them: a tree, written out
 * from the root on, each group followed by what is in it.
 */
import type { ConfigFault } from '../../pipelines/component.ts'

export const PARQUET_TYPES = [
  'BOOLEAN',
  'INT32',
  'INT64',
  'DECIMAL32',
  'DECIMAL64',
  'FLOAT',
  'DOUBLE',
  'BYTE_ARRAY',
  'UTF8',
  'TIMESTAMP',
  'DATE',
  'BSON',
  'ENUM',
  'JSON',
  'UUID',
  'LIST',
  'MAP',
] as const

export type ParquetType = (typeof PARQUET_TYPES)[number]

export interface ParquetField {
  readonly name: string
  /** Absent for a group. */
  readonly type?: ParquetType
  readonly repeated?: boolean
  readonly optional?: boolean
  readonly decimal_precision?: number
  readonly decimal_scale?: number
  readonly fields?: readonly ParquetField[]
}

export type TimestampUnit = 'NANOSECOND' | 'MICROSECOND' | 'MILLISECOND'

/** Groups within groups, deeper than this, are refused. */
export const PARQUET_DEPTH_MAX = 32

type Path = readonly (string | number)[]

export function parquetFaults(
  fields: readonly ParquetField[],
  at: Path,
  depth = 1,
): readonly ConfigFault[] {
  if (fields.length > 0 && depth > PARQUET_DEPTH_MAX) {
    return [{ path: at, message: `fields are nested more than ${PARQUET_DEPTH_MAX} deep` }]
  }
  return fields.flatMap((field, index) => fieldFaults(field, [...at, index], depth))
}

function fieldFaults(field: ParquetField, at: Path, depth: number): readonly ConfigFault[] {
  const { name, type, fields = [], optional, repeated } = field
  const fault = (key: string, message: string): readonly ConfigFault[] => [
    { path: [...at, key], message },
  ]
  if (typeof name !== 'string' || name === '') return fault('name', 'expected a name')
  const children = fields.map((one) => one?.name).join(', ')
  if (optional === true && repeated === true) {
    return fault('repeated', 'a field is either optional or repeated')
  }
  if (type === 'LIST' && fields.length !== 1) {
    return fault('fields', 'expected one field, which says what the items of the list are')
  }
  if (type === 'MAP' && children !== 'key, value') {
    return fault('fields', `expected the fields key and value of the map, got ${children}`)
  }
  if (type === undefined && fields.length === 0) return fault('type', 'expected a type, or fields')
  if (type !== undefined && !PARQUET_TYPES.includes(type)) {
    return fault('type', `expected one of ${PARQUET_TYPES.join(', ')}, got ${JSON.stringify(type)}`)
  }
  const isGroup = type === undefined || type === 'LIST' || type === 'MAP'
  if (!isGroup && fields.length > 0) return fault('fields', `a field of ${type} has no fields`)
  return parquetFaults(fields, [...at, 'fields'], depth + 1)
}

/** An element as the writer takes it. */
export interface SchemaElement {
  readonly name: string
  readonly num_children?: number
  readonly repetition_type?: 'REQUIRED' | 'OPTIONAL' | 'REPEATED'
  readonly type?: string
  readonly type_length?: number
  readonly converted_type?: string
  readonly logical_type?: object
  readonly precision?: number
  readonly scale?: number
}

export function schemaElements(
  fields: readonly ParquetField[],
  unit: TimestampUnit,
): readonly SchemaElement[] {
  const root = { name: 'root', num_children: fields.length }
  return [root, ...fields.flatMap((field) => elementsOf(field, unit))]
}

function elementsOf(field: ParquetField, unit: TimestampUnit): readonly SchemaElement[] {
  const { name, type, fields = [], optional = false } = field
  // A list, whichever way it is declared, is written in the one way that all readers know.
  if (field.repeated === true) {
    const item = { ...field, name: 'element', repeated: false }
    return listOf(name, false, elementsOf(item, unit))
  }
  const repetition_type = optional ? 'OPTIONAL' : 'REQUIRED'
  const inner = fields.flatMap((one) => elementsOf(one, unit))
  switch (type) {
    case undefined:
      return [{ name, num_children: fields.length, repetition_type }, ...inner]
    case 'LIST': {
      const item = { ...(fields[0] as ParquetField), name: 'element' }
      return listOf(name, optional, elementsOf(item, unit))
    }
    case 'MAP':
      return [
        { name, num_children: 1, repetition_type, converted_type: 'MAP' },
        { name: 'key_value', num_children: 2, repetition_type: 'REPEATED' },
        ...inner,
      ]
    default:
      return [{ name, repetition_type, ...leaf(type, field, unit) }]
  }
}

function listOf(
  name: string,
  optional: boolean,
  item: readonly SchemaElement[],
): readonly SchemaElement[] {
  const repetition_type = optional ? 'OPTIONAL' : 'REQUIRED'
  return [
    { name, num_children: 1, repetition_type, converted_type: 'LIST' },
    { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
    ...item,
  ]
}

const TIME_UNITS = { NANOSECOND: 'NANOS', MICROSECOND: 'MICROS', MILLISECOND: 'MILLIS' } as const

function leaf(
  type: Exclude<ParquetType, 'LIST' | 'MAP'>,
  { decimal_precision: precision = 0, decimal_scale: scale = 0 }: ParquetField,
  unit: TimestampUnit,
): Omit<SchemaElement, 'name'> {
  const bytes = 'BYTE_ARRAY'
  switch (type) {
    case 'UTF8':
    case 'BSON':
    case 'ENUM':
    case 'JSON':
      return { type: bytes, converted_type: type }
    case 'DATE':
      return { type: 'INT32', converted_type: 'DATE' }
    case 'UUID':
      return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, logical_type: { type: 'UUID' } }
    case 'DECIMAL32':
      return { type: 'INT32', converted_type: 'DECIMAL', precision, scale }
    case 'DECIMAL64':
      return { type: 'INT64', converted_type: 'DECIMAL', precision, scale }
    case 'TIMESTAMP':
      return {
        type: 'INT64',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: TIME_UNITS[unit] },
      }
    default:
      return { type }
  }
}
