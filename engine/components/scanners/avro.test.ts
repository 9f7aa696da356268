/** Files are written by another implementation. */
import { crc32, zstdCompressSync } from 'node:zlib'
import avsc from 'avsc'
import { describe, expect, test } from 'vitest'
import { compressSnappy } from '../../bloblang/formats/snappy.ts'
import { conformConfig } from '../../pipelines/config-check.ts'
import type { Message } from '../../pipelines/message.ts'
import { AVRO_VALUES_MAX } from '../avro/read-avro.ts'
import { openScanner, scannerField } from './scanner-field.ts'

const SCHEMA = {
  type: 'record',
  name: 'r',
  fields: [
    { name: 'n', type: 'int' },
    { name: 'note', type: ['null', 'string'] },
  ],
} as const
const ROWS = Array.from({ length: 100 }, (_, n) => ({
  n,
  note: n % 2 === 0 ? null : { string: `note ${n}` },
}))

const CODECS = {
  zstandard: (data: Buffer, done: (error: null, bytes: Buffer) => void) =>
    done(null, zstdCompressSync(data)),
  snappy: (data: Buffer, done: (error: null, bytes: Buffer) => void) => {
    const checksum = Buffer.alloc(4)
    checksum.writeUInt32BE(crc32(data))
    done(null, Buffer.concat([compressSnappy(data), checksum]))
  },
}

async function written(codec: string, rows: readonly unknown[] = ROWS): Promise<Buffer> {
  const type = avsc.Type.forSchema(SCHEMA as never, { wrapUnions: true })
  const options = { codec, codecs: { ...avsc.streams.BlockEncoder.defaultCodecs(), ...CODECS } }
  const encoder = new avsc.streams.BlockEncoder(type, { ...options, blockSize: 200 } as never)
  for (const row of rows) encoder.write(row)
  encoder.end()
  return Buffer.concat(await encoder.toArray())
}

async function scan(bytes: Buffer, config: object = {}, size = 50) {
  const scanning = openScanner(conformConfig(scannerField, { avro: config }))({
    name: '',
    metadata: undefined,
  })
  const found: Message[] = []
  let thrown: string | undefined
  const drain = (): void => {
    try {
      for (let one = scanning.next(); one !== undefined; one = scanning.next()) found.push(one)
    } catch (error) {
      thrown = (error as Error).message
    }
  }
  for (let at = 0; at < bytes.length; at += size) {
    await scanning.push(Buffer.from(bytes.subarray(at, at + size)))
    drain()
  }
  await scanning.end()
  drain()
  const rows = found.map((one) => JSON.parse(Buffer.from(one.content()).toString()))
  return { found, rows, thrown }
}

describe('the scanner avro', () => {
  test.each(['null', 'deflate', 'zstandard', 'snappy'])('reads files of %s', async (codec) => {
    const { rows, thrown, found } = await scan(await written(codec))
    expect(thrown).toBeUndefined()
    expect(rows).toEqual(ROWS)
    const canonical =
      '{"name":"r","type":"record","fields":[{"name":"n","type":"int"},{"name":"note","type":["null","string"]}]}'
    expect(found[0]?.metadata('avro_schema')).toBe(canonical)
    expect(typeof found[0]?.metadata('avro_schema_fingerprint')).toBe('bigint')
  })

  test('takes values out of their unions where it is told to', async () => {
    const { rows } = await scan(await written('null'), { raw_json: true })
    expect(rows[1]).toEqual({ n: 1, note: 'note 1' })
  })

  test('gives what stands before the damage, and says what it is', async () => {
    const file = await written('null')
    const cut = await scan(file.subarray(0, -1))
    expect(cut.rows.length).toBeGreaterThan(50)
    expect(cut.thrown).toContain('too soon')
    const torn = Buffer.from(file)
    torn.fill(0, torn.length - 16)
    expect((await scan(torn)).thrown).toContain('a block is not parted')
    expect((await scan(Buffer.from('no such file'))).thrown).toContain('does not begin with Obj')
    const unknown = Buffer.from(
      file.toString('latin1').replace('codec\x08null', 'codec\x08lzma'),
      'latin1',
    )
    expect((await scan(unknown)).thrown).toContain('got lzma')
  })

  test('makes of a block without bytes as many messages as the limit, and no more', async () => {
    const type = avsc.Type.forSchema('null')
    const encoder = new avsc.streams.BlockEncoder(type, { writeHeader: 'always' } as never)
    encoder.end()
    const header = Buffer.concat(await encoder.toArray())
    const block = (count: number) => {
      const long = avsc.Type.forSchema('long').toBuffer(count)
      return Buffer.concat([header, long, Buffer.of(0), header.subarray(-16)])
    }
    expect((await scan(block(3))).rows).toEqual([null, null, null])
    const over = await scan(block(AVRO_VALUES_MAX + 1))
    expect(over).toMatchObject({ rows: [], thrown: expect.stringContaining('data') })
  })
})
