/**
 * LZ4: the block format, and the frame format (version 1.6) around it.
 *
 * A frame is the magic number, a descriptor (flags, greatest block size, optional content size and dictionary id, a byte
 * of checksum), blocks with their length of 4 bytes (the highest bit tells that a block is stored as it is), an end mark
 * of zero, and an optional checksum of the content. All numbers are little-endian, all checksums xxHash32.
 */
import { MappingError } from '../mapping-error.ts'
import { xxhash32 } from './xxhash.ts'

const MAGIC = 0x184d2204
const SKIPPABLE = 0x184d2a5
const STORED = 0x80000000
/** Version 1, independent blocks, a checksum of the content. */
const FLAGS = 0x64
/** Blocks of at most 4 MiB. */
const BLOCK_DESCRIPTOR = 0x70
const BLOCK_BYTES_MAX = 4_194_304

export function compressLz4(bytes: Buffer): Buffer {
  const header = Buffer.alloc(7)
  header.writeUInt32LE(MAGIC, 0)
  header[4] = FLAGS
  header[5] = BLOCK_DESCRIPTOR
  header[6] = (xxhash32(header.subarray(4, 6)) >>> 8) & 0xff
  const parts: Uint8Array[] = [header]
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES_MAX) {
    const block = bytes.subarray(at, at + BLOCK_BYTES_MAX)
    const compressed = compressBlock(block)
    const smaller = compressed.length < block.length
    parts.push(uint32(smaller ? compressed.length : block.length + STORED))
    parts.push(smaller ? compressed : block)
  }
  parts.push(uint32(0), uint32(xxhash32(bytes)))
  return Buffer.concat(parts)
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

const MATCH_LENGTH_MIN = 4
const OFFSET_MAX = 65_535
/** The last match begins at least so far before the end, and the last bytes are literals. */
const LAST_MATCH_DISTANCE = 12
const LAST_LITERALS = 5
const HASH_BITS = 14

function compressBlock(block: Buffer): Buffer {
  const output = Buffer.alloc(block.length + Math.ceil(block.length / 255) + 16)
  const places = new Int32Array(1 << HASH_BITS).fill(-1)
  const matchEnd = block.length - LAST_LITERALS
  let written = 0
  let literalsFrom = 0
  let at = 0
  while (at <= block.length - LAST_MATCH_DISTANCE) {
    const sequence = block.readUInt32LE(at)
    const slot = Math.imul(sequence, 0x9e3779b1) >>> (32 - HASH_BITS)
    const candidate = places[slot] as number
    places[slot] = at
    const isMatch =
      candidate >= 0 && at - candidate <= OFFSET_MAX && block.readUInt32LE(candidate) === sequence
    if (!isMatch) {
      at++
      continue
    }
    let length = MATCH_LENGTH_MIN
    while (at + length < matchEnd && block[at + length] === block[candidate + length]) length++
    written = writeSequence(output, written, block.subarray(literalsFrom, at), length)
    written = output.writeUInt16LE(at - candidate, written)
    written = writeLengthRest(output, written, length - MATCH_LENGTH_MIN)
    at += length
    literalsFrom = at
  }
  written = writeSequence(output, written, block.subarray(literalsFrom), MATCH_LENGTH_MIN)
  return output.subarray(0, written)
}

/** The token with both lengths, and the literals. What follows is the offset and the rest of the length of the match. */
function writeSequence(
  output: Buffer,
  from: number,
  literals: Buffer,
  matchLength: number,
): number {
  let at = from
  const match = Math.min(matchLength - MATCH_LENGTH_MIN, 15)
  output[at++] = (Math.min(literals.length, 15) << 4) | match
  at = writeLengthRest(output, at, literals.length)
  return at + literals.copy(output, at)
}

/** Lengths from 15 on go on in bytes of 255, up to one that is less. */
function writeLengthRest(output: Buffer, from: number, length: number): number {
  let at = from
  let rest = length - 15
  if (rest < 0) return at
  for (; rest >= 255; rest -= 255) output[at++] = 255
  output[at++] = rest
  return at
}

/** All frames, one after the other. */
export function decompressLz4(bytes: Buffer, bytesMax: number): Buffer {
  const parts: Buffer[] = []
  let length = 0
  let at = 0
  do {
    const magic = readUint32(bytes, at)
    if (magic >>> 4 === SKIPPABLE) {
      at += 8 + readUint32(bytes, at + 4)
      continue
    }
    if (magic !== MAGIC) throw corrupt('another magic number')
    const frame = readFrame(bytes, at + 4, bytesMax - length)
    parts.push(frame.content)
    length += frame.content.length
    at = frame.end
  } while (at < bytes.length)
  return Buffer.concat(parts)
}

