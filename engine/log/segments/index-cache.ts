/** The indexes that are in memory: the least recently used ones go, and are read or made again when they are needed. */
import { SegmentIndex } from './segment-index.ts'

export const INDEX_CACHE_BYTES_MAX: number = 16 * 1024 * 1024

interface Held {
  readonly index: SegmentIndex
  /** As it was last counted: an index grows while its segment is written. */
  bytes: number
}

export class IndexCache {
  readonly #bytesMax: number
  /** By path; the least recently used first. */
  readonly #held = new Map<string, Held>()
  #bytes = 0

  constructor(bytesMax: number = INDEX_CACHE_BYTES_MAX) {
    this.#bytesMax = bytesMax
  }

  get(path: string): SegmentIndex | undefined {
    const held = this.#held.get(path)
    if (held !== undefined) this.put(path, held.index)
    return held?.index
  }

  /** An empty one for a segment that begins. */
  begin(path: string): SegmentIndex {
    const index = new SegmentIndex()
    this.put(path, index)
    return index
  }

  put(path: string, index: SegmentIndex): void {
    this.delete(path)
    this.#held.set(path, { index, bytes: index.byteLength })
    this.#bytes += index.byteLength
    for (const oldest of this.#held.keys()) {
      if (this.#bytes <= this.#bytesMax || oldest === path) break
      this.delete(oldest)
    }
  }

  delete(path: string): void {
    this.#bytes -= this.#held.get(path)?.bytes ?? 0
    this.#held.delete(path)
  }
}
