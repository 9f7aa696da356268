/**
 * Holds a flow to a rate. It lets through whatever comes while anything is left and goes into debt for the rest, so
 * that one write above the burst passes too, and what follows waits until it is paid.
 *
 * Within any `t` seconds no more than `t + 1` seconds' worth and one write goes through.
 */

export class TokenBucket {
  readonly #perSecond: number
  #level: number
  #filledMs: number

  /** Full at first: its burst is what one second brings. */
  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond
    this.#level = perSecond
    this.#filledMs = nowMs
  }

  /** How long until something may be taken; 0 when it may now. */
  waitMs(nowMs: number): number {
    const earned = ((nowMs - this.#filledMs) * this.#perSecond) / 1000
    this.#level = Math.min(this.#perSecond, this.#level + earned)
    this.#filledMs = nowMs
    if (this.#level > 0) return 0
    return Math.max(1, Math.ceil((-this.#level * 1000) / this.#perSecond))
  }

  /** Only after `waitMs` said 0. */
  take(amount: number): void {
    this.#level -= amount
  }
}
