/** Tells listeners which resource may answer otherwise now; a listener that leaves hears no more. */
export class KeyListeners {
  readonly #listeners = new Set<(key: string) => void>()

  add(listener: (key: string) => void): Disposable {
    // Wrapped, so that one function may listen twice and leave once.
    const entry = (key: string): void => listener(key)
    this.#listeners.add(entry)
    return { [Symbol.dispose]: () => void this.#listeners.delete(entry) }
  }

  tell(key: string): void {
    for (const listener of [...this.#listeners]) listener(key)
  }
}
