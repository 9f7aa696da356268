/**
 * As many entries as fit: those that were used once apart from those that were used again, so that many new keys do not
 * push out what is used often. It is the 2Q algorithm.
 */
import { type Entries, removeOldest } from './recent-entries.ts'

export interface TwoQueueShape {
  readonly cap: number
  /** The share of entries that were used once. */
  readonly recentRatio: number
  /** How many keys of such entries are remembered beyond their going, as a share. */
  readonly ghostRatio: number
}

export class TwoQueueEntries<Entry> implements Entries<Entry> {
  readonly #cap: number
  readonly #recentMax: number
  readonly #ghostsMax: number
  readonly #recent = new Map<string, Entry>()
  readonly #frequent = new Map<string, Entry>()
  readonly #ghosts = new Map<string, true>()

  constructor({ cap, recentRatio, ghostRatio }: TwoQueueShape) {
    this.#cap = cap
    this.#recentMax = Math.floor(cap * recentRatio)
    this.#ghostsMax = Math.floor(cap * ghostRatio)
  }

  get(key: string): Entry | undefined {
    const entry = this.#frequent.get(key) ?? this.#recent.get(key)
    if (entry !== undefined) this.#use(key, entry)
    return entry
  }

  set(key: string, entry: Entry): void {
    if (this.#frequent.has(key) || this.#recent.has(key)) {
      this.#use(key, entry)
      return
    }
    const wasHere = this.#ghosts.delete(key)
    if (this.#recent.size + this.#frequent.size >= this.#cap) this.#makeRoom(wasHere)
    if (wasHere) this.#frequent.set(key, entry)
    else this.#recent.set(key, entry)
  }

  delete(key: string): void {
    this.#frequent.delete(key)
    this.#recent.delete(key)
    this.#ghosts.delete(key)
  }

  #use(key: string, entry: Entry): void {
    this.#recent.delete(key)
    this.#frequent.delete(key)
    this.#frequent.set(key, entry)
  }

  /** A key that comes back takes the place of one that was used often, where there is a choice. */
  #makeRoom(forFrequent: boolean): void {
    const [count, max] = [this.#recent.size, this.#recentMax]
    const fromRecent = count > max || (count === max && !forFrequent)
    if (this.#frequent.size > 0 && !(fromRecent && count > 0)) {
      removeOldest(this.#frequent)
      return
    }
    const gone = removeOldest(this.#recent)
    if (gone !== undefined) this.#ghosts.set(gone, true)
    if (this.#ghosts.size > this.#ghostsMax) removeOldest(this.#ghosts)
  }
}
