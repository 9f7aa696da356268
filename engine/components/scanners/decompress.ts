/** Decompresses, and hands what comes out to another scanner. */

import type { Transform } from 'node:stream'
import { createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib'
import { Type } from '../../../crds/typebox.ts'
import { decompressLz4 } from '../../bloblang/formats/lz4.ts'
import { decompressSnappy } from '../../bloblang/formats/snappy.ts'
import { decompressBzip2 } from '../../bloblang/methods/compression.ts'
import { HeadgateError } from '../../error.ts'
import type { Message } from '../../pipelines/message.ts'
import { intoField } from './into-field.ts'
import { ScannedBytes } from './scanned-bytes.ts'
import { SCANNED_BYTES_MAX, type Scanner, type ScannerDefinition } from './scanner.ts'

const STREAMING = {
  flate: createInflateRaw,
  gzip: createGunzip,
  pgzip: createGunzip,
  zlib: createInflate,
  zstd: createZstdDecompress,
} as const
/** These have all of it in memory, before and after. */
const WHOLE = { bzip2: decompressBzip2, lz4: decompressLz4, snappy: decompressSnappy } as const
type Streaming = keyof typeof STREAMING
type Whole = keyof typeof WHOLE

export const DECOMPRESS_ALGORITHMS: readonly string[] = [
  ...Object.keys(STREAMING),
  ...Object.keys(WHOLE),
].sort()

/** A kilobyte may stand for a megabyte: so much is decompressed before messages are taken out of it. */
const SLICE_BYTES = 16_384

interface Config {
  readonly algorithm: Streaming | Whole
  readonly into: unknown
}

export const decompress: ScannerDefinition = {
  name: 'decompress',
  summary: 'Decompresses, and hands what comes out to another scanner.',
  config: Type.Object(
    {
      algorithm: Type.Unsafe<string>({
        type: 'string',
        enum: DECOMPRESS_ALGORITHMS,
        description: 'How it was compressed.',
      }),
      into: intoField,
    },
    { description: 'Decompresses, and hands what comes out to another scanner.' },
  ),
  children: ({ into }: Config) => [{ path: ['into'], scanner: into }],
  examples: [
    {
      title: 'Lines of a compressed file',
      config: { algorithm: 'gzip', into: { lines: {} } },
      given: { base64: 'H4sIAAAAAAACA8vPS+UqKc/nAgDmC7oSCAAAAA==' },
      then: ['one', 'two'],
    },
  ],
  build: ({ algorithm, into }: Config, child) => {
    const open = child(into)
    return (place) =>
      algorithm in STREAMING
        ? new DecompressingScanner(STREAMING[algorithm as Streaming](), open(place))
        : new WholeScanner(WHOLE[algorithm as Whole], open(place))
  },
}

class DecompressingScanner implements Scanner {
  readonly #stream: Transform
  readonly #child: Scanner
  /** At the end, or the first failure: a write that was under way then never tells. */
  readonly #over: Promise<void>
  #chunks: Buffer[] = []
  #failed: Error | undefined
  #told = false
  #done = false

  constructor(stream: Transform, child: Scanner) {
    this.#stream = stream
    this.#child = child
    this.#over = new Promise((resolve) => {
      stream.on('error', (error) => {
        this.#failed = error
        resolve()
      })
      stream.on('end', () => {
        this.#done = true
        resolve()
      })
    })
    stream.on('data', (chunk: Buffer) => void this.#chunks.push(chunk))
  }

  get broken(): boolean {
    return this.#told || this.#child.broken
  }

  async push(chunk: Uint8Array): Promise<void> {
    for (
      let at = 0;
      at < chunk.length && this.#failed === undefined && !this.#done;
      at += SLICE_BYTES
    ) {
      const taken = new Promise<void>((resolve) => {
        this.#stream.write(chunk.subarray(at, at + SLICE_BYTES), () => resolve())
      })
      await this.#forward(Promise.race([taken, this.#over]))
    }
  }

  async end(): Promise<void> {
    if (this.#failed === undefined && !this.#done) {
      this.#stream.end()
      await this.#forward(this.#over)
    }
    if (this.#failed === undefined) await this.#child.end()
  }

  next(): Message | undefined {
    const message = this.#child.next()
    if (message !== undefined || this.#failed === undefined || this.#told) return message
    this.#told = true
    const reason = `cannot decompress: ${this.#failed.message}`
    throw new HeadgateError('InputFailed', reason, { cause: this.#failed })
  }

  /** Compressed bytes are no use to who gave them in part. */
  rest(): Uint8Array {
    return new Uint8Array()
  }

  /** Hands on what came out until the promise is settled. */
  async #forward(until: Promise<unknown>): Promise<void> {
    await until
    for (const chunk of this.#chunks.splice(0)) await this.#child.push(chunk)
  }
}

class WholeScanner implements Scanner {
  readonly #decompress: (bytes: Buffer, bytesMax: number) => Buffer
  readonly #child: Scanner
  readonly #bytes = new ScannedBytes()
  #failed: Error | undefined
  #told = false

  constructor(decompress: (bytes: Buffer, bytesMax: number) => Buffer, child: Scanner) {
    this.#decompress = decompress
    this.#child = child
  }

  get broken(): boolean {
    return this.#told || this.#child.broken
  }

  push(chunk: Uint8Array): void {
    // One byte above the bound is enough to know.
    if (this.#bytes.length <= SCANNED_BYTES_MAX) this.#bytes.push(chunk)
  }

  async end(): Promise<void> {
    try {
      this.#bytes.expectRoom()
      const bytes = this.#decompress(this.#bytes.view(), SCANNED_BYTES_MAX)
      await this.#child.push(bytes)
      await this.#child.end()
    } catch (thrown) {
      this.#failed = thrown instanceof Error ? thrown : new Error(String(thrown))
    }
  }

  next(): Message | undefined {
    const message = this.#child.next()
    if (message !== undefined || this.#failed === undefined || this.#told) return message
    this.#told = true
    const reason = `cannot decompress: ${this.#failed.message}`
    throw new HeadgateError('InputFailed', reason, { cause: this.#failed })
  }

  rest(): Uint8Array {
    return this.#bytes.view()
  }
}
