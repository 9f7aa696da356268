/**
 * Whose turn it is to change a stream: changes of one stream are made one after the other, those of several beside each
 * other, and a change of the whole set has all of them to itself.
 */
export class StreamTurns {
  readonly #ofOne = new Map<string, Promise<unknown>>()
  #ofAll: Promise<unknown> = Promise.resolve()

  one<T>(id: string, work: () => Promise<T>): Promise<T> {
    const mine = Promise.all([this.#ofOne.get(id), this.#ofAll]).then(work)
    const done = mine.then(ignore, ignore).then(() => {
      if (this.#ofOne.get(id) === done) this.#ofOne.delete(id)
    })
    this.#ofOne.set(id, done)
    return mine
  }

  all<T>(work: () => Promise<T>): Promise<T> {
    const mine = Promise.all([...this.#ofOne.values(), this.#ofAll]).then(work)
    this.#ofAll = mine.then(ignore, ignore)
    return mine
  }
}

/** Whoever asked for it hears how it ended; those behind only wait. */
function ignore(): void {}
