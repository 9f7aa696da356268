/** Methods that make digests. */
import { createHash, createHmac } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { MethodDefinition } from '../definition.ts'
import { foreign } from '../formats/foreign.ts'
import { xxhash64 } from '../formats/xxhash.ts'
import { MappingError } from '../mapping-error.ts'
import { expectBytes } from './expect-bytes.ts'

const encoding = { category: 'encoding', status: 'stable' } as const

interface Ingredients {
  readonly key: Buffer | undefined
  readonly polynomial: string
}

type Hash = (bytes: Buffer, ingredients: Ingredients) => Uint8Array | string

function digest(algorithm: string): Hash {
  return (bytes) =>
    foreign('expected a hash that this system has', () =>
      createHash(algorithm).update(bytes).digest(),
    )
}

function keyed(algorithm: string): Hash {
  return (bytes, { key }) => {
    if (key === undefined) {
      throw new MappingError(`hash "hmac_${algorithm}" expected a key, got none`, true)
    }
    return createHmac(algorithm, key).update(bytes).digest()
  }
}

const HASHES: Readonly<Record<string, Hash>> = {
  crc32: (bytes, { polynomial }) => uint32(checksum(bytes, polynomial)),
  fnv32: (bytes) => String(fnv32(bytes)),
  hmac_sha1: keyed('sha1'),
  hmac_sha256: keyed('sha256'),
  hmac_sha512: keyed('sha512'),
  md5: digest('md5'),
  sha1: digest('sha1'),
  sha256: digest('sha256'),
  sha512: digest('sha512'),
  sha3_256: digest('sha3-256'),
  sha3_512: digest('sha3-512'),
  xxhash64: (bytes) => String(xxhash64(bytes)),
}

/** The reversed polynomials of the checksums that differ from the usual one. */
const POLYNOMIALS: Readonly<Record<string, number>> = {
  Castagnoli: 0x82f63b78,
  Koopman: 0xeb31d82e,
}

const tables = new Map<string, Int32Array>()

function tableOf(name: string): Int32Array {
  const known = tables.get(name)
  if (known !== undefined) return known
  const polynomial = Object.hasOwn(POLYNOMIALS, name) ? POLYNOMIALS[name] : undefined
  if (polynomial === undefined) {
    throw new MappingError(
      `unknown polynomial "${name.slice(0, 64)}", expected IEEE, Castagnoli or Koopman`,
      true,
    )
  }
  const table = Int32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ polynomial : rest >>> 1
    return rest
  })
  tables.set(name, table)
  return table
}

function checksum(bytes: Buffer, polynomial: string): number {
  if (polynomial === 'IEEE') return crc32(bytes)
  const table = tableOf(polynomial)
  let sum = -1
  for (const byte of bytes) sum = (table[(sum ^ byte) & 0xff] as number) ^ (sum >>> 8)
  return ~sum >>> 0
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** FNV-1: multiplies before it mixes a byte in. */
function fnv32(bytes: Buffer): number {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash, 0x01000193) ^ byte
  return hash >>> 0
}

function hashOf(name: string): Hash {
  const hash = Object.hasOwn(HASHES, name) ? HASHES[name] : undefined
  if (hash !== undefined) return hash
  throw new MappingError(
    `unknown hash algorithm "${name.slice(0, 64)}", expected ${Object.keys(HASHES).join(', ')}`,
    true,
  )
}

export const hashingMethods: readonly MethodDefinition[] = [
  {
    name: 'hash',
    ...encoding,
    description:
      'The digest of the bytes, as bytes: md5, sha1, sha256, sha512, sha3_256, sha3_512, crc32, and with a key hmac_sha1, hmac_sha256, hmac_sha512. xxhash64 and fnv32 give a decimal text.',
    parameters: [
      { name: 'algorithm', type: 'string', description: 'How to hash.' },
      { name: 'key', type: 'string', description: 'The key of an hmac.', optional: true },
      {
        name: 'polynomial',
        type: 'string',
        description: 'Of crc32: IEEE, Castagnoli or Koopman.',
        default: 'IEEE',
      },
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
      {
        mapping:
          'root = "123456789".hash(algorithm: "crc32", polynomial: "Castagnoli").encode("hex")',
        output: 'e3069283',
      },
      { mapping: 'root = "abc".hash("xxhash64")', output: '4952883123889572249' },
      { mapping: 'root = "a".hash("hmac_sha1")', error: 'expected a key, got none' },
    ],
    build: (site) => {
      const hash = site.derived('algorithm', hashOf)
      const key = site.given('key') ? site.any('key') : undefined
      const polynomial = site.string('polynomial')
      return (target, frame) => {
        const secret = key?.(frame)
        return hash(frame)(expectBytes(target), {
          key: secret === undefined ? undefined : expectBytes(secret),
          polynomial: polynomial(frame),
        })
      }
    },
  },
]
