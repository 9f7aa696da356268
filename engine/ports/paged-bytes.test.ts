import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PagedBytes } from './paged-bytes.ts'

const POSITION_MAX = 20_000

test('law: reads as one long buffer would, and a copy stays as it was', () => {
  // Often whole pages, which are kept as they come, and zeros, which are one page.
  const position = fc.oneof(fc.nat(POSITION_MAX), fc.constantFrom(0, 4096, 8192))
  const length = fc.oneof(fc.nat(10_000), fc.constantFrom(0, 4096, 8192))
  const write = fc.record({ position, length, fill: fc.nat(3), copies: fc.boolean() })
  fc.assert(
    fc.property(fc.array(write, { maxLength: 20 }), position, length, (writes, from, count) => {
      const paged = new PagedBytes()
      const copies: { readonly copy: PagedBytes; readonly expected: Buffer }[] = []
      let model = Buffer.alloc(0)
      for (const { position: at, length: bytes, fill, copies: takes } of writes) {
        if (takes) copies.push({ copy: new PagedBytes(paged), expected: Buffer.from(model) })
        const written = Buffer.alloc(bytes, fill)
        if (bytes > 0) written[bytes - 1] = 9
        paged.write(written, at)
        const end = bytes === 0 ? model.length : Math.max(model.length, at + bytes)
        model = Buffer.concat([model, Buffer.alloc(end - model.length)])
        written.copy(model, at)
      }
      expect(paged.length).toBe(model.length)
      expect(paged.toBuffer().equals(model)).toBe(true)
      const into = Buffer.alloc(count)
      const expected = model.subarray(from, from + count)
      expect(paged.read(into, from)).toBe(expected.length)
      expect(into.subarray(0, expected.length).equals(expected)).toBe(true)
      for (const each of copies) expect(each.copy.toBuffer().equals(each.expected)).toBe(true)
    }),
  )
})
