import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HEADER_CRC_AT, headerCrc } from './header-crc.ts'

test("the crc of a header is the platform's, wherever the header lies", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 80 }), (bytes) => {
      const at = bytes.length - 64
      expect(headerCrc(bytes, at)).toBe(crc32(bytes.subarray(at, at + HEADER_CRC_AT)))
    }),
  )
})
