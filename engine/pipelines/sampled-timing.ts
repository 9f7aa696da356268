/**
 * Times what happens often without looking at the clock each time: what was quick is timed again after some rounds, and
 * stands for those that were left out; what was slow is timed at once again, for there the clock costs nothing.
 */
import type { Clock } from '../ports/clock.ts'
import type { Timing } from './component-metrics.ts'

/** For `end`: this one is not timed. */
export const NOT_TIMED = -1
/** Quicker is timed now and then only. */
export const QUICK_NS = 50_000
export const ROUNDS_LEFT_OUT = 15
const NS_PER_MS = 1_000_000

export class SampledTiming {
  readonly #timing: Timing
  readonly #clock: Clock
  #toLeaveOut = 0
  #leftOut = 0

  constructor(timing: Timing, clock: Clock) {
    this.#timing = timing
    this.#clock = clock
  }

  /** What `end` is to be given; many may be under way at once. */
  begin(): number {
    if (this.#toLeaveOut > 0) {
      this.#toLeaveOut -= 1
      this.#leftOut += 1
      return NOT_TIMED
    }
    return this.#clock.monotonicMs()
  }

  end(begunMs: number): void {
    if (begunMs === NOT_TIMED) return
    const ns = (this.#clock.monotonicMs() - begunMs) * NS_PER_MS
    this.#timing.observe(ns, 1 + this.#leftOut)
    this.#leftOut = 0
    this.#toLeaveOut = ns < QUICK_NS ? ROUNDS_LEFT_OUT : 0
  }
}
