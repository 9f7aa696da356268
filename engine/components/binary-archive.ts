/**
 * Messages one behind the other with their lengths.
 *
 * Format: the number of messages, then for each its length and its bytes. Numbers have 4 bytes, the highest first.
 */
import { HeadgateError } from '../error.ts'

const NUMBER_BYTES = 4

export function packBinary(contents: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [numberBytes(contents.length)]
  for (const content of contents) parts.push(numberBytes(content.length), content)
  return Buffer.concat(parts)
}

export function unpackBinary(archive: Uint8Array): readonly Uint8Array[] {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.length)
  let at = 0
  const number = (): number => {
    if (at + NUMBER_BYTES > bytes.length) throw cut(bytes.length)
    const value = bytes.readUInt32BE(at)
    at += NUMBER_BYTES
    return value
  }
  const contents: Uint8Array[] = []
  for (let left = number(); left > 0; left--) {
    const length = number()
    if (at + length > bytes.length) throw cut(bytes.length)
    contents.push(bytes.subarray(at, at + length))
    at += length
  }
  if (at < bytes.length) {
    throw new HeadgateError('BadRequest', `expected the end of the archive at byte ${at}, got more`)
  }
  return contents
}

function numberBytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(NUMBER_BYTES)
  bytes.writeUInt32BE(value)
  return bytes
}

function cut(length: number): HeadgateError {
  return new HeadgateError(
    'BadRequest',
    `expected a whole archive, got one that ends at byte ${length}`,
  )
}
