import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../../ports/seeded-random.ts'
import { boundaryOf, formMultipart, PARTS_MAX, partMultipart } from './multipart.ts'

const parted = (text: string, boundary = 'b'): string[] | undefined =>
  partMultipart(Buffer.from(text), boundary)?.map((part) => Buffer.from(part).toString())

describe('a body of several parts', () => {
  test('is read as it was formed, whatever its parts hold', () => {
    const random = new SeededRandom(1)
    const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(bodies, fc.boolean(), (given, named) => {
        const headers = named ? { 'Content-Type': 'text/plain' } : {}
        const { contentType, body } = formMultipart(
          given.map((part) => ({ headers, body: part })),
          random,
        )
        const parts = partMultipart(body, boundaryOf(contentType) ?? '')
        expect(parts?.map((part) => [...part])).toEqual(given.map((part) => [...part]))
      }),
    )
  })

  test('may have a beginning and an end around it, and lines without carriage returns', () => {
    expect(parted('before\r\n--b\r\nA: 1\r\n\r\none\r\n--b \r\n\r\ntwo\r\n--b--\r\nafter')).toEqual(
      ['one', 'two'],
    )
    expect(parted('--b\nA: 1\n\none\n--b\n\n\n--b--')).toEqual(['one', ''])
    expect(parted('--b--')).toEqual([])
  })

  test('is not ended by a longer boundary, or by one within a line', () => {
    expect(parted('--b\r\n\r\none\r\n--bb\r\n x--b\r\n--b--')).toEqual(['one\r\n--bb\r\n x--b'])
  })

  test('is refused where it does not end, or a part has only headers', () => {
    for (const text of ['', 'x', '--b', '--b\r\n\r\none', '--b\r\nA: 1\r\n--b--']) {
      expect(parted(text)).toBeUndefined()
    }
  })

  test('is taken up to so many parts, and not beyond', () => {
    const text = (count: number): string => `${'--b\n\n\n'.repeat(count)}--b--`
    expect(parted(text(PARTS_MAX))).toHaveLength(PARTS_MAX)
    expect(parted(text(PARTS_MAX + 1))).toBeUndefined()
  })

  test('is told by its content type', () => {
    expect(boundaryOf('multipart/form-data; boundary=abc')).toBe('abc')
    expect(boundaryOf('Multipart/Mixed; charset=x; Boundary="a b;c"')).toBe('a b;c')
    expect(boundaryOf('text/plain; boundary=abc')).toBeUndefined()
    expect(boundaryOf('multipart/mixed')).toBeUndefined()
  })
})
