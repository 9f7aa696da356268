/** Keeps the newest frames in memory, as they were written, so that readers who keep up cause no read at all. */

export const TAIL_CACHE_BYTES_MAX: number = 32 * 1024 * 1024

/** Where a batch lies in the journal. */
export interface JournalPlace {
  readonly epoch: number
  readonly position: number
  /** The frame that holds it; undefined for what recovery found. */
  readonly frame: CachedFrame | undefined
}

/** One object for all batches of a frame, so that the cache lets go of them in one step. */
export interface CachedFrame {
  /** Where it begins in its file. */
  readonly position: number
  /** Undefined once it left the cache. */
  bytes: Buffer | undefined
}

/** The batch of `length` bytes at the place, while the cache has it. */
export function cachedBatch({ frame, position }: JournalPlace, length: number): Buffer | undefined {
  if (frame?.bytes === undefined) return undefined
  const start = position - frame.position
  return frame.bytes.subarray(start, start + length)
}

export class TailCache {
  #frames: CachedFrame[] = []
  #bytes = 0
  readonly #bytesMax: number

  constructor(bytesMax: number = TAIL_CACHE_BYTES_MAX) {
    this.#bytesMax = bytesMax
  }

  add(frame: CachedFrame): void {
    this.#frames.push(frame)
    this.#bytes += frame.bytes?.length ?? 0
    let evicted = 0
    for (; this.#bytes > this.#bytesMax && evicted < this.#frames.length; evicted++) {
      const oldest = this.#frames[evicted]
      if (oldest === undefined) break
      this.#bytes -= oldest.bytes?.length ?? 0
      oldest.bytes = undefined
    }
    if (evicted > 0) this.#frames = this.#frames.slice(evicted)
  }
}
