/** First in, first out; taking from it costs the same however long it is, as `Array.shift` does not. */

/** Taken entries are forgotten in bulk. */
const FORGOTTEN_MIN = 1_024

export class Queue<T> {
  #entries: (T | undefined)[] = []
  #first = 0

  get length(): number {
    return this.#entries.length - this.#first
  }

  push(entry: T): void {
    this.#entries.push(entry)
  }

  shift(): T | undefined {
    if (this.#first === this.#entries.length) return undefined
    const entry = this.#entries[this.#first]
    this.#entries[this.#first] = undefined
    this.#first += 1
    if (this.#first >= FORGOTTEN_MIN && this.#first * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first)
      this.#first = 0
    }
    return entry
  }

  clear(): void {
    this.#entries = []
    this.#first = 0
  }
}
