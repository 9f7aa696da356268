/**
 * Snappy's block format: the length of the content as a varint, then literals and copies, each with its kind in the two
 * low bits of its tag. Compressing is a library's; its reader takes data that ends early for whole.
 */
import { createRequire } from 'node:module'
import { MappingError } from '../mapping-error.ts'

const require = createRequire(import.meta.url)

interface SnappyPackage {
  compress(bytes: Uint8Array): Uint8Array
}

export function compressSnappy(bytes: Buffer): Buffer {
  const { compress } = require('snappyjs') as SnappyPackage
  return Buffer.from(compress(new Uint8Array(bytes)))
}

export function decompressSnappy(bytes: Buffer, bytesMax: number): Buffer {
  const header = readLength(bytes)
  if (header.length > bytesMax)
    throw new MappingError(`expected at most ${bytesMax} bytes, got more`)
  const output = Buffer.alloc(header.length)
  let at = header.end
  let written = 0
  while (at < bytes.length) {
    const tag = bytes[at] as number
    const element = (tag & 3) === 0 ? readLiteral(bytes, at) : readCopy(bytes, at, tag)
    const { length, offset, from, end } = element
    if (end > bytes.length || offset > written || written + length > output.length) throw corrupt()
    if (offset === 0) bytes.copy(output, written, from, end)
    else copyBack(output, written, offset, length)
    written += length
    at = end
  }
  if (written !== output.length) throw corrupt()
  return output
}

interface Element {
  readonly length: number
  /** How far back a copy lies; zero for a literal. */
  readonly offset: number
  readonly from: number
  readonly end: number
}

function readLiteral(bytes: Buffer, at: number): Element {
  const short = (bytes[at] as number) >>> 2
  const extra = Math.max(0, short - 59)
  if (at + 1 + extra > bytes.length) throw corrupt()
  const length = (extra === 0 ? short : bytes.readUIntLE(at + 1, extra)) + 1
  const from = at + 1 + extra
  return { length, offset: 0, from, end: from + length }
}

function readCopy(bytes: Buffer, at: number, tag: number): Element {
  const width = [0, 1, 2, 4][tag & 3] as number
  if (at + 1 + width > bytes.length) throw corrupt()
  const low = bytes.readUIntLE(at + 1, width)
  const isShort = width === 1
  const offset = isShort ? ((tag >>> 5) << 8) | low : low
  if (offset === 0) throw corrupt()
  const length = isShort ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1
  return { length, offset, from: at, end: at + 1 + width }
}

function copyBack(output: Buffer, written: number, offset: number, length: number): void {
  for (let index = written; index < written + length; index++) {
    output[index] = output[index - offset] as number
  }
}

function readLength(bytes: Buffer): { readonly length: number; readonly end: number } {
  let length = 0
  for (let index = 0; index < 5; index++) {
    const byte = bytes[index]
    if (byte === undefined) break
    length += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return { length, end: index + 1 }
  }
  throw corrupt()
}

function corrupt(): MappingError {
  return new MappingError('expected a block of Snappy, got something else')
}
