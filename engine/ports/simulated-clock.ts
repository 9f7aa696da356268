/**
 * Time that moves only when a test says so. Timers fire in the order of their deadlines, those of one moment in the
 * order in which they were set; after each, everything that it set off runs before the next fires.
 */
import { setImmediate as turn } from 'node:timers/promises'
import type { Clock, Timer } from './clock.ts'

interface Waiting {
  readonly atMs: number
  readonly callback: () => void
}

export class SimulatedClock implements Clock {
  #nowMs = 0
  #wallOffsetUs: number
  readonly #waiting = new Set<Waiting>()

  /** Starts at 2026-01-01T00:00:00Z unless told otherwise. */
  constructor(wallUs: number = 1_767_225_600_000_000) {
    this.#wallOffsetUs = wallUs
  }

  wallUs(): number {
    return Math.floor(this.#nowMs * 1000) + this.#wallOffsetUs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        timer.cancel()
        reject(signal?.reason)
      }
      const timer = this.schedule(ms, () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      })
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  schedule(ms: number, callback: () => void): Timer {
    const waiting: Waiting = { atMs: this.#nowMs + Math.max(ms, 0), callback }
    this.#waiting.add(waiting)
    return { cancel: () => void this.#waiting.delete(waiting) }
  }

  /** Moves both times on by `ms`, firing what falls due. Await it: each firing is followed by a turn of the loop. */
  async advance(ms: number): Promise<void> {
    const target = this.#nowMs + ms
    for (let due = this.#earliest(target); due !== undefined; due = this.#earliest(target)) {
      this.#waiting.delete(due)
      this.#nowMs = Math.max(this.#nowMs, due.atMs)
      due.callback()
      await turn()
    }
    this.#nowMs = target
    await turn()
  }

  /** Sets the wall alone, forwards or backwards, as an operator or a time server would. */
  jumpWall(us: number): void {
    this.#wallOffsetUs += us
  }

  /** How many timers wait; a test that ends with some has leaked them. */
  get timers(): number {
    return this.#waiting.size
  }

  /** How long until the next timer fires; undefined where none waits. */
  get dueInMs(): number | undefined {
    const next = this.#earliest(Number.POSITIVE_INFINITY)
    return next === undefined ? undefined : next.atMs - this.#nowMs
  }

  #earliest(limitMs: number): Waiting | undefined {
    let earliest: Waiting | undefined
    for (const waiting of this.#waiting) {
      if (waiting.atMs > limitMs) continue
      if (earliest === undefined || waiting.atMs < earliest.atMs) earliest = waiting
    }
    return earliest
  }
}
