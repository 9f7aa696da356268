/** Writes many small parts as few large ones, through a buffer that is used again. */
import type { FileLease } from './descriptor-cache.ts'

export const WRITE_BYTES: number = 1024 * 1024

/** Kept between writes; more are made while more shards are written at once. */
const SPARES_MAX = 2

export class CoalescedWrites {
  readonly #spares: Buffer[] = []

  /** The parts back to back from `start` on. Returns where they end. */
  async write(lease: FileLease, start: number, parts: Iterable<Buffer>): Promise<number> {
    const buffer = this.#spares.pop() ?? Buffer.allocUnsafeSlow(WRITE_BYTES)
    let position = start
    let used = 0
    const flush = async (): Promise<void> => {
      if (used === 0) return
      await lease.write(buffer.subarray(0, used), position)
      position += used
      used = 0
    }
    try {
      for (const part of parts) {
        if (used + part.length > buffer.length) await flush()
        if (part.length > buffer.length) {
          await lease.write(part, position)
          position += part.length
        } else {
          part.copy(buffer, used)
          used += part.length
        }
      }
      await flush()
      return position
    } finally {
      if (this.#spares.length < SPARES_MAX) this.#spares.push(buffer)
    }
  }
}
