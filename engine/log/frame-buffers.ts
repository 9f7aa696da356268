/**
 * Memory of frames that nobody reads any more, for the next ones: fresh memory costs a page fault for every 4 KiB, and
 * makes the garbage collector believe that there is much to collect.
 */

export const FRAME_BUFFERS_BYTES_MAX: number = 32 * 1024 * 1024
/** What a frame begins with: smaller ones are of no use to the next. */
export const FRAME_BUFFER_BYTES_MIN: number = 16 * 1024
/** Rare frames are not worth what they hold back. */
export const FRAME_BUFFER_BYTES_MAX: number = 1024 * 1024

export class FrameBuffers {
  readonly #free: Buffer[] = []
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  /** At least so many bytes of anything. */
  take(bytesLeast: number): Buffer {
    const last = this.#free.at(-1)
    if (last === undefined || last.length < bytesLeast) return Buffer.allocUnsafeSlow(bytesLeast)
    this.#free.pop()
    this.#bytes -= last.length
    return last
  }

  /** Takes over the memory that a frame lies in; nobody may look at it afterwards. */
  give(frame: Buffer): void {
    const { byteLength } = frame.buffer
    if (byteLength < FRAME_BUFFER_BYTES_MIN || byteLength > FRAME_BUFFER_BYTES_MAX) return
    if (this.#bytes + byteLength > FRAME_BUFFERS_BYTES_MAX) return
    this.#free.push(Buffer.from(frame.buffer))
    this.#bytes += byteLength
  }
}
