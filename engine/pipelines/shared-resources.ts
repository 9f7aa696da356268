/** The caches and rate limits of one pipeline: each made when it is first asked for, and closed with the pipeline. */
import type { Cache } from './cache.ts'
import type { RateLimit } from './rate-limit.ts'

type Shared = Cache | RateLimit

export class SharedResources {
  readonly #made = new Map<string, Promise<Shared>>()

  /** The same object for the same key, whoever asks and however many at once. */
  get<T extends Shared>(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#made.get(key)
    if (known !== undefined) return known as Promise<T>
    const made = make()
    this.#made.set(key, made)
    return made
  }

  async close(): Promise<void> {
    const made = [...this.#made.values()]
    this.#made.clear()
    for (const one of made) await (await one).close?.()
  }
}
