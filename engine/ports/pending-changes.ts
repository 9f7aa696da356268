/**
 * What was asked of a simulated disk and is not durable yet, in order. A sync that failed leaves what it covered lost:
 * no later sync makes it durable, as on the systems that forget which pages were dirty once they said so.
 */
type Fate = 'unsynced' | 'lost' | 'synced'

interface Pending<Change> {
  readonly change: Change
  readonly sequence: number
  readonly fate: Fate
}

export class PendingChanges<Change> {
  #pending: Pending<Change>[] = []
  #sequence = 0

  add(change: Change): void {
    this.#pending.push({ change, sequence: ++this.#sequence, fate: 'unsynced' })
  }

  /** One that is durable from the start. What is pending before it must not come after it in a crash. */
  addDurable(change: Change): void {
    if (this.#pending.length === 0) return
    this.#pending.push({ change, sequence: ++this.#sequence, fate: 'synced' })
  }

  /** What a sync that begins now covers. */
  get mark(): number {
    return this.#sequence
  }

  sync(mark: number, makeDurable: (change: Change) => void): void {
    const kept: Pending<Change>[] = []
    for (const pending of this.#pending) {
      if (pending.sequence > mark || pending.fate === 'lost') {
        kept.push(pending)
        continue
      }
      // One that was durable already counts again behind what is durable only now.
      makeDurable(pending.change)
      // Behind one that may yet survive, it is kept for its order.
      if (kept.length > 0) kept.push({ ...pending, fate: 'synced' })
    }
    this.#pending = kept
  }

  failSync(mark: number): void {
    this.#pending = this.#pending.map((pending) =>
      pending.sequence <= mark && pending.fate === 'unsynced'
        ? { ...pending, fate: 'lost' }
        : pending,
    )
  }

  /** Hands each out in order, for the last time; `certain` are those that must be there. */
  settle(take: (change: Change, certain: boolean) => void): void {
    for (const { change, fate } of this.#pending) take(change, fate === 'synced')
    this.#pending = []
  }

  copy(copyOf: (change: Change) => Change): PendingChanges<Change> {
    const copy = new PendingChanges<Change>()
    copy.#sequence = this.#sequence
    copy.#pending = this.#pending.map((pending) => ({
      ...pending,
      change: copyOf(pending.change),
    }))
    return copy
  }
}
