/**
 * Remembers what failed and when it may be tried again, resource by resource: one that fails does so alone.
 *
 * The error says how: `never` waits for another declaration, `now` may be repeated at once, `backoff` with growing
 * waits. A resource that was made and soon fails again goes on where it was.
 */
import type { HeadgateError } from '../../engine/error.ts'
import type { Clock } from '../../engine/ports/clock.ts'
import type { Random } from '../../engine/ports/random.ts'

export const BACK_OFF_MS_FIRST = 250
export const BACK_OFF_MS_MAX = 60_000
/** What ran this long has recovered. */
export const RECOVERED_AFTER_MS = 60_000

export interface Failure {
  readonly error: HeadgateError
  /** On the monotonic clock; undefined waits for another declaration. */
  readonly retryAtMs: number | undefined
}

interface Known {
  readonly digest: string | undefined
  readonly attempts: number
  readonly failedAtMs: number
  readonly failure: Failure | undefined
}

export class BackOff {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #random: Pick<Random, 'next'>
  readonly #known = new Map<string, Known>()

  constructor(clock: Pick<Clock, 'monotonicMs'>, random: Pick<Random, 'next'>) {
    this.#clock = clock
    this.#random = random
  }

  failed(key: string, digest: string | undefined, error: HeadgateError): Failure {
    const now = this.#clock.monotonicMs()
    const before = this.#known.get(key)
    const continues =
      before !== undefined &&
      before.digest === digest &&
      now - before.failedAtMs < RECOVERED_AFTER_MS + BACK_OFF_MS_MAX
    const attempts = continues ? before.attempts + 1 : 1
    const wait = this.#waitMs(error, attempts)
    const retryAtMs = wait === undefined ? undefined : now + wait
    const failure: Failure = { error, retryAtMs }
    this.#known.set(key, { digest, attempts, failedAtMs: now, failure })
    return failure
  }

  /** It was made. The count stays, for one that fails again at once. */
  succeeded(key: string): void {
    const before = this.#known.get(key)
    if (before?.failure !== undefined) this.#known.set(key, { ...before, failure: undefined })
  }

  forget(key: string): void {
    this.#known.delete(key)
  }

  isEmpty(): boolean {
    return this.#known.size === 0
  }

  failure(key: string): Failure | undefined {
    return this.#known.get(key)?.failure
  }

  /** Whether this declaration has to wait. Another digest is another try. */
  mustWait(key: string, digest: string | undefined): boolean {
    const known = this.#known.get(key)
    if (known?.failure === undefined || known.digest !== digest) return false
    const { retryAtMs } = known.failure
    return retryAtMs === undefined || retryAtMs > this.#clock.monotonicMs()
  }

  /** When the first of these may be tried again, on the monotonic clock. */
  nextMs(isMine: (key: string) => boolean): number | undefined {
    let first: number | undefined
    for (const [key, { failure }] of this.#known) {
      if (failure?.retryAtMs === undefined || !isMine(key)) continue
      if (first === undefined || failure.retryAtMs < first) first = failure.retryAtMs
    }
    return first
  }

  #waitMs(error: HeadgateError, attempts: number): number | undefined {
    if (error.class.retry === 'never') return undefined
    if (error.retryAfterMs !== undefined) return error.retryAfterMs
    // `now` is repeated at once, but not for ever at full speed.
    if (error.class.retry === 'now' && attempts <= 3) return 0
    const growing = Math.min(BACK_OFF_MS_MAX, BACK_OFF_MS_FIRST * 2 ** Math.min(attempts - 1, 16))
    return Math.ceil(growing * (0.75 + this.#random.next() / 4))
  }
}
