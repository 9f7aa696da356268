/** Wakes all who wait for something to change in a buffer: a reader, and a writer that found no room. */
export class Changes {
  #waiting: (() => void)[] = []

  tell(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    for (const wake of waiting) wake()
  }

  /** Rejects with the signal's reason. */
  next(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal.reason)
      signal.addEventListener('abort', abort, { once: true })
      this.#waiting.push(() => {
        signal.removeEventListener('abort', abort)
        resolve()
      })
    })
  }
}
