/** Waits that end at a deadline, over one timer for all of them: a thousand idle readers cost one. */
import type { Clock, Timer } from '../ports/clock.ts'

interface Deadline {
  readonly atMs: number
  readonly end: () => void
}

export class DeadlineWaits {
  readonly #clock: Clock
  readonly #deadlines = new Set<Deadline>()
  #timer: Timer | undefined
  #timerAtMs = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves when `waiting` is woken, the time is over, or the signal aborts; which one it was is not told. */
  wait(waiting: Set<() => void>, ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (ms <= 0 || signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      const end = (): void => {
        waiting.delete(end)
        this.#deadlines.delete(deadline)
        signal?.removeEventListener('abort', end)
        if (this.#deadlines.size === 0) this.#disarm()
        resolve()
      }
      const deadline: Deadline = { atMs: this.#clock.monotonicMs() + ms, end }
      waiting.add(end)
      this.#deadlines.add(deadline)
      signal?.addEventListener('abort', end, { once: true })
      this.#arm(deadline.atMs)
    })
  }

  #arm(atMs: number): void {
    if (this.#timerAtMs <= atMs) return
    this.#timer?.cancel()
    this.#timerAtMs = atMs
    const leftMs = Math.max(atMs - this.#clock.monotonicMs(), 0)
    this.#timer = this.#clock.schedule(leftMs, () => this.#expire())
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerAtMs = Number.POSITIVE_INFINITY
  }

  #expire(): void {
    this.#disarm()
    const nowMs = this.#clock.monotonicMs()
    let earliestMs = Number.POSITIVE_INFINITY
    for (const deadline of this.#deadlines) {
      if (deadline.atMs <= nowMs) deadline.end()
      else earliestMs = Math.min(earliestMs, deadline.atMs)
    }
    if (earliestMs < Number.POSITIVE_INFINITY) this.#arm(earliestMs)
  }
}
