import { parquetReadObjects } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { Message } from '../../pipelines/message.ts'
import { PARQUET_DEPTH_MAX } from '../parquet/parquet-schema.ts'
import { COMPRESSIONS, ENCODINGS } from '../parquet/write-parquet.ts'
import { runProcessors } from '../run-processors.ts'

const schema = [
  { name: 'id', type: 'INT64' },
  { name: 'n', type: 'INT32', optional: true },
  { name: 'ok', type: 'BOOLEAN' },
  { name: 'weight', type: 'DOUBLE' },
  { name: 'name', type: 'UTF8', optional: true },
  { name: 'tags', type: 'UTF8', repeated: true },
  { name: 'list', type: 'LIST', optional: true, fields: [{ name: 'element', type: 'INT32' }] },
  {
    name: 'map',
    type: 'MAP',
    fields: [
      { name: 'key', type: 'UTF8' },
      { name: 'value', type: 'DOUBLE' },
    ],
  },
  { name: 'inner', fields: [{ name: 'a', type: 'UTF8', optional: true }] },
  { name: 'at', type: 'TIMESTAMP' },
  { name: 'id2', type: 'UUID' },
]

const row = (n: number) => ({
  id: n,
  n: n % 2 === 0 ? null : n,
  ok: n % 2 === 0,
  weight: n + 0.5,
  name: n === 0 ? null : `name ${n}`,
  tags: Array.from({ length: n }, (_, index) => `t${index}`),
  list: n === 0 ? null : [n, n],
  map: n === 0 ? {} : { a: 0.5, b: n + 0.5 },
  inner: { a: n === 0 ? null : 'x' },
  at: '2024-02-29T23:59:59.123456789Z',
  id2: '00112233-4455-6677-8899-aabbccddeeff',
})

const ROWS = [0, 1, 2, 3].map(row)
const decode = { parquet_decode: { handle_logical_types: 'v2' } }

describe('parquet_encode and parquet_decode', () => {
  test.each(COMPRESSIONS)('write rows and read them again, with %s', async (compression) => {
    for (const default_encoding of ENCODINGS) {
      const parquet_encode = { schema, default_compression: compression, default_encoding }
      const written = await runProcessors([{ parquet_encode }], ROWS)
      expect(written.failures).toEqual([undefined])
      expect(written.messages).toHaveLength(1)
      const { batches, failures } = await runProcessors([decode], written.messages)
      expect(failures).toEqual(ROWS.map(() => undefined))
      expect(batches).toEqual([ROWS])
    }
  })

  test('write what another reader reads', async () => {
    const { messages } = await runProcessors([{ parquet_encode: { schema } }], ROWS)
    const bytes = Uint8Array.from(messages[0]?.content() ?? [])
    const rows = await parquetReadObjects({ file: bytes.buffer })
    expect(rows[3]).toMatchObject({
      id: 3n,
      name: 'name 3',
      list: [3, 3],
      tags: ['t0', 't1', 't2'],
    })
  })

  test('keep numbers of 64 bits exactly, and the decimals of a number', async () => {
    const fields = [
      { name: 'n', type: 'INT64' },
      { name: 'd', type: 'DECIMAL64', decimal_precision: 18, decimal_scale: 2 },
    ]
    const given = '{"n": 9007199254740993, "d": -123.4}'
    const steps = [{ parquet_encode: { schema: fields } }, { parquet_decode: {} }]
    const { messages } = await runProcessors(steps, [given])
    const text = Buffer.from(messages[0]?.content() ?? []).toString()
    expect(text).toBe('{"d":-123.4,"n":9007199254740993}')
  })

  test('store times in the unit that they are told to', async () => {
    const fields = [{ name: 'at', type: 'TIMESTAMP' }]
    const stored = async (default_timestamp_unit: string) => {
      const parquet_encode = { schema: fields, default_timestamp_unit }
      const steps = [{ parquet_encode }, { parquet_decode: {} }]
      return (await runProcessors(steps, [{ at: '1970-01-01T00:00:01.5Z' }])).batches
    }
    expect(await stored('MILLISECOND')).toEqual([[{ at: 1_500 }]])
    expect(await stored('MICROSECOND')).toEqual([[{ at: 1_500_000 }]])
    expect(await stored('NANOSECOND')).toEqual([[{ at: 1_500_000_000 }]])
  })

  test('flag a batch with a row that does not fit, and leave it as it was', async () => {
    const given = [{ n: 1 }, { n: 'x' }]
    const parquet_encode = { schema: [{ name: 'n', type: 'INT32' }] }
    const { batches, failures } = await runProcessors([{ parquet_encode }], given)
    expect(batches).toEqual([given])
    expect(failures).toEqual(Array(2).fill('expected a whole number in row 1, n'))
    const large = await runProcessors([{ parquet_encode }], [{ n: 2 ** 31 }])
    expect(large.failures[0]).toContain('expected a number from')
    expect((await runProcessors([{ parquet_encode }], [{}])).failures[0]).toContain('a value')
  })

  test('give rows the metadata of their file, and flag what is none', async () => {
    const { messages } = await runProcessors(
      [{ parquet_encode: { schema: [{ name: 'n', type: 'INT32' }] } }],
      [Message.fromBytes(Buffer.from('{"n":1}'), new Map([['k', 'v']])), { n: 2 }],
    )
    const read = await runProcessors([{ parquet_decode: {} }], [...messages, 'PAR1'])
    expect(read.batches).toEqual([[{ n: 1 }, { n: 2 }, 'PAR1']])
    expect(read.messages[1]?.metadata('k')).toBe('v')
    expect(read.failures).toEqual([undefined, undefined, expect.stringContaining('Parquet')])
  })

  const problemsOf = async (fields: unknown, more: object = {}) => {
    const processors = [{ parquet_encode: { schema: fields, ...more } }]
    return (await inspectPipeline({ pipeline: { processors } })).problems.map((one) => one.message)
  }

  test('take groups as deep as the limit, and no deeper', async () => {
    const nested = (depth: number): object =>
      depth === 1 ? { name: 'a', type: 'INT32' } : { name: 'a', fields: [nested(depth - 1)] }
    expect(await problemsOf([nested(PARQUET_DEPTH_MAX)])).toEqual([])
    expect(await problemsOf([nested(PARQUET_DEPTH_MAX + 1)])).toHaveLength(1)
  })

  test.each([
    [{ name: 'a' }, 'expected a type, or fields'],
    [{ name: 'a', type: 'INT128' }, 'expected one of BOOLEAN'],
    [{ name: 'a', type: 'LIST' }, 'expected one field'],
    [{ name: 'a', type: 'MAP', fields: [{ name: 'k', type: 'UTF8' }] }, 'key and value'],
    [{ name: 'a', type: 'UTF8', fields: [{ name: 'k', type: 'UTF8' }] }, 'has no fields'],
    [{ name: 'a', type: 'UTF8', optional: true, repeated: true }, 'either optional or repeated'],
    [{ type: 'UTF8' }, 'expected a name'],
  ])('refuse the field %j', async (field, message) => {
    expect(await problemsOf([field])).toEqual([expect.stringContaining(message)])
  })

  test('refuse a schema in the metadata by name', async () => {
    const field = { name: 'a', type: 'UTF8' }
    expect(await problemsOf([field], { schema_metadata: 'x' })).toHaveLength(1)
  })
})
