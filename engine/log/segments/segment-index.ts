/**
 * Where in a segment a sequence or a time lies: one entry for each 8 KiB or so, the rest is a short walk from there.
 *
 * It is kept in memory while a segment is written, and put behind the last batch of a sealed one, at the next multiple
 * of 4096: no file, descriptor or sync more, and it goes where the file goes. Little-endian:
 *
 * | offset | bytes | field |
 * |---|---|---|
 * | 0 | 4 | magic, `HGX1` |
 * | 4 | 4 | format version, 1 |
 * | 8 | 4 | incarnation |
 * | 12 | 2, 2 | shard, zero |
 * | 16 | 8 | base |
 * | 24 | 4 | generation |
 * | 28 | 4 | count of entries |
 * | 32 | 8 | bytes of the segment that it was made for |
 * | 40 | 4 | crc32 of the entries |
 * | 44 | 16 | zero |
 * | 60 | 4 | crc32 of bytes 0 to 59 |
 * | 64 | 24 each | entries: sequence above the base, position, arrival in microseconds; 8 bytes each |
 *
 * Recovery: one that is missing, damaged, or not for exactly this segment is made anew by a scan of the batches.
 */
import { crc32 } from 'node:zlib'
import { readUint64, writeUint64 } from '../batch-header.ts'
import { SEGMENT_HEADER_BYTES, type SegmentFileName } from './segment-store.ts'

/** From one entry to the next at least: a lookup walks less than this. */
export const INDEX_STEP_BYTES = 8192

const MAGIC = 0x31584748
const VERSION = 1
const INDEX_HEADER_BYTES = 64
const ENTRY_BYTES = 24
const CRC_AT = 60
const ALIGN_BYTES = 4096

export interface IndexPlace {
  readonly sequence: number
  readonly position: number
}

export class SegmentIndex {
  readonly #sequences: number[] = []
  readonly #positions: number[] = []
  readonly #arrivals: number[] = []
  #end = SEGMENT_HEADER_BYTES

  /** What lies from here on is not in it. */
  get end(): number {
    return this.#end
  }

  /** Of memory, about. */
  get byteLength(): number {
    return 256 + ENTRY_BYTES * this.#positions.length
  }

  /** Takes in the batch that starts where the index ends; any other is for a later scan. */
  add(position: number, bytes: number, sequence: number, arrivalUs: number): void {
    if (position !== this.#end) return
    this.#end = position + bytes
    const last = this.#positions.at(-1)
    if (last !== undefined && position - last < INDEX_STEP_BYTES) return
    this.#sequences.push(sequence)
    this.#positions.push(position)
    this.#arrivals.push(arrivalUs)
  }

  /** What lies up to here cannot be read. */
  skipTo(position: number): void {
    this.#end = Math.max(this.#end, position)
  }

  /** The last entry at or below the sequence; the start of the segment where there is none. */
  floor(sequence: number, base: number): IndexPlace {
    return this.#at(countBelow(this.#sequences, sequence + 1) - 1, base)
  }

  /** The last entry that arrived before the time; the start of the segment where there is none. */
  before(arrivalUs: number, base: number): IndexPlace {
    return this.#at(countBelow(this.#arrivals, arrivalUs) - 1, base)
  }

  /** The position of the first entry behind the given one. */
  after(position: number): number | undefined {
    return this.#positions[countBelow(this.#positions, position + 1)]
  }

  encode(name: SegmentFileName, bytes: number): Buffer {
    const count = this.#positions.length
    const block = Buffer.alloc(INDEX_HEADER_BYTES + count * ENTRY_BYTES)
    for (let index = 0; index < count; index++) {
      const at = INDEX_HEADER_BYTES + index * ENTRY_BYTES
      writeUint64(block, (this.#sequences[index] ?? 0) - name.base, at)
      writeUint64(block, this.#positions[index] ?? 0, at + 8)
      writeUint64(block, this.#arrivals[index] ?? 0, at + 16)
    }
    writeIndexHeader(block, name, bytes, count)
    block.writeUInt32LE(crc32(block.subarray(INDEX_HEADER_BYTES)), 40)
    block.writeUInt32LE(crc32(block.subarray(0, CRC_AT)), CRC_AT)
    return block
  }

  /** Undefined unless it is the sound index of just this segment. */
  static decode(block: Buffer, name: SegmentFileName, bytes: number): SegmentIndex | undefined {
    if (block.length < INDEX_HEADER_BYTES) return undefined
    const count = block.readUInt32LE(28)
    const end = INDEX_HEADER_BYTES + count * ENTRY_BYTES
    if (end > block.length) return undefined
    const expected = Buffer.alloc(INDEX_HEADER_BYTES)
    writeIndexHeader(expected, name, bytes, count)
    expected.writeUInt32LE(crc32(block.subarray(INDEX_HEADER_BYTES, end)), 40)
    expected.writeUInt32LE(crc32(expected.subarray(0, CRC_AT)), CRC_AT)
    if (!expected.equals(block.subarray(0, INDEX_HEADER_BYTES))) return undefined
    const index = new SegmentIndex()
    for (let at = INDEX_HEADER_BYTES; at < end; at += ENTRY_BYTES) {
      index.#sequences.push(name.base + readUint64(block, at))
      index.#positions.push(readUint64(block, at + 8))
      index.#arrivals.push(readUint64(block, at + 16))
    }
    index.#end = bytes
    return index
  }

  #at(index: number, base: number): IndexPlace {
    const sequence = this.#sequences[index] ?? base
    return { sequence, position: this.#positions[index] ?? SEGMENT_HEADER_BYTES }
  }
}

/** Where the index of a sealed segment lies. */
export function indexPosition(segmentBytes: number): number {
  return Math.ceil(segmentBytes / ALIGN_BYTES) * ALIGN_BYTES
}

/** The most that the index of such a segment takes, whatever its bytes say. */
export function indexBytesMax(segmentBytes: number): number {
  return INDEX_HEADER_BYTES + ENTRY_BYTES * (Math.ceil(segmentBytes / INDEX_STEP_BYTES) + 1)
}

function writeIndexHeader(
  block: Buffer,
  name: SegmentFileName,
  bytes: number,
  count: number,
): void {
  block.writeUInt32LE(MAGIC, 0)
  block.writeUInt32LE(VERSION, 4)
  block.writeUInt32LE(name.incarnation, 8)
  block.writeUInt16LE(name.shard, 12)
  writeUint64(block, name.base, 16)
  block.writeUInt32LE(name.generation, 24)
  block.writeUInt32LE(count, 28)
  writeUint64(block, bytes, 32)
}

/** How many of the rising values are below the given one. */
function countBelow(values: readonly number[], value: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((values[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}
