/**
 * Gives the event loop its turn: a pipeline that never waits must not starve requests, timers and other pipelines.
 *
 * Both a time and a count bound a turn: the count is what holds under a simulated clock that stands still.
 */
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../ports/clock.ts'

export const TURN_MS_MAX = 5
export const TURN_BATCHES_MAX = 1024

export class Turn {
  readonly #clock: Clock
  #since: number
  #batches = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#since = clock.monotonicMs()
  }

  /** Called once per batch; true when it is time for `pass`. */
  over(): boolean {
    this.#batches += 1
    if (this.#batches >= TURN_BATCHES_MAX) return true
    return this.#clock.monotonicMs() - this.#since >= TURN_MS_MAX
  }

  async pass(): Promise<void> {
    await setImmediate()
    this.#since = this.#clock.monotonicMs()
    this.#batches = 0
  }
}
