/** Methods that encrypt and decrypt with AES. */
import { type CipherGCM, createCipheriv, createDecipheriv, type DecipherGCM } from 'node:crypto'
import type { MethodDefinition, Parameter } from '../definition.ts'
import { foreign } from '../formats/foreign.ts'
import { MappingError } from '../mapping-error.ts'
import { expectBytes } from './expect-bytes.ts'

const parameters: readonly Parameter[] = [
  { name: 'scheme', type: 'string', description: 'ctr, gcm, ofb or cbc.' },
  { name: 'key', type: 'string', description: '16, 24 or 32 bytes.' },
  { name: 'iv', type: 'string', description: 'The vector: 16 bytes, or 12 for gcm.' },
]
const encoding = { category: 'encoding', status: 'stable', parameters } as const

const BLOCK_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES: ReadonlySet<number> = new Set([16, 24, 32])
const SCHEMES: ReadonlySet<string> = new Set(['ctr', 'gcm', 'ofb', 'cbc'])

interface Cipher {
  readonly scheme: string
  readonly key: Buffer
  readonly iv: Buffer
}

function check({ scheme, key, iv }: Cipher, data: Buffer): void {
  if (!KEY_BYTES.has(key.length)) {
    throw new MappingError(`expected a key of 16, 24 or 32 bytes, got ${key.length}`)
  }
  const ivBytes = scheme === 'gcm' ? NONCE_BYTES : BLOCK_BYTES
  if (iv.length !== ivBytes) {
    throw new MappingError(`expected a vector of ${ivBytes} bytes, got ${iv.length}`)
  }
  if (scheme === 'cbc' && data.length % BLOCK_BYTES !== 0) {
    throw new MappingError(
      `expected a multiple of ${BLOCK_BYTES} bytes for cbc, got ${data.length}`,
    )
  }
}

/** With gcm the tag follows what is encrypted. Nothing pads. */
function encrypt(cipher: Cipher, plain: Buffer): Buffer {
  check(cipher, plain)
  const { scheme, key, iv } = cipher
  const made = createCipheriv(`aes-${key.length * 8}-${scheme}`, key, iv)
  made.setAutoPadding(false)
  const parts = [made.update(plain), made.final()]
  if (scheme === 'gcm') parts.push((made as CipherGCM).getAuthTag())
  return Buffer.concat(parts)
}

function decrypt(cipher: Cipher, encrypted: Buffer): Buffer {
  check(cipher, encrypted)
  const { scheme, key, iv } = cipher
  const made = createDecipheriv(`aes-${key.length * 8}-${scheme}`, key, iv)
  made.setAutoPadding(false)
  if (scheme !== 'gcm') return Buffer.concat([made.update(encrypted), made.final()])
  if (encrypted.length < TAG_BYTES) {
    throw new MappingError(`expected at least ${TAG_BYTES} bytes for gcm, got ${encrypted.length}`)
  }
  const tagFrom = encrypted.length - TAG_BYTES
  ;(made as DecipherGCM).setAuthTag(encrypted.subarray(tagFrom))
  return Buffer.concat([made.update(encrypted.subarray(0, tagFrom)), made.final()])
}

function schemeOf(name: string): string {
  if (SCHEMES.has(name)) return name
  throw new MappingError(
    `unknown encryption scheme "${name.slice(0, 64)}", expected ctr, gcm, ofb or cbc`,
    true,
  )
}

function build(run: (cipher: Cipher, data: Buffer) => Buffer): MethodDefinition['build'] {
  return (site) => {
    const scheme = site.derived('scheme', schemeOf)
    const key = site.any('key')
    const iv = site.any('iv')
    return (target, frame) => {
      const data = expectBytes(target)
      const cipher = {
        scheme: scheme(frame),
        key: expectBytes(key(frame)),
        iv: expectBytes(iv(frame)),
      }
      return foreign('expected data that the key fits', () => run(cipher, data))
    }
  }
}

const KEY = 'let key = "2b7e151628aed2a6abf7158809cf4f3c".decode("hex")'

export const cipherMethods: readonly MethodDefinition[] = [
  {
    name: 'encrypt_aes',
    ...encoding,
    description:
      'The bytes encrypted with AES. cbc takes whole blocks of 16 bytes; with gcm the tag is at the end.',
    examples: [
      {
        mapping: `${KEY}\nlet iv = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff".decode("hex")\nroot = "6bc1bee22e409f96e93d7e117393172a".decode("hex").encrypt_aes("ctr", $key, $iv).encode("hex")`,
        output: '874d6191b620e3261bef6864990db6ce',
      },
      {
        mapping: 'root = "text".encrypt_aes("ctr", "short", "short")',
        error: 'expected a key of 16, 24 or 32 bytes, got 5',
      },
    ],
    build: build(encrypt),
  },
  {
    name: 'decrypt_aes',
    ...encoding,
    description: 'The bytes that `encrypt_aes` encrypted. gcm fails when they were changed.',
    examples: [
      {
        mapping: `${KEY}\nlet iv = "0123456789ab"\nroot = "straw".encrypt_aes("gcm", $key, $iv).decrypt_aes("gcm", $key, $iv).string()`,
        output: 'straw',
      },
      {
        mapping: `${KEY}\nroot = "0123456789abcdef".decrypt_aes("gcm", $key, "0123456789ab")`,
        error: 'expected data that the key fits',
      },
    ],
    build: build(decrypt),
  },
]
