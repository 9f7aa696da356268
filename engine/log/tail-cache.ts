/** Keeps the newest batches in memory, as they were written, so that readers who keep up cause no read at all. */

export const TAIL_CACHE_BYTES_MAX: number = 32 * 1024 * 1024

/** Where a batch lies in the journal. */
export interface JournalPlace {
  readonly epoch: number
  readonly position: number
  /** The batch itself, while it is in the cache. */
  cached: Buffer | undefined
}

interface CachedGroup {
  readonly places: readonly JournalPlace[]
  /** Of the whole buffer that the batches share. */
  readonly bytes: number
}

export class TailCache {
  #groups: CachedGroup[] = []
  #bytes = 0
  readonly #bytesMax: number

  constructor(bytesMax: number = TAIL_CACHE_BYTES_MAX) {
    this.#bytesMax = bytesMax
  }

  /** Takes places whose `cached` are set, all parts of one buffer of `bytes`. */
  add(places: readonly JournalPlace[], bytes: number): void {
    this.#groups.push({ places, bytes })
    this.#bytes += bytes
    let evicted = 0
    for (; this.#bytes > this.#bytesMax && evicted < this.#groups.length; evicted++) {
      const group = this.#groups[evicted]
      if (group === undefined) break
      for (const place of group.places) place.cached = undefined
      this.#bytes -= group.bytes
    }
    if (evicted > 0) this.#groups = this.#groups.slice(evicted)
  }
}
