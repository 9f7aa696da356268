/** Methods that encode, decode and hash. */
import { createHash, createHmac } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { MethodDefinition } from '../definition.ts'
import { MappingError } from '../mapping-error.ts'
import { mismatch } from '../values/kind-of.ts'
import type { Result } from '../values/result.ts'

const encoding = { category: 'encoding', status: 'stable' } as const

export const encodingMethods: readonly MethodDefinition[] = [
  {
    name: 'encode',
    ...encoding,
    description: 'The bytes as text: base64, base64url, base64rawurl or hex.',
    parameters: [{ name: 'scheme', type: 'string', description: 'How to encode.' }],
    examples: [
      { mapping: 'root = "hello??".encode("base64")', output: 'aGVsbG8/Pw==' },
      { mapping: 'root = "hello??".encode("base64url")', output: 'aGVsbG8_Pw==' },
      { mapping: 'root = "hi".encode("hex")', output: '6869' },
      { mapping: 'root = "hi".encode("rot13")', error: 'unknown encoding scheme' },
    ],
    build: (site) => {
      const scheme = site.derived('scheme', encoder)
      return (target, frame) => scheme(frame)(expectBytes(target))
    },
  },
  {
    name: 'decode',
    ...encoding,
    description: 'The bytes that a text stands for.',
    parameters: [{ name: 'scheme', type: 'string', description: 'How it is encoded.' }],
    examples: [
      { mapping: 'root = "aGVsbG8/Pw==".decode("base64")', output: 'hello??' },
      { mapping: 'root = "6".decode("hex")', error: 'expected hex text' },
    ],
    build: (site) => {
      const scheme = site.derived('scheme', decoder)
      return (target, frame) => scheme(frame)(expectBytes(target).toString('latin1'))
    },
  },
  {
    name: 'hash',
    ...encoding,
    description:
      'The digest of the bytes, as bytes: md5, sha1, sha256, sha512, sha3_256, sha3_512, crc32, and with a key hmac_sha1, hmac_sha256, hmac_sha512.',
    parameters: [
      { name: 'algorithm', type: 'string', description: 'How to hash.' },
      { name: 'key', type: 'string', description: 'The key of an hmac.', optional: true },
    ],
    examples: [
      {
        mapping: 'root = "hello".hash("sha1").encode("hex")',
        output: 'aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d',
      },
      {
        mapping: 'root = "hello".hash("md5").encode("hex")',
        output: '5d41402abc4b2a76b9719d911017c592',
      },
    ],
    build: (site) => {
      const algorithm = site.derived('algorithm', hasher)
      const key = site.given('key') ? site.string('key') : undefined
      return (target, frame) => algorithm(frame)(expectBytes(target), key?.(frame))
    },
  },
]

function expectBytes(value: Result): Buffer {
  if (typeof value === 'string') return Buffer.from(value)
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  throw mismatch('string or bytes', value)
}

function encoder(scheme: string): (bytes: Buffer) => string {
  switch (scheme) {
    case 'base64':
    case 'hex':
      return (bytes) => bytes.toString(scheme)
    case 'base64url':
      return (bytes) => bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_')
    case 'base64rawurl':
      return (bytes) => bytes.toString('base64url')
    default:
      throw unknownScheme(scheme)
  }
}

const FORMS: Readonly<Record<string, RegExp>> = {
  base64: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
  base64url: /^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}==|[A-Za-z0-9_-]{3}=)?$/,
  base64rawurl: /^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2,3})?$/,
  hex: /^(?:[0-9a-fA-F]{2})*$/,
}

function decoder(scheme: string): (text: string) => Uint8Array {
  const form = Object.hasOwn(FORMS, scheme) ? FORMS[scheme] : undefined
  if (form === undefined) throw unknownScheme(scheme)
  return (text) => {
    const compact = scheme === 'hex' ? text : text.replace(/[\r\n]/g, '')
    if (!form.test(compact)) throw new MappingError(`expected ${scheme} text, got something else`)
    return Buffer.from(compact, scheme === 'hex' ? 'hex' : 'base64')
  }
}

function unknownScheme(scheme: string): MappingError {
  return new MappingError(
    `unknown encoding scheme "${scheme}", expected base64, base64url, base64rawurl or hex`,
    true,
  )
}

const HASHES: Readonly<Record<string, string>> = {
  md5: 'md5',
  sha1: 'sha1',
  sha256: 'sha256',
  sha512: 'sha512',
  sha3_256: 'sha3-256',
  sha3_512: 'sha3-512',
}

type Hash = (bytes: Buffer, key: string | undefined) => Uint8Array | string

function hasher(algorithm: string): Hash {
  if (algorithm === 'crc32') return (bytes) => String(crc32(bytes))
  const plain = Object.hasOwn(HASHES, algorithm) ? HASHES[algorithm] : undefined
  if (plain !== undefined) return (bytes) => createHash(plain).update(bytes).digest()
  const keyed = /^hmac_(sha1|sha256|sha512)$/.exec(algorithm)?.[1]
  if (keyed === undefined) {
    throw new MappingError(
      `unknown hash algorithm "${algorithm}", expected ${Object.keys(HASHES).join(', ')}, crc32 or hmac_sha256`,
      true,
    )
  }
  return (bytes, key) => {
    if (key === undefined)
      throw new MappingError(`hash "${algorithm}" expected a key, got none`, true)
    return createHmac(keyed, key).update(bytes).digest()
  }
}
