/** As many entries as fit; the one that was used longest ago makes room. */
export class RecentEntries<Entry> {
  readonly #cap: number
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>()

  constructor(cap: number) {
    this.#cap = cap
  }

  /** Uses the entry. */
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
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }
}
