/** Methods that compress and decompress. */
import { createRequire } from 'node:module'
import {
  constants,
  deflateRawSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateRawSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib'
import type { MethodDefinition } from '../definition.ts'
import { foreign } from '../formats/foreign.ts'
import { compressLz4, decompressLz4 } from '../formats/lz4.ts'
import { compressSnappy, decompressSnappy } from '../formats/snappy.ts'
import { MappingError } from '../mapping-error.ts'
import { expectBytes } from './expect-bytes.ts'

const require = createRequire(import.meta.url)
const encoding = { category: 'encoding', status: 'stable' } as const

/** A kilobyte can stand for gigabytes: what decompressing may give. */
export const DECOMPRESSED_BYTES_MAX = 67_108_864

type Compress = (bytes: Buffer, level: number) => Buffer
type Decompress = (bytes: Buffer) => Buffer

const gzip: Compress = (bytes, level) => gzipSync(bytes, { level })
const bounded = { maxOutputLength: DECOMPRESSED_BYTES_MAX } as const

const COMPRESSORS: Readonly<Record<string, Compress>> = {
  flate: (bytes, level) => deflateRawSync(bytes, { level }),
  gzip,
  lz4: compressLz4,
  pgzip: gzip,
  snappy: compressSnappy,
  zlib: (bytes, level) => deflateSync(bytes, { level }),
  zstd: (bytes, level) =>
    zstdCompressSync(
      bytes,
      level < 1 ? {} : { params: { [constants.ZSTD_c_compressionLevel]: Math.min(level, 22) } },
    ),
}

const DECOMPRESSORS: Readonly<Record<string, Decompress>> = {
  bzip2: (bytes) => decompressBzip2(bytes, DECOMPRESSED_BYTES_MAX),
  flate: (bytes) => inflateRawSync(bytes, bounded),
  gzip: (bytes) => gunzipSync(bytes, bounded),
  lz4: (bytes) => decompressLz4(bytes, DECOMPRESSED_BYTES_MAX),
  pgzip: (bytes) => gunzipSync(bytes, bounded),
  snappy: (bytes) => decompressSnappy(bytes, DECOMPRESSED_BYTES_MAX),
  zlib: (bytes) => inflateSync(bytes, bounded),
  zstd: (bytes) => zstdDecompressSync(bytes, bounded),
}

interface BzipPackage {
  decode(
    input: Uint8Array,
    output: { writeByte(byte: number): void; flush(): void },
    multistream: boolean,
  ): void
}

export function decompressBzip2(bytes: Buffer, bytesMax: number): Buffer {
  const { decode } = require('seek-bzip') as BzipPackage
  let output = Buffer.alloc(65_536)
  let length = 0
  const writeByte = (byte: number): void => {
    if (length === bytesMax) {
      throw new MappingError(`expected at most ${bytesMax} bytes, got more`)
    }
    if (length === output.length) output = Buffer.concat([output], output.length * 2)
    output[length++] = byte
  }
  decode(bytes, { writeByte, flush: () => undefined }, true)
  return output.subarray(0, length)
}

function named<T>(known: Readonly<Record<string, T>>): (name: string) => { name: string; run: T } {
  return (name) => {
    const run = Object.hasOwn(known, name) ? known[name] : undefined
    if (run !== undefined) return { name, run }
    throw new MappingError(
      `unknown compression algorithm "${name.slice(0, 64)}", expected ${Object.keys(known).join(', ')}`,
      true,
    )
  }
}

/** What zlib takes; -1 leaves it to the algorithm. */
const LEVEL_MIN = -1
const LEVEL_MAX = 22

function zlibLevel(level: number, name: string): number {
  if (level < LEVEL_MIN || level > LEVEL_MAX) {
    throw new MappingError(`expected a level from ${LEVEL_MIN} to ${LEVEL_MAX}, got ${level}`)
  }
  return name === 'zstd' ? level : Math.min(level, 9)
}

export const compressionMethods: readonly MethodDefinition[] = [
  {
    name: 'compress',
    ...encoding,
    description:
      'The bytes compressed: flate, gzip, lz4 (a frame), pgzip, snappy (a block), zlib or zstd.',
    parameters: [
      { name: 'algorithm', type: 'string', description: 'How to compress.' },
      {
        name: 'level',
        type: 'integer',
        description: 'From fast to small, where the algorithm has levels.',
        default: -1,
      },
    ],
    examples: [
      {
        mapping: 'root = "aaaaaaaaaaaaaaaaaaaa".compress("snappy").encode("hex")',
        output: '1400614a0100',
      },
      {
        mapping: 'root = "hay".compress("lz4").encode("hex")',
        output: '04224d186470b9030000806861790000000081c77e47',
      },
      { mapping: 'root = "a".compress("rar")', error: 'unknown compression algorithm "rar"' },
    ],
    build: (site) => {
      const algorithm = site.derived('algorithm', named(COMPRESSORS))
      const level = site.integer('level')
      return (target, frame) => {
        const { name, run } = algorithm(frame)
        return run(expectBytes(target), zlibLevel(level(frame), name))
      }
    },
  },
  {
    name: 'decompress',
    ...encoding,
    description: `The bytes that were compressed by one of bzip2, flate, gzip, lz4, pgzip, snappy, zlib or zstd; at most ${DECOMPRESSED_BYTES_MAX} of them.`,
    parameters: [{ name: 'algorithm', type: 'string', description: 'How it was compressed.' }],
    examples: [
      {
        mapping: 'root = "hay hay hay".compress("zstd").decompress("zstd")',
        output: 'hay hay hay',
      },
      { mapping: 'root = "hay".decompress("gzip")', error: 'expected data of gzip' },
    ],
    build: (site) => {
      const algorithm = site.derived('algorithm', named(DECOMPRESSORS))
      return (target, frame) => {
        const { name, run } = algorithm(frame)
        const bytes = expectBytes(target)
        return foreign(`expected data of ${name}`, () => run(bytes))
      }
    },
  },
]
