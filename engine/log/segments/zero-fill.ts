/**
 * Fills the file of a growing segment with zeros ahead of what is appended: writing over blocks that are there takes a
 * fraction of what new ones cost. It goes in steps that double as the segment proves busy, so that a thousand shards
 * with little in them reserve little.
 */
import { isDiskFull } from '../disk-full.ts'
import type { FileLease } from './descriptor-cache.ts'

export const FILL_BYTES_MIN: number = 64 * 1024
export const FILL_BYTES_MAX: number = 4 * 1024 * 1024

const ZEROS = Buffer.alloc(256 * 1024)

export class ZeroFill {
  readonly base: number
  #size: number | undefined
  /** Of the last step; half of it used up asks for the next. */
  #stepBytes = 0

  /** Of the segment that begins at the sequence. */
  constructor(base: number) {
    this.base = base
  }

  /** Makes sure of room behind `bytes`, up to `limit`; a full disk ends it. */
  async ahead(lease: FileLease, bytes: number, limit: number): Promise<void> {
    const size = Math.max(this.#size ?? (await lease.size()), bytes)
    this.#size = size
    if (size - bytes >= Math.max(this.#stepBytes, FILL_BYTES_MIN) / 2) return
    const stepBytes = Math.min(Math.max(this.#stepBytes * 2, FILL_BYTES_MIN), FILL_BYTES_MAX)
    const end = Math.min(bytes + stepBytes, limit)
    try {
      for (let at = size; at < end; at = this.#size) {
        await lease.write(ZEROS.subarray(0, end - at), at)
        this.#size = Math.min(at + ZEROS.length, end)
      }
    } catch (error) {
      this.#size = undefined
      if (!isDiskFull(error)) throw error
      return
    }
    this.#stepBytes = stepBytes
  }
}
