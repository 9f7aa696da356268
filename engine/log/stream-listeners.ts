/** Who wants to know that a stream was created, altered or deleted. */
import type { Logger } from '../ports/logger.ts'

export class StreamListeners {
  readonly #listeners = new Set<{ readonly call: (name: string) => void }>()
  readonly #logger: Logger | undefined

  constructor(logger: Logger | undefined) {
    this.#logger = logger
  }

  add(call: (name: string) => void): Disposable {
    const listener = { call }
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** A listener that throws harms neither the commit nor the other listeners. */
  tell(name: string): void {
    for (const { call } of this.#listeners) {
      try {
        call(name)
      } catch (error) {
        this.#logger?.error('A stream listener failed', { stream: name, error })
      }
    }
  }
}
