import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { conformConfig } from '../../pipelines/config-check.ts'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import type { Message } from '../../pipelines/message.ts'
import { openScanner, SCANNER_DEPTH_MAX, scannerField } from './scanner-field.ts'
import { tarOf } from './tar-of.ts'

const shown = (message: Message): unknown => {
  if (message.failure() !== undefined) return { failed: message.failure()?.text }
  const text = Buffer.from(message.content()).toString()
  const own = [...message.metadataKeys()].filter((key) => key !== 'path')
  return own.length === 0 ? text : [text, ...own.map((key) => `${key}=${message.metadata(key)}`)]
}

/** What a scanner makes of bytes that come in chunks of this size, and what it throws. */
async function scan(scanner: object, input: string | Uint8Array, size = 7, name = '') {
  const open = openScanner(conformConfig(scannerField, scanner))
  const scanning = open({ name, metadata: new Map([['path', name]]) })
  const found: unknown[] = []
  const drain = (): void => {
    for (;;) {
      try {
        const message = scanning.next()
        if (message === undefined) return
        expect(message.metadata('path')).toBe(name)
        found.push(shown(message))
      } catch (thrown) {
        found.push({ thrown: (thrown as Error).message })
      }
    }
  }
  const bytes = Buffer.from(input)
  for (let at = 0; at < bytes.length; at += size) {
    await scanning.push(Buffer.from(bytes.subarray(at, at + size)))
    drain()
  }
  await scanning.end()
  drain()
  return found
}

const problemsOf = async (scanner: unknown): Promise<readonly string[]> =>
  (await inspectPipeline({ input: { stdin: { scanner } }, output: { drop: {} } })).problems.map(
    ({ path, message }) => `${path.slice(2).join('.')}: ${message}`,
  )

const archive = tarOf([
  ['a.txt', 'first'],
  ['empty', ''],
  [`${'deep/'.repeat(30)}b.txt`, 'x'.repeat(1_000)],
])

const FORMATS: readonly (readonly [string, object, string | Buffer])[] = [
  ['lines', { lines: {} }, 'a\nbb\n\nc'],
  ['to_the_end', { to_the_end: {} }, 'a\nbb\n'],
  ['chunker', { chunker: { size: 4 } }, 'aaaabbbbc'],
  ['re_match', { re_match: { pattern: '(?m)^\\d' } }, 'é\n1 a\nb\n2 c\n3'],
  ['json_documents', { json_documents: {} }, '{"a":"}\\""} [1,2]\n3 "x"true'],
  ['json_array', { json_array: {} }, ' [ {"a":[1]}, "]," ,3 ] '],
  ['csv', { csv: {} }, 'a,"b,b"\r\n1,"x\ny ""q"""\n\n3,é'],
  ['lazy csv', { csv: { lazy_quotes: true } }, 'a,b\n1 "x" y,"a "b" c"\n3,4\n'],
  ['tar', { tar: {} }, archive],
  ['skip_bom', { skip_bom: { into: { lines: {} } } }, '\uFEFFa\nb'],
  ['decompress', { decompress: { algorithm: 'gzip', into: { lines: {} } } }, gzipSync('a\nb\nc')],
]

test.each(FORMATS)(
  '%s gives the same messages wherever the bytes were cut',
  async (_, config, input) => {
    const whole = await scan(config, input, 1_000_000)
    expect(whole.length).toBeGreaterThan(0)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), async (size) => {
        expect(await scan(config, input, size)).toEqual(whole)
      }),
      { numRuns: 15 },
    )
  },
)

