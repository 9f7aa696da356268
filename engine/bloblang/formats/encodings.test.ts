/** Codecs of ours against the values that their specifications give, and against themselves. */
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { runMapping } from '../evaluate-for-test.ts'
import { MappingError } from '../mapping-error.ts'
import { DECOMPRESSED_BYTES_MAX } from '../methods/compression.ts'
import { decodeAscii85, decodeZ85, encodeAscii85, encodeZ85 } from './base85.ts'
import { compressLz4, decompressLz4 } from './lz4.ts'
import { compressSnappy, decompressSnappy } from './snappy.ts'
import { xxhash32, xxhash64 } from './xxhash.ts'

describe('xxHash', () => {
  test.each([
    ['', 0x02cc5d05, 0xef46db3751d8e999n],
    ['a', 0x550d7456, 0xd24ec4f1a98c6e5bn],
    ['abc', 0x32d153ff, 0x44bc2cf5ad770999n],
    ['Nobody inspects the spammish repetition', 0xe2293b2f, 0xfbcea83c8a378bf1n],
  ])('of %j is %i and %i', (text, narrow, wide) => {
    expect([xxhash32(Buffer.from(text)), xxhash64(Buffer.from(text))]).toEqual([narrow, wide])
  })
})

describe('the other hashes', () => {
  test.each([
    ['"hello".hash("fnv32")', '3069866343'],
    ['"hello world".hash(algorithm: "crc32", polynomial: "Koopman").encode("hex")', 'df373d3c'],
    ['"123456789".hash("crc32").encode("hex")', 'cbf43926'],
    ['"".hash("sha3_256").encode("hex").slice(0, 8)', 'a7ffc6f8'],
    [
      '"what do ya want for nothing?".hash("hmac_sha256", "Jefe").encode("hex").slice(0, 8)',
      '5bdcc146',
    ],
  ])('%s is %s', (mapping, output) => {
    expect(runMapping(`root = ${mapping}`)).toBe(output)
  })
})

describe('base 85', () => {
  test('has the letters that the specifications give', () => {
    const hello = Buffer.from('864fd26fb559f75b', 'hex')
    expect(encodeZ85(hello)).toBe('HelloWorld')
    expect(decodeZ85('HelloWorld')).toEqual(hello)
    expect(encodeAscii85(Buffer.from('hello\0\0\0\0\0\0\0wor'))).toBe('BOu!rDZBb;zGAhL')
    expect(encodeAscii85(Buffer.from('Man '))).toBe('9jqo^')
  })

  test('gives back what went in', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (array) => {
        const bytes = Buffer.from(array)
        expect(decodeAscii85(encodeAscii85(bytes))).toEqual(bytes)
        const whole = bytes.subarray(0, bytes.length - (bytes.length % 4))
        expect(decodeZ85(encodeZ85(whole))).toEqual(whole)
      }),
    )
  })

  test.each(['"', 'v!!!!', 's8W-"', 'a', 'az'])('refuses %j', (text) => {
    expect(() => decodeAscii85(text)).toThrow('expected ascii85 text')
  })

  test.each(['Hello', '#####', 'abcd', 'ab de'])(
    'of ZeroMQ refuses %j unless it is whole',
    (text) => {
      if (text === 'Hello') expect(decodeZ85(text)).toHaveLength(4)
      else expect(() => decodeZ85(text)).toThrow('expected z85 text')
    },
  )
})

const content = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 400 }))
    .map(([part, count]) => new Uint8Array(Buffer.alloc(part.length * count, part))),
)

/** What it gives, or the failure of a mapping. */
function attempt(run: () => Buffer): Buffer | string {
  try {
    return run()
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(MappingError)
    return String(thrown)
  }
}

describe('compression', () => {
  test.each(['flate', 'gzip', 'lz4', 'pgzip', 'snappy', 'zlib', 'zstd'])(
    'by %s gives back what went in, or a failure for anything else',
    (algorithm) => {
      const mapping = `root = content().compress("${algorithm}").decompress("${algorithm}")`
      fc.assert(
        fc.property(fc.string({ maxLength: 200 }), (text) => {
          fc.pre(text !== '')
          expect(runMapping(mapping, text)).toBe(text)
        }),
        { numRuns: 30 },
      )
      expect(() => runMapping(`root = "no such data".decompress("${algorithm}")`)).toThrow(
        'expected',
      )
    },
  )

  test('of LZ4 and Snappy gives back any bytes', () => {
    fc.assert(
      fc.property(content, (array) => {
        const bytes = Buffer.from(array)
        expect(decompressLz4(compressLz4(bytes), bytes.length)).toEqual(bytes)
        expect(decompressSnappy(compressSnappy(bytes), bytes.length)).toEqual(bytes)
      }),
    )
  })

  test('of LZ4 and Snappy takes changed data for changed, and never crashes', () => {
    const place = fc.nat()
    fc.assert(
      fc.property(content, place, fc.integer({ min: 1, max: 255 }), (array, at, change) => {
        const bytes = Buffer.from(array)
        const frame = compressLz4(bytes)
        frame[at % frame.length] = (frame[at % frame.length] as number) ^ change
        // A match that is moved by a whole period still means the same.
        const read = attempt(() => decompressLz4(frame, DECOMPRESSED_BYTES_MAX))
        if (typeof read !== 'string') expect(read).toEqual(bytes)
        const block = compressSnappy(bytes)
        const cut = block.subarray(0, at % block.length)
        expect(() => decompressSnappy(cut, DECOMPRESSED_BYTES_MAX)).toThrow('expected')
      }),
    )
  })

  test('of LZ4 is what the command lz4 writes: blocks that depend, sizes, several frames', () => {
    const frames =
      'BCJNGGRApxsAAAD/AXRoZSBsYXN0IHN0cmF3LCAQAAZQc3RyYXcAAAAAcDg7TAQiTRhwQK0bAAAA/wF0aGUgbGFzdCBzdHJhdywgEAAGUHN0cmF3820RjgAAAAA='
    expect(decompressLz4(Buffer.from(frames, 'base64'), 1_000).toString()).toBe(
      'the last straw, the last straw, the last straw'.repeat(2),
    )
  })

  test('of bzip2 is what the command bzip2 writes', () => {
    const hex =
      '425a68393141592653593bc857c800000d51800010400422441c8020003100d34d0254c4f519a34315598608b20c24643928d1772453850903bc857c80'
    expect(runMapping(`root = "${hex}".decode("hex").decompress("bzip2")`)).toBe(
      'the last straw, the last straw\n',
    )
    expect(() =>
      runMapping(`root = "${hex.slice(0, 60)}".decode("hex").decompress("bzip2")`),
    ).toThrow('expected data of bzip2')
  })

  const compressors = {
    flate: deflateRawSync,
    gzip: gzipSync,
    lz4: compressLz4,
    snappy: compressSnappy,
    zlib: deflateSync,
    zstd: zstdCompressSync,
  } as const

  test.each(Object.entries(compressors))(
    'by %s gives as much as the limit, and no more',
    (algorithm, compress) => {
      const decompressed = (length: number): string => {
        const t = compress(Buffer.alloc(length)).toString('base64')
        const mapping = `root = this.t.decode("base64").decompress("${algorithm}").length()`
        return runMapping(mapping, JSON.stringify({ t }))
      }
      expect(decompressed(DECOMPRESSED_BYTES_MAX)).toBe(`${DECOMPRESSED_BYTES_MAX}`)
      expect(() => decompressed(DECOMPRESSED_BYTES_MAX + 1)).toThrow(/expected (?:data of|at most)/)
    },
    60_000,
  )
})
