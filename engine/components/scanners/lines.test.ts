import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LINE_BYTES_MAX_DEFAULT, LineScanner } from './lines.ts'

function scan(
  chunks: readonly string[],
  options: Partial<{ delimiter: string; max: number }> = {},
) {
  const scanner = new LineScanner({
    custom_delimiter: options.delimiter ?? '',
    max_buffer_size: options.max ?? LINE_BYTES_MAX_DEFAULT,
  })
  const lines: string[] = []
  const drain = () => {
    for (;;) {
      try {
        const line = scanner.next()
        if (line === undefined) return
        lines.push(Buffer.from(line).toString())
      } catch {
        lines.push('(too long)')
      }
    }
  }
  for (const chunk of chunks) {
    scanner.push(Buffer.from(chunk))
    drain()
  }
  scanner.end()
  drain()
  return lines
}

describe('LineScanner', () => {
  test('gives the same lines wherever the chunks were cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-c;,]{0,6}$/), { maxLength: 12 }),
        fc.constantFrom('\n', ';,', ';;'),
        fc.integer({ min: 1, max: 5 }),
        (parts, delimiter, size) => {
          const text = parts.join(delimiter)
          const chunks = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
          const options = delimiter === '\n' ? {} : { delimiter }
          const expected = text.split(delimiter)
          if (expected.at(-1) === '') expected.pop()
          expect(scan(chunks, options)).toEqual(expected)
        },
      ),
    )
  })

  test('leaves the carriage return out, but for a delimiter of its own', () => {
    expect(scan(['a\r\nb\r', '\n\nc\r'])).toEqual(['a', 'b', '', 'c'])
    expect(scan(['a\r;b'], { delimiter: ';' })).toEqual(['a\r', 'b'])
  })

  test('takes a line at the limit, refuses one above it, and goes on', () => {
    expect(scan(['xxxx\nyy'], { max: 4 })).toEqual(['xxxx', 'yy'])
    expect(scan(['xxxxx\nyy'], { max: 4 })).toEqual(['(too long)', 'yy'])
    expect(scan(['xxxxx'], { max: 4 })).toEqual(['(too long)'])
    expect(scan(['xx', 'xxxxx', 'xxx', '\nyy\n'], { max: 4 })).toEqual(['(too long)', 'yy'])
    expect(scan(['xxxxxxxxx;', ';yy'], { max: 4, delimiter: ';;' })).toEqual(['(too long)', 'yy'])
  })
})
