/**
 * As many entries as fit: those that were used once, and those that were used again. How many of each kind follows from
 * which of them are asked for after they went. It is the ARC algorithm (adaptive replacement cache).
 */
import { type Entries, removeOldest } from './recent-entries.ts'

export class AdaptiveEntries<Entry> implements Entries<Entry> {
  readonly #cap: number
  readonly #recent = new Map<string, Entry>()
  readonly #frequent = new Map<string, Entry>()
  /** Keys that went lately. */
  readonly #recentGhosts = new Map<string, true>()
  readonly #frequentGhosts = new Map<string, true>()
  /** How many entries used once there should be. */
  #recentWanted = 0

  constructor(cap: number) {
    this.#cap = cap
  }

  get(key: string): Entry | undefined {
    const entry = this.#frequent.get(key) ?? this.#recent.get(key)
    if (entry !== undefined) this.#use(key, entry)
    return entry
  }

  set(key: string, entry: Entry): void {
    if (this.#recent.has(key) || this.#frequent.has(key)) {
      this.#use(key, entry)
      return
    }
    const [recents, frequents] = [this.#recentGhosts.size, this.#frequentGhosts.size]
    const wasRecent = this.#recentGhosts.delete(key)
    const wasFrequent = this.#frequentGhosts.delete(key)
    if (wasRecent) this.#wantRecent(Math.max(1, Math.floor(frequents / recents)))
    if (wasFrequent) this.#wantRecent(-Math.max(1, Math.floor(recents / frequents)))
    if (this.#recent.size + this.#frequent.size >= this.#cap) this.#makeRoom(wasFrequent)
    if (wasRecent || wasFrequent) this.#frequent.set(key, entry)
    else this.#recent.set(key, entry)
    if (this.#recentGhosts.size > this.#cap - this.#recentWanted) removeOldest(this.#recentGhosts)
    if (this.#frequentGhosts.size > this.#recentWanted) removeOldest(this.#frequentGhosts)
  }

  delete(key: string): void {
    for (const map of [this.#recent, this.#frequent, this.#recentGhosts, this.#frequentGhosts]) {
      map.delete(key)
    }
  }

  #use(key: string, entry: Entry): void {
    this.#recent.delete(key)
    this.#frequent.delete(key)
    this.#frequent.set(key, entry)
  }

  #wantRecent(more: number): void {
    this.#recentWanted = Math.min(this.#cap, Math.max(0, this.#recentWanted + more))
  }

  #makeRoom(forFrequentGhost: boolean): void {
    const [count, wanted] = [this.#recent.size, this.#recentWanted]
    const fromRecent = count > wanted || (count === wanted && forFrequentGhost)
    if (count > 0 && (fromRecent || this.#frequent.size === 0)) {
      const gone = removeOldest(this.#recent)
      if (gone !== undefined) this.#recentGhosts.set(gone, true)
    } else {
      const gone = removeOldest(this.#frequent)
      if (gone !== undefined) this.#frequentGhosts.set(gone, true)
    }
  }
}
