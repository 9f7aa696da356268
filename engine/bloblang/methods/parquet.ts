/**
 * Parquet files as rows.
 *
 * The library reads files asynchronously, because they may be far away; its parts that work on bytes at hand do not wait
 * for anything, and these are what is used here.
 */
import { createRequire } from 'node:module'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { MethodDefinition } from '../definition.ts'
import { foreign } from '../formats/foreign.ts'
import { decompressLz4Block } from '../formats/lz4.ts'
import { decompressSnappy } from '../formats/snappy.ts'
import { MappingError } from '../mapping-error.ts'
import { makeFloat } from '../values/number.ts'
import { setKey } from '../values/set-key.ts'
import { type ObjectValue, Timestamp, type Value } from '../values/value.ts'
import { DECOMPRESSED_BYTES_MAX } from './compression.ts'
import { expectBytes } from './expect-bytes.ts'

const require = createRequire(import.meta.url)

type Metadata = import('hyparquet').FileMetaData
type Columns = Map<string, ArrayLike<unknown>>

/** Rows are objects in memory. */
export const PARQUET_ROWS_MAX = 1_000_000

/** The rows of a file; `rawTimes` leaves times the numbers that they are stored as. */
export function readParquet(bytes: Buffer, rawTimes = false): readonly Value[] {
  const { parquetMetadata, parquetSchema } =
    require('hyparquet/src/metadata.js') as typeof import('hyparquet/src/metadata.js')
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
  return foreign('expected a Parquet file', () => {
    const metadata = parquetMetadata(file, { geoparquet: false })
    const rows = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0)
    if (!(rows >= 0 && rows <= PARQUET_ROWS_MAX)) {
      throw new MappingError(`expected at most ${PARQUET_ROWS_MAX} rows, got ${rows}`)
    }
    const tree = parquetSchema(metadata)
    return metadata.row_groups.flatMap((_, index) =>
      rowsOf(
        readGroup(file, metadata, tree, index, rawTimes ? RAW_PARSERS : PARSERS),
        tree,
        Number(metadata.row_groups[index]?.num_rows),
      ),
    )
  })
}

type Tree = import('hyparquet').SchemaTree

function readGroup(
  file: ArrayBuffer,
  metadata: Metadata,
  tree: Tree,
  index: number,
  own: object,
): Columns {
  const { readColumn } =
    require('hyparquet/src/column.js') as typeof import('hyparquet/src/column.js')
  const { getTreePath } =
    require('hyparquet/src/schema.js') as typeof import('hyparquet/src/schema.js')
  const { assembleNested } =
    require('hyparquet/src/assemble.js') as typeof import('hyparquet/src/assemble.js')
  const { DEFAULT_PARSERS } =
    require('hyparquet/src/convert.js') as typeof import('hyparquet/src/convert.js')
  const parsers = { ...DEFAULT_PARSERS, ...own }
  const columns: Columns = new Map()
  const group = metadata.row_groups[index]
  const rows = Number(group?.num_rows ?? 0)
  for (const { meta_data: column } of group?.columns ?? []) {
    if (column === undefined) throw new MappingError('expected a Parquet file in one piece')
    const schemaPath = getTreePath(tree, column.path_in_schema)
    const start = Number(column.dictionary_page_offset ?? column.data_page_offset)
    const view = new DataView(file, start, Number(column.total_compressed_size))
    const { data } = readColumn(
      { view, offset: 0 },
      { groupStart: 0, groupRows: rows, selectStart: 0, selectEnd: rows },
      {
        ...column,
        pathInSchema: column.path_in_schema,
        element: (schemaPath.at(-1) ?? tree).element,
        schemaPath,
        compressors: COMPRESSORS,
        parsers,
        utf8: false,
      },
    )
    columns.set(
      column.path_in_schema.join('.'),
      data.flatMap((chunk) => Array.from(chunk)),
    )
  }
  for (const child of tree.children) {
    if (child.children.length > 0) assembleNested(columns as never, child, parsers)
  }
  return columns
}

function rowsOf(columns: Columns, tree: Tree, count: number): Value[] {
  return Array.from({ length: count }, (_, row) => {
    const object: ObjectValue = {}
    for (const { element } of tree.children) {
      setKey(object, element.name, fromParquet(columns.get(element.name)?.[row]))
    }
    return object
  })
}

/** Texts and times stay what they are; the library would make dates of its own of them. */
const PARSERS = {
  timestampFromMilliseconds: (value: bigint) => new Timestamp(value * 1_000_000n, 'UTC'),
  timestampFromMicroseconds: (value: bigint) => new Timestamp(value * 1_000n, 'UTC'),
  timestampFromNanoseconds: (value: bigint) => new Timestamp(value, 'UTC'),
  dateFromDays: (days: number) => new Timestamp(BigInt(days) * 86_400_000_000_000n, 'UTC'),
}

const RAW_PARSERS = {
  timestampFromMilliseconds: (value: bigint) => value,
  timestampFromMicroseconds: (value: bigint) => value,
  timestampFromNanoseconds: (value: bigint) => value,
  dateFromDays: (days: number) => days,
}

const bounded = (length: number) => ({
  maxOutputLength: Math.max(1, Math.min(length, DECOMPRESSED_BYTES_MAX)),
})

const COMPRESSORS = {
  SNAPPY: (input: Uint8Array, length: number) =>
    decompressSnappy(Buffer.from(input), Math.min(length, DECOMPRESSED_BYTES_MAX)),
  GZIP: (input: Uint8Array, length: number) => gunzipSync(input, bounded(length)),
  BROTLI: (input: Uint8Array, length: number) => brotliDecompressSync(input, bounded(length)),
  ZSTD: (input: Uint8Array, length: number) => zstdDecompressSync(input, bounded(length)),
  LZ4_RAW: (input: Uint8Array, length: number) =>
    decompressLz4Block(Buffer.from(input), Math.min(length, DECOMPRESSED_BYTES_MAX)),
}

function fromParquet(value: unknown): Value {
  switch (typeof value) {
    case 'bigint': {
      // An unsigned number beyond the signed ones keeps its value.
      const plain = Number(value)
      return Number.isSafeInteger(plain) ? plain : value
    }
    case 'number':
      return Number.isSafeInteger(value) ? value : makeFloat(value)
    case 'string':
    case 'boolean':
      return value
  }
  if (value === null || value === undefined) return null
  if (value instanceof Timestamp || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(fromParquet)
  const object: ObjectValue = {}
  for (const [key, item] of Object.entries(value)) setKey(object, key, fromParquet(item))
  return object
}

export const parquetMethods: readonly MethodDefinition[] = [
  {
    name: 'parse_parquet',
    category: 'parsing',
    status: 'stable',
    description: 'The rows of a Parquet file, as an array of objects.',
    parameters: [
      {
        name: 'byte_array_as_string',
        type: 'bool',
        description: 'Without effect; kept for mappings that have it.',
        default: false,
      },
    ],
    examples: [
      {
        mapping: 'root = "PAR1".parse_parquet()',
        error: 'expected a Parquet file',
      },
    ],
    build: () => (target) => readParquet(expectBytes(target)),
  },
]
