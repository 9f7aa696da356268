/**
 * The time by which records expire: the wall, but not where it jumps forward against the monotonic clock. A clock that
 * is set wrongly must not erase data; after it held still for a while it is believed.
 */
import type { Clock } from '../ports/clock.ts'

export const JUMP_MS_MAX = 3_600_000
export const JUMP_BELIEVED_AFTER_MS = 600_000

export class RetentionTime {
  readonly #clock: Clock
  #trustedUs: number
  #lookedMs: number
  #doubtedSinceMs: number | undefined
  #doubtedUs = 0

  /** A wall far above the newest arrival is doubted too: whether time passed or the clock was set, nobody can tell yet. */
  constructor(clock: Clock, arrivalLastUs = 0) {
    this.#clock = clock
    this.#trustedUs = arrivalLastUs > 0 ? arrivalLastUs : clock.wallUs()
    this.#lookedMs = clock.monotonicMs()
  }

  /** Undefined while the wall is in doubt: nothing expires then. */
  nowUs(): number | undefined {
    const wallUs = this.#clock.wallUs()
    const nowMs = this.#clock.monotonicMs()
    const expectedUs = this.#trustedUs + (nowMs - this.#lookedMs) * 1000
    if (wallUs - expectedUs > JUMP_MS_MAX * 1000) {
      const stillUs = this.#doubtedUs + (nowMs - (this.#doubtedSinceMs ?? nowMs)) * 1000
      if (this.#doubtedSinceMs === undefined || Math.abs(wallUs - stillUs) > JUMP_MS_MAX * 1000) {
        this.#doubtedSinceMs = nowMs
        this.#doubtedUs = wallUs
      }
      if (nowMs - this.#doubtedSinceMs < JUMP_BELIEVED_AFTER_MS) return undefined
    }
    this.#doubtedSinceMs = undefined
    this.#trustedUs = wallUs
    this.#lookedMs = nowMs
    return wallUs
  }
}
