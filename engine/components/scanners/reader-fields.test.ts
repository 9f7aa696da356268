/** What inputs were told before there were scanners. */
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { openReader, readerFaults } from './reader-fields.ts'

async function read(
  codec: string,
  given: Uint8Array | string,
  { max_buffer = 100, name = '' } = {},
): Promise<readonly string[]> {
  const scanner = openReader({ scanner: undefined, codec, max_buffer })({
    name,
    metadata: undefined,
  })
  await scanner.push(Buffer.from(given))
  await scanner.end()
  const texts: string[] = []
  for (;;) {
    const message = scanner.next()
    if (message === undefined) return texts
    texts.push(Buffer.from(message.content()).toString())
  }
}

const faultOf = (codec: string): string =>
  readerFaults({ scanner: { lines: {} }, codec, max_buffer: 100 })
    .map(({ path, message }) => `${path.join('.')}: ${message}`)
    .join()

describe('a codec', () => {
  test.each([
    ['lines', 'a\nb\n', ['a', 'b']],
    ['all-bytes', 'a\nb\n', ['a\nb\n']],
    ['delim:;', 'a;b', ['a', 'b']],
    ['chunker:2', 'abc', ['ab', 'c']],
    ['csv', 'id\n1\n', ['{"id":"1"}']],
    ['csv:;', 'id;n\n1;2\n', ['{"id":"1","n":"2"}']],
    ['regex:(?m)^x', 'x1\nx2', ['x1\n', 'x2']],
    ['skipbom/lines', '\uFEFFa', ['a']],
    ['gzip/lines', gzipSync('a\nb'), ['a', 'b']],
    ['gzip', gzipSync('a\nb'), ['a\nb']],
  ])('%s stands for a scanner', async (codec, given, expected) => {
    expect(faultOf(codec)).toBe('')
    expect(await read(codec, given)).toEqual(expected)
  })

  test('auto looks at the name', async () => {
    expect(await read('auto', 'id\n1\n', { name: 'a.csv' })).toEqual(['{"id":"1"}'])
    expect(await read('auto', gzipSync('id\n1\n'), { name: 'a.csv.gz' })).toEqual(['{"id":"1"}'])
    expect(await read('auto', 'id\n1\n', { name: 'a.txt' })).toEqual(['id\n1\n'])
  })

  test('refuses a line above max_buffer', async () => {
    expect(await read('lines', 'abc\n', { max_buffer: 3 })).toEqual(['abc'])
    await expect(read('lines', 'abcd\n', { max_buffer: 3 })).rejects.toThrow('at most 3 bytes')
  })

  test.each([
    ['line', 'codec: expected a codec, got "line"'],
    ['', ''],
    ['gzip/', 'codec: expected a codec, got ""'],
    ['lines/multipart', 'codec: the codec multipart is not supported'],
    ['lines/csv', 'codec: expected no codec after lines, got csv'],
    ['chunker:x', 'codec: expected a number of bytes after chunker:, got "x"'],
    ['delim:', 'codec: expected a delimiter after delim:, got none'],
    ['regex:(', 'codec: expected a regular expression'],
    [`${'gzip/'.repeat(100_000)}lines`, 'codec: scanners are nested more than 8 deep'],
    [`${'gzip/'.repeat(8)}lines`, 'codec: scanners are nested more than 8 deep'],
  ])('%j is told what is wrong with it', (codec, fault) => {
    expect(faultOf(codec).startsWith(fault)).toBe(true)
    expect(faultOf(codec) === '').toBe(fault === '')
  })

  test('is deprecated, and nothing else is wrong with it', async () => {
    const codec = { codec: 'lines', max_buffer: 1000 }
    const inputs = [
      { stdin: codec },
      { file: { paths: ['a'], ...codec } },
      { socket: { network: 'tcp', address: 'localhost:1', ...codec } },
      { socket_server: { network: 'tcp', address: 'localhost:1', ...codec } },
      { http_client: { url: 'http://localhost', stream: { enabled: true, ...codec } } },
    ]
    for (const input of inputs) {
      const spec = { input, output: { drop: {} } }
      expect((await inspectPipeline(spec)).problems).toEqual([])
      const { problems } = await inspectPipeline(spec, { deprecated: true })
      expect(problems.map(({ message }) => message)).toEqual([
        'field codec is deprecated',
        'field max_buffer is deprecated',
      ])
    }
  })
})
