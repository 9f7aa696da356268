/**
 * What goes on in a rehearsal: whether something moved since one looked, and what waits for a world that no simulated
 * clock moves, such as a thread that runs foreign code.
 */
export class Activity {
  #moves = 0
  readonly #waits = new Set<Promise<unknown>>()

  /** Grows with everything that moves. */
  get moves(): number {
    return this.#moves
  }

  moved(): void {
    this.#moves += 1
  }

  /** Time stands still until it is through. */
  during<Value>(wait: Promise<Value>): Promise<Value> {
    const seen = wait
      .catch(() => undefined)
      .then(() => {
        this.#waits.delete(seen)
        this.moved()
      })
    this.#waits.add(seen)
    return wait
  }

  /** One of the waits; undefined where nothing waits. */
  get wait(): Promise<unknown> | undefined {
    return this.#waits.size === 0 ? undefined : Promise.race(this.#waits)
  }
}
