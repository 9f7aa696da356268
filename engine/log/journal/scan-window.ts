/** Reads a file from front to back in large pieces; what it gives stays valid, and shares its memory with its neighbours. */
import type { DiskFile } from '../../ports/disk.ts'
import { readFully } from '../transfer-fully.ts'

const WINDOW_BYTES = 4 * 1024 * 1024

export class ScanWindow {
  readonly #file: DiskFile
  readonly #size: number
  #bytes: Buffer = Buffer.alloc(0)
  #start = 0

  constructor(file: DiskFile, size: number) {
    this.#file = file
    this.#size = size
  }

  /** Undefined where it must be read first. */
  peek(position: number, length: number): Buffer | undefined {
    const from = position - this.#start
    const to = Math.min(from + length, this.#size - this.#start)
    return from < 0 || to > this.#bytes.length ? undefined : this.#bytes.subarray(from, to)
  }

  /** Less where the file ends before. */
  async read(position: number, length: number): Promise<Buffer> {
    const bytes = Math.min(Math.max(length, WINDOW_BYTES), this.#size - position)
    const window = Buffer.allocUnsafeSlow(Math.max(bytes, 0))
    this.#bytes = window.subarray(0, await readFully(this.#file, window, position))
    this.#start = position
    return this.#bytes.subarray(0, length)
  }
}
