export interface Entries<Entry> {
  /** Uses the entry. */
  get(key: string): Entry | undefined
  set(key: string, entry: Entry): void
  delete(key: string): void
}

/** As many entries as fit; the one that was used longest ago makes room. */
export class RecentEntries<Entry> implements Entries<Entry> {
  readonly #cap: number
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>()

  constructor(cap: number) {
    this.#cap = cap
  }

  get(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry
  }

  set(key: string, entry: Entry): void {
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    if (this.#entries.size <= this.#cap) return
    removeOldest(this.#entries)
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }
}

/** Of a map in the order of its use: the key that went. */
export function removeOldest(entries: Map<string, unknown>): string | undefined {
  const [oldest] = entries.keys()
  if (oldest !== undefined) entries.delete(oldest)
  return oldest
}
