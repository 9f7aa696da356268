/**
 * One file of a shard's segments: what it is called, and what lies in it.
 *
 * | where | what |
 * |---|---|
 * | 0 | the header, 4 KiB |
 * | 4096 to `SegmentMeta.bytes` | batches back to back, as they were committed; `batch-header.ts` |
 * | from there on | zeros that were filled ahead, or what an earlier use of the file left |
 * | the next multiple of 4096, once sealed | the index; `segment-index.ts` |
 *
 * The header, little-endian:
 *
 * | offset | bytes | field |
 * |---|---|---|
 * | 0 | 4 | magic, `HGS1` |
 * | 4 | 4 | format version, 1 |
 * | 8 | 4 | incarnation of the stream |
 * | 12 | 2 | shard |
 * | 14 | 2 | bytes of the stream's name |
 * | 16 | 8 | base: no sequence in the file is below it |
 * | 24 | 4 | generation |
 * | 28 | 4 | zero |
 * | 32 | n | name of the stream, UTF-8; zeros up to 4092 |
 * | 4092 | 4 | crc32 of bytes 0 to 4091 |
 *
 * Recovery: which files count, and how much of each, a checkpoint says; the file is never truncated. Reading needs no
 * header, as each batch says where it belongs; it is there so that people can rebuild a checkpoint that was lost.
 */
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { HeadgateError } from '../../error.ts'
import { corrupt, readUint64, writeUint64 } from '../batch-header.ts'
import { SEGMENT_HEADER_BYTES, type SegmentFileName } from './segment-store.ts'

export const SEGMENT_FORMAT_VERSION = 1

const MAGIC = 0x31534748
const NAME_AT = 32
const CRC_AT = SEGMENT_HEADER_BYTES - 4
const NAME_BYTES_MAX: number = CRC_AT - NAME_AT
const FILE_NAME = /^(\d{4,5})-(\d{20})\.(\d{1,10})\.segment$/
const DIRECTORY_NAME = /^\d{8,10}$/

export interface SegmentHeader extends SegmentFileName {
  readonly stream: string
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const block = Buffer.alloc(SEGMENT_HEADER_BYTES)
  const name = Buffer.from(header.stream)
  if (name.length > NAME_BYTES_MAX) {
    throw new HeadgateError(
      'Internal',
      `expected the name of a stream of at most ${NAME_BYTES_MAX} bytes, got ${name.length}`,
    )
  }
  block.writeUInt32LE(MAGIC, 0)
  block.writeUInt32LE(SEGMENT_FORMAT_VERSION, 4)
  block.writeUInt32LE(header.incarnation, 8)
  block.writeUInt16LE(header.shard, 12)
  block.writeUInt16LE(name.length, 14)
  writeUint64(block, header.base, 16)
  block.writeUInt32LE(header.generation, 24)
  block.set(name, NAME_AT)
  block.writeUInt32LE(crc32(block.subarray(0, CRC_AT)), CRC_AT)
  return block
}

/** Throws LogCorrupt unless the block is the header of a segment. */
export function decodeSegmentHeader(block: Buffer): SegmentHeader {
  if (block.length < SEGMENT_HEADER_BYTES || block.readUInt32LE(0) !== MAGIC) {
    throw corrupt('the mark of a segment', 'other bytes')
  }
  if (block.readUInt32LE(CRC_AT) !== crc32(block.subarray(0, CRC_AT))) {
    throw corrupt('the header of a segment that fits its crc', 'none')
  }
  const version = block.readUInt32LE(4)
  if (version !== SEGMENT_FORMAT_VERSION) {
    throw corrupt(`segment format ${SEGMENT_FORMAT_VERSION}`, `${version}`)
  }
  const nameBytes = block.readUInt16LE(14)
  if (nameBytes > NAME_BYTES_MAX) throw corrupt('a name within the header', `${nameBytes} bytes`)
  return {
    incarnation: block.readUInt32LE(8),
    shard: block.readUInt16LE(12),
    base: readUint64(block, 16),
    generation: block.readUInt32LE(24),
    stream: block.toString('utf8', NAME_AT, NAME_AT + nameBytes),
  }
}

/** Of one incarnation of a stream, beneath the directory of all streams. */
export function incarnationDirectory(streams: string, incarnation: number): string {
  return join(streams, String(incarnation).padStart(8, '0'))
}

export function segmentPath(streams: string, name: SegmentFileName): string {
  const shard = String(name.shard).padStart(4, '0')
  const base = String(name.base).padStart(20, '0')
  return join(
    incarnationDirectory(streams, name.incarnation),
    `${shard}-${base}.${name.generation}.segment`,
  )
}

/** Undefined for what is no segment's name. */
export function parseSegmentName(directory: string, file: string): SegmentFileName | undefined {
  const match = FILE_NAME.exec(file)
  if (match === null || !DIRECTORY_NAME.test(directory)) return undefined
  const name = {
    incarnation: Number(directory),
    shard: Number(match[1]),
    base: Number(match[2]),
    generation: Number(match[3]),
  }
  // What does not come back as it was is someone else's file.
  return segmentPath('', name) === join(directory, file) ? name : undefined
}
