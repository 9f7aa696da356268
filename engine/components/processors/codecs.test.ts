/** Processors that read and write formats; the formats themselves are tested with the methods of Bloblang. */
import { describe, expect, test } from 'vitest'
import { runProcessors } from '../run-processors.ts'

const given = ['one one one', '', 'two']

describe('compress and decompress', () => {
  test.each(['flate', 'gzip', 'lz4', 'pgzip', 'snappy', 'zlib'])('%s', async (algorithm) => {
    const { batches, failures } = await runProcessors(
      [{ compress: { algorithm } }, { decompress: { algorithm } }],
      given,
    )
    expect(batches).toEqual([given])
    expect(failures).toEqual([undefined, undefined, undefined])
  })

  test('flag what was not compressed, and leave it as it was', async () => {
    const { batches, failures } = await runProcessors(
      [{ decompress: { algorithm: 'gzip' } }],
      given,
    )
    expect(batches).toEqual([given])
    expect(failures).toEqual([expect.any(String), expect.any(String), expect.any(String)])
  })

  test('compress as small as the level says', async () => {
    const text = Array.from({ length: 500 }, (_, n) => `line ${n} of it`).join()
    const lengths = await Promise.all(
      [0, 9].map(async (level) => {
        const compress = { algorithm: 'gzip', level }
        const { messages } = await runProcessors([{ compress }], [text])
        return messages[0]?.content().length ?? 0
      }),
    )
    expect(lengths[1]).toBeLessThan(lengths[0] ?? 0)
  })
})

describe('msgpack', () => {
  test('writes documents and reads them again', async () => {
    const documents = [{ a: [1, 'x', null, 1.5, true] }, [1], 'text', 1]
    const { batches, messages } = await runProcessors(
      [{ msgpack: { operator: 'from_json' } }],
      documents.map((document) => JSON.stringify(document)),
    )
    expect(Buffer.from(messages[1]?.content() ?? []).toString('hex')).toBe('9101')
    expect(batches[0]).toHaveLength(4)
    const back = await runProcessors([{ msgpack: { operator: 'to_json' } }], messages)
    expect(back.batches).toEqual([documents])
  })

  test('flags what is none, and goes on with the next', async () => {
    const bytes = [Buffer.from([0xc1]), Buffer.from([0x91, 0x01])]
    const { batches, failures } = await runProcessors([{ msgpack: { operator: 'to_json' } }], bytes)
    expect(batches[0]?.[1]).toEqual([1])
    expect(failures).toEqual([expect.any(String), undefined])
  })
})

test('xml flags what is not well-formed, and goes on with the next', async () => {
  const { batches, failures } = await runProcessors([{ xml: {} }], ['<a><b></a>', '<a>1</a>'])
  expect(batches).toEqual([['<a><b></a>', { a: '1' }]])
  expect(failures).toEqual([expect.any(String), undefined])
})
