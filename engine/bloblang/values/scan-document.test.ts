/** The scan of sixty-four bytes at a time says the same as the one that looks at each byte. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DOCUMENT_DEPTH_MAX } from './document-depth.ts'
import { scanDocument, scanSlowly } from './scan-document.ts'

const agree = (bytes: Uint8Array): void => {
  const slow = scanSlowly(bytes)
  const fast = scanDocument(bytes)
  expect(fast === undefined ? undefined : [...Array.from(fast)]).toEqual(slow)
}

const number = fc.stringMatching(/^-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,17})?([eE][-+]?[0-9]{1,3})?$/)
const text = fc.array(
  fc.constantFrom('a', '\\"', '\\\\', '\\\\\\"', '1.0', '[', '}', ' ', 'é', '\\u0000', '-0', '😀'),
  { maxLength: 30 },
)
const json = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    number,
    fc.constantFrom('true', 'false', 'null', '0.000001', '0.0000001', '-0', '9007199254740993'),
    text.map((parts) => `"${parts.join('')}"`),
    fc.array(tie('value'), { maxLength: 6 }).map((items) => `[${items.join(', ')}]`),
    fc
      .array(fc.tuple(text, tie('value')), { maxLength: 6 })
      .map(
        (members) => `{${members.map(([key, item]) => `"${key.join('')}": ${item}`).join(',')}}`,
      ),
  ),
})).value

describe('the scan of a document', () => {
  test('finds what the slow scan finds, in any JSON', () => {
    fc.assert(
      fc.property(json, (document) => agree(Buffer.from(document))),
      { numRuns: 3_000 },
    )
  })

  test('does so wherever a block of bytes ends', () => {
    const document = '{"a\\\\":"\\"1.0","b":[1.0,12345678901234567,-0,1e5,0.5],"c":"x"}'
    for (let spaces = 0; spaces < 130; spaces++) {
      agree(Buffer.from(`${' '.repeat(spaces)}${document}`))
      agree(Buffer.from(`["${'\\\\'.repeat(spaces)}",1.0,"\\"",2.0]`))
      agree(Buffer.from(`["${'x'.repeat(spaces)}\\"",1.0,"1.0"]`))
    }
  })

  test('keeps nothing of a document before it', () => {
    agree(Buffer.from(`[${'1.0,'.repeat(1_000)}1]`))
    agree(Buffer.from('[1'))
    agree(Buffer.from(''))
    agree(Buffer.from(`"${'x'.repeat(100_000)}`))
    agree(Buffer.from('[12.5]'))
  })

  test('refuses what nests deeper than the limit, however the brackets lie', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
      ['[1,"]]]]",', ']'],
    ] as const) {
      const nested = (depth: number): Buffer =>
        Buffer.from(`${open.repeat(depth)}1${close.repeat(depth)}`)
      agree(nested(DOCUMENT_DEPTH_MAX))
      expect(scanDocument(nested(DOCUMENT_DEPTH_MAX))).toBeDefined()
      expect(scanDocument(nested(DOCUMENT_DEPTH_MAX + 1))).toBeUndefined()
    }
    expect(scanDocument(Buffer.from('[],'.repeat(5_000)))).toBeDefined()
  })
})
