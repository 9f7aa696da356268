import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FRAME_CODECS, frameReader, framesOf } from './frames.ts'

const MAX = 100

function read(codec: (typeof FRAME_CODECS)[number], chunks: readonly Uint8Array[], max = MAX) {
  const reader = frameReader(codec, max)
  const found: string[] = []
  for (const chunk of chunks) {
    reader.push(Uint8Array.from(chunk))
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
      found.push(Buffer.from(frame).toString('latin1'))
    }
  }
  return found
}

describe.each(FRAME_CODECS)('%s', (codec) => {
  test('what is sent is read again, wherever the pipe parts it', () => {
    const bytes = fc.uint8Array({ maxLength: MAX }).map((given) => {
      // A line has no line breaks in it.
      if (codec === 'lines') for (const [at, byte] of given.entries()) given[at] = byte | 0x10
      return given
    })
    fc.assert(
      fc.property(fc.array(bytes), fc.nat(), (contents, seed) => {
        const pipe = Buffer.concat(contents.flatMap((content) => framesOf(codec, content)))
        const size = (seed % 7) + 1
        const chunks = Array.from({ length: Math.ceil(pipe.length / size) }, (_, at) =>
          pipe.subarray(at * size, (at + 1) * size),
        )
        const texts = contents.map((content) => Buffer.from(content).toString('latin1'))
        expect(read(codec, chunks)).toEqual(texts)
      }),
    )
  })

  test('an answer is as long as the limit, and no longer', () => {
    const frame = (length: number) => framesOf(codec, Buffer.alloc(length, 'x'))
    expect(read(codec, frame(MAX))).toHaveLength(1)
    expect(() => read(codec, [...frame(MAX + 1), Buffer.from('x'), Buffer.from('x')])).toThrow(
      'expected',
    )
  })
})

test('a message with line breaks is several lines', () => {
  const lines = (text: string) => framesOf('lines', Buffer.from(text)).map(String)
  expect(lines('a\nb')).toEqual(['a\n', 'b\n'])
  expect(lines('a\n')).toEqual(['a\n'])
  expect(lines('')).toEqual(['\n'])
})

test('what is no netstring is told', () => {
  expect(() => read('netstring', [Buffer.from('x:a,')])).toThrow('the length of a netstring')
  expect(() => read('netstring', [Buffer.from(':a,')])).toThrow('the length of a netstring')
  expect(() => read('netstring', [Buffer.from('12345678901')])).toThrow('the length')
  expect(() => read('netstring', [Buffer.from('1:ab')])).toThrow('a comma behind')
})