interface Descriptor {
  readonly isIndependent: boolean
  readonly hasBlockChecksums: boolean
  readonly hasContentChecksum: boolean
  readonly end: number
}

function readDescriptor(bytes: Buffer, start: number): Descriptor {
  const flags = bytes[start] ?? 0
  if (flags >>> 6 !== 1) throw corrupt('another version')
  const hasContentSize = (flags & 0x08) !== 0
  const hasDictionary = (flags & 0x01) !== 0
  if (hasDictionary) throw corrupt('a dictionary, which nobody handed over')
  const end = start + 2 + (hasContentSize ? 8 : 0)
  if (end >= bytes.length) throw corrupt('an early end')
  const sum = (xxhash32(bytes.subarray(start, end)) >>> 8) & 0xff
  if (bytes[end] !== sum) throw corrupt('a descriptor whose checksum differs')
  return {
    isIndependent: (flags & 0x20) !== 0,
    hasBlockChecksums: (flags & 0x10) !== 0,
    hasContentChecksum: (flags & 0x04) !== 0,
    end: end + 1,
  }
}

function readFrame(
  bytes: Buffer,
  start: number,
  bytesMax: number,
): { readonly content: Buffer; readonly end: number } {
  const descriptor = readDescriptor(bytes, start)
  const output = new Output(bytesMax)
  let at = descriptor.end
  for (;;) {
    const size = readUint32(bytes, at)
    at += 4
    if (size === 0) break
    const isStored = size >= STORED
    const length = isStored ? size - STORED : size
    if (at + length > bytes.length) throw corrupt('an early end')
    const block = bytes.subarray(at, at + length)
    if (isStored) output.append(block)
    else decompressBlock(block, output, descriptor.isIndependent ? output.length : 0)
    at += length
    if (descriptor.hasBlockChecksums) {
      if (readUint32(bytes, at) !== xxhash32(block)) throw corrupt('a block whose checksum differs')
      at += 4
    }
  }
  const content = output.bytes()
  if (descriptor.hasContentChecksum) {
    if (readUint32(bytes, at) !== xxhash32(content))
      throw corrupt('a content whose checksum differs')
    at += 4
  }
  return { content, end: at }
}

/** One block without a frame, as other formats hold it. */
/** Without a frame around it. */
export function compressLz4Block(block: Buffer): Buffer {
  return compressBlock(block)
}

export function decompressLz4Block(block: Buffer, bytesMax: number): Buffer {
  const output = new Output(bytesMax)
  decompressBlock(block, output, 0)
  return output.bytes()
}

function decompressBlock(block: Buffer, output: Output, earliest: number): void {
  let at = 0
  const readLength = (short: number): number => {
    if (short < 15) return short
    let length = short
    for (;;) {
      const byte = block[at++]
      if (byte === undefined) throw corrupt('an early end')
      length += byte
      if (byte < 255) return length
    }
  }
  while (at < block.length) {
    const token = block[at++] as number
    const literals = readLength(token >>> 4)
    if (at + literals > block.length) throw corrupt('an early end')
    output.append(block.subarray(at, at + literals))
    at += literals
    if (at === block.length) return
    if (at + 2 > block.length) throw corrupt('an early end')
    const offset = block.readUInt16LE(at)
    at += 2
    const length = readLength(token & 15) + MATCH_LENGTH_MIN
    if (offset === 0 || output.length - offset < earliest) throw corrupt('a match before the start')
    output.repeat(offset, length)
  }
}

/** Grows as it is written, up to a bound. */
class Output {
  readonly #bytesMax: number
  #buffer = Buffer.alloc(65_536)
  length = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  append(part: Buffer): void {
    this.#reserve(part.length)
    this.length += part.copy(this.#buffer, this.length)
  }

  /** Copies from `offset` bytes back; where it overlaps itself it repeats. */
  repeat(offset: number, count: number): void {
    this.#reserve(count)
    const buffer = this.#buffer
    for (let end = this.length + count; this.length < end; this.length++) {
      buffer[this.length] = buffer[this.length - offset] as number
    }
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.length)
  }

  #reserve(count: number): void {
    const needed = this.length + count
    if (needed > this.#bytesMax)
      throw new MappingError(`expected at most ${this.#bytesMax} bytes, got more`)
    if (needed <= this.#buffer.length) return
    const grown = Buffer.alloc(Math.max(needed, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.length)
    this.#buffer = grown
  }
}

function readUint32(bytes: Buffer, at: number): number {
  if (at + 4 > bytes.length) throw corrupt('an early end')
  return bytes.readUInt32LE(at)
}

function corrupt(got: string): MappingError {
  return new MappingError(`expected a frame of LZ4, got ${got}`)
}
