import { describe, expect, test } from 'vitest'
import { testEnvironment } from '../../pipelines/testing.ts'
import { runProcessors } from '../run-processors.ts'
import { textFiles } from '../testing.ts'

const schema = JSON.stringify({
  type: 'record',
  name: 'r',
  fields: [
    { name: 'raw', type: ['null', 'bytes'] },
    { name: 'n', type: 'long' },
  ],
})

const there = (encoding: string) => ({ avro: { operator: 'from_json', encoding, schema } })
const back = (encoding: string) => ({ avro: { operator: 'to_json', encoding, schema } })

describe('avro', () => {
  test.each(['binary', 'single', 'textual'])('%s is written, and read again', async (encoding) => {
    const given = ['{"raw":null,"n":9007199254740993}', '{"raw":{"bytes":"a\\u00ff"},"n":-1}']
    const text = await runProcessors([there(encoding), back(encoding)], given)
    expect(text.failures).toEqual([undefined, undefined])
    const printed = text.messages.map((message) => Buffer.from(message.content()).toString())
    const bytes = Buffer.from('aÿ').toString('base64')
    expect(printed).toEqual([
      '{"n":9007199254740993,"raw":null}',
      `{"n":-1,"raw":{"bytes":"${bytes}"}}`,
    ])
  })

  test('single begins with the fingerprint of the schema, and refuses another', async () => {
    const { messages } = await runProcessors([there('single')], [{ raw: null, n: 1 }])
    const bytes = Buffer.from(messages[0]?.content() ?? [])
    expect(bytes.subarray(0, 2).toString('hex')).toBe('c301')
    bytes[2] = (bytes[2] ?? 0) ^ 1
    const { failures } = await runProcessors([back('single')], [bytes])
    expect(failures).toEqual(['expected a datum that begins with the fingerprint of the schema'])
  })

  test('flags what does not fit, and leaves it as it was', async () => {
    const given = [Buffer.of(0, 2, 9), Buffer.of(4), Buffer.of(2, 8, 1)]
    const { failures, messages } = await runProcessors([back('binary')], given)
    expect(failures).toEqual([
      'expected one datum of Avro, got more bytes behind byte 2',
      'expected a datum of Avro: there is no such branch of the union',
      'expected a datum of Avro: it ends too soon',
    ])
    expect(messages.map((message) => Buffer.from(message.content()))).toEqual(given)
  })

  test('reads its schema from a file', async () => {
    const environment = testEnvironment({ files: textFiles({ '/a.avsc': '"int"' }) })
    const avro = { operator: 'from_json', encoding: 'binary', schema_path: 'file:///a.avsc' }
    const { messages } = await runProcessors([{ avro }], [1], { environment })
    expect(messages[0]?.content()).toEqual(Buffer.of(2))
  })
})
