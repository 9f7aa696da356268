/** The bytes that a scanner was given and has not made messages of. */
import { HeadgateError } from '../../error.ts'
import { SCANNED_BYTES_MAX } from './scanner.ts'

export class ScannedBytes {
  readonly #bytesMax: number
  #buffer: Buffer = Buffer.alloc(0)
  #chunks: Buffer[] = []
  #chunkBytes = 0

  constructor(bytesMax: number = SCANNED_BYTES_MAX) {
    this.#bytesMax = bytesMax
  }

  get length(): number {
    return this.#buffer.length + this.#chunkBytes
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    this.#chunkBytes += chunk.length
  }

  /** Throws RecordTooLarge when more is held than a message may have. */
  expectRoom(): void {
    if (this.length <= this.#bytesMax) return
    const message = `expected messages of at most ${this.#bytesMax} bytes, got a longer one`
    throw new HeadgateError('RecordTooLarge', message)
  }

  /** All of it, in one piece. */
  view(): Buffer {
    if (this.#chunks.length > 0) {
      const first = this.#chunks[0]
      this.#buffer =
        this.#buffer.length === 0 && this.#chunks.length === 1 && first !== undefined
          ? first
          : Buffer.concat([this.#buffer, ...this.#chunks])
      this.#chunks = []
      this.#chunkBytes = 0
    }
    return this.#buffer
  }

  /** The first `count`, which are not held any more. */
  take(count: number): Buffer {
    const taken = this.view().subarray(0, count)
    this.#buffer = this.#buffer.subarray(count)
    return taken
  }
}