describe('what scanners make of bytes', () => {
  test('to_the_end gives all, chunker pieces, re_match from match to match', async () => {
    expect(await scan({ to_the_end: {} }, 'a\nb\n')).toEqual(['a\nb\n'])
    expect(await scan({ chunker: { size: 4 } }, 'aaaabbbbc')).toEqual(['aaaa', 'bbbb', 'c'])
    expect(await scan({ chunker: { size: 4 } }, 'aaaa')).toEqual(['aaaa'])
    const config = { re_match: { pattern: '(?m)^\\d' } }
    expect(await scan(config, 'é\n1 a\nb\n2 c')).toEqual(['é\n', '1 a\nb\n', '2 c'])
  })

  test('JSON is parted into documents, or an array into elements', async () => {
    expect(await scan({ json_documents: {} }, '{"a":"}"} [1]3 "x"')).toEqual([
      '{"a":"}"}',
      '[1]',
      '3',
      '"x"',
    ])
    expect(await scan({ json_array: {} }, ' [ {"a":[1]}, "],",3] ')).toEqual([
      '{"a":[1]}',
      '"],"',
      '3',
    ])
    expect(await scan({ json_array: {} }, '[]')).toEqual([])
  })

  test('rows of CSV are objects with their number, or lists', async () => {
    expect(await scan({ csv: {} }, 'a,b\n1,"x\ny"\n2,z')).toEqual([
      ['{"a":"1","b":"x\\ny"}', 'csv_row=0'],
      ['{"a":"2","b":"z"}', 'csv_row=1'],
    ])
    const bare = { csv: { parse_header_row: false, custom_delimiter: ';' } }
    expect(await scan(bare, 'a;b\n')).toEqual([['["a","b"]', 'csv_row=0']])
  })

  test('a row that is wrong ends the file, or is told and passed over', async () => {
    const text = 'a,b\n1\n2,3\n'
    const reason = 'row 0 of the CSV: expected 2 fields, got 1'
    expect(await scan({ csv: {} }, text)).toEqual([{ thrown: reason }])
    expect(await scan({ csv: { continue_on_error: true } }, text)).toEqual([
      { failed: reason },
      ['{"a":"2","b":"3"}', 'csv_row=1'],
    ])
  })

  test('files of an archive have their whole names', async () => {
    expect(await scan({ tar: {} }, archive, 100)).toEqual([
      ['first', 'tar_name=a.txt'],
      ['', 'tar_name=empty'],
      ['x'.repeat(1_000), `tar_name=${'deep/'.repeat(30)}b.txt`],
    ])
  })

  test.each([
    ['gzip', gzipSync('a\nb')],
    ['pgzip', gzipSync('a\nb')],
    ['zlib', deflateSync('a\nb')],
    ['flate', deflateRawSync('a\nb')],
    ['zstd', zstdCompressSync('a\nb')],
  ])('decompresses %s', async (algorithm, bytes) => {
    const config = { decompress: { algorithm, into: { lines: {} } } }
    expect(await scan(config, bytes)).toEqual(['a', 'b'])
  })

  test('a switch goes by the name', async () => {
    const cases = [
      { re_match_name: '\\.gz$', scanner: { decompress: { algorithm: 'gzip' } } },
      { re_match_name: '\\.txt$', scanner: { lines: {} } },
    ]
    expect(await scan({ switch: cases }, gzipSync('a\nb'), 7, 'x.gz')).toEqual(['a\nb'])
    expect(await scan({ switch: cases }, 'a\nb', 7, 'x.txt')).toEqual(['a', 'b'])
    await expect(scan({ switch: cases }, 'a', 7, 'x')).rejects.toThrow('fits the name "x"')
  })
})

test.each([
  ['json_documents', { json_documents: {} }, '1 {"a":} 3', ['1', { thrown: /JSON document/ }]],
  ['json_array', { json_array: {} }, '[1 2]', ['1', { thrown: /expected , or \]/ }]],
  ['json_array', { json_array: {} }, '[1,', ['1', { thrown: /expected an element, got the end/ }]],
  ['tar', { tar: {} }, archive.subarray(0, 514), [{ thrown: /it ends within a.txt/ }]],
  ['tar', { tar: {} }, 'x'.repeat(600), [{ thrown: /tar archive/ }]],
  [
    'decompress',
    { decompress: { algorithm: 'gzip' } },
    'no gzip',
    [{ thrown: /cannot decompress/ }],
  ],
  ['lz4', { decompress: { algorithm: 'lz4' } }, 'no lz4', [{ thrown: /cannot decompress/ }]],
  [
    're_match',
    { re_match: { pattern: '\\d', max_buffer_size: 4 } },
    '1aaaa',
    [{ thrown: /at most 4 bytes/ }],
  ],
] as const)(
  '%s tells once what it cannot understand, and gives nothing after it',
  async (_, config, input, expected) => {
    const found = await scan(config, input, 1_000)
    expect(found).toHaveLength(expected.length)
    for (const [index, one] of expected.entries()) {
      if (typeof one === 'string') expect(found[index]).toEqual(one)
      else expect((found[index] as { thrown: string }).thrown).toMatch(one.thrown)
    }
  },
)

describe('the scanner field', () => {
  const nested = (depth: number): object =>
    depth === 1 ? { lines: {} } : { skip_bom: { into: nested(depth - 1) } }

  test('tells what is wrong with a scanner, and with one within it', async () => {
    expect(await problemsOf({ lines: {}, csv: {} })).toEqual([
      'scanner: expected one scanner, got lines and csv',
    ])
    expect(await problemsOf({ linse: {} })).toEqual([expect.stringContaining('unknown field')])
    expect(await problemsOf({ re_match: { pattern: '(' } })).toEqual([
      expect.stringContaining('scanner.re_match.pattern: expected a regular expression'),
    ])
    expect(await problemsOf({ csv: { custom_delimiter: 'ab' } })).toHaveLength(1)
    expect(await problemsOf({ decompress: { algorithm: 'rar' } })).toEqual([
      expect.stringContaining('scanner.decompress.algorithm: expected'),
    ])
    expect(await problemsOf({ skip_bom: { into: { chunker: {} } } })).toEqual([
      'scanner.skip_bom.into.chunker: missing field "size"',
    ])
    expect(await problemsOf({ switch: [{ re_match_name: '(', scanner: { x: {} } }] })).toHaveLength(
      2,
    )
  })

  test('goes as deep as the limit, and no deeper', async () => {
    expect(await problemsOf(nested(SCANNER_DEPTH_MAX))).toEqual([])
    expect(await problemsOf(nested(SCANNER_DEPTH_MAX + 1))).toEqual([
      expect.stringContaining(`more than ${SCANNER_DEPTH_MAX} deep`),
    ])
  })
})
