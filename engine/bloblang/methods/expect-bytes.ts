/** Bytes are what encodings, hashes and ciphers work on; a string stands for its UTF-8 bytes. */
import { mismatch } from '../values/kind-of.ts'
import type { Result } from '../values/result.ts'

export function expectBytes(value: Result): Buffer {
  if (typeof value === 'string') return Buffer.from(value)
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
  throw mismatch('string or bytes', value)
}
