/**
 * Which batches of one shard are readable, and where their bytes are. It knows nothing of files: a place is whatever
 * the engine needs to fetch a batch.
 */

export interface IndexEntry<Place> {
  readonly baseSequence: number
  /** One above the last sequence of the batch. */
  readonly nextSequence: number
  readonly count: number
  readonly arrivalUs: number
  readonly bytes: number
  readonly place: Place
}

export class ShardIndex<Place> {
  #entries: IndexEntry<Place>[] = []
  /** Entries below it are dropped; the array is cut when half of it is. */
  #head = 0
  #records = 0
  #bytes = 0
  #first = 1
  #next = 1

  get first(): number {
    return this.#first
  }

  get next(): number {
    return this.#next
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Records that can be read; those of a batch that a trim cut through do not count. */
  get records(): number {
    const oldest = this.oldest
    if (oldest === undefined || oldest.baseSequence >= this.#first) return this.#records
    return this.#records - (this.#first - oldest.baseSequence)
  }

  get batches(): number {
    return this.#entries.length - this.#head
  }

  get oldest(): IndexEntry<Place> | undefined {
    return this.#entries[this.#head]
  }

  get newest(): IndexEntry<Place> | undefined {
    return this.#entries[Math.max(this.#entries.length - 1, this.#head)]
  }

  /** The entry at `index`, counted from the oldest. */
  at(index: number): IndexEntry<Place> | undefined {
    return this.#entries[this.#head + index]
  }

  append(entry: IndexEntry<Place>): void {
    if (this.batches === 0) this.#first = entry.baseSequence
    this.#entries.push(entry)
    this.#records += entry.count
    this.#bytes += entry.bytes
    this.#next = entry.nextSequence
  }

  /** Drops what lies wholly below `first` and returns it; a batch that `first` cuts through stays. */
  trim(first: number): readonly IndexEntry<Place>[] {
    const start = this.#head
    for (let entry = this.oldest; entry !== undefined; entry = this.oldest) {
      if (entry.nextSequence > first) break
      this.#records -= entry.count
      this.#bytes -= entry.bytes
      this.#head++
    }
    const dropped = this.#entries.slice(start, this.#head)
    if (this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
    this.#first = Math.min(Math.max(this.#first, first), this.#next)
    // A gap below the oldest record left belongs to what was dropped.
    this.#first = Math.max(this.#first, this.oldest?.baseSequence ?? this.#next)
    return dropped
  }

  /** Sequences below `next` will not be given out any more. */
  skipTo(next: number): void {
    this.#next = Math.max(this.#next, next)
    if (this.batches === 0) this.#first = this.#next
  }

  /** Index of the first batch that ends above `sequence`; `batches` when there is none. */
  find(sequence: number): number {
    return this.#search((entry) => entry.nextSequence > sequence)
  }

  /** Index of the first batch that arrived at or after the time; `batches` when there is none. */
  findTime(arrivalUs: number): number {
    return this.#search((entry) => entry.arrivalUs >= arrivalUs)
  }

  #search(reached: (entry: IndexEntry<Place>) => boolean): number {
    let low = 0
    let high = this.batches
    while (low < high) {
      const middle = (low + high) >>> 1
      const entry = this.at(middle)
      if (entry !== undefined && reached(entry)) high = middle
      else low = middle + 1
    }
    return low
  }
}
