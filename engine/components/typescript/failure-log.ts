/** Tells the log of records that failed: of the first at once, of more once in a while, with how many there were. */
import type { Clock } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'

/** A module that fails on every record fails thousands of times a second. */
export const FAILURES_QUIET_MS = 1_000

export class FailureLog {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #pipeline: string
  #toldMs: number | undefined
  #untold = 0

  constructor(clock: Clock, logger: Logger, pipeline: string) {
    this.#clock = clock
    this.#logger = logger
    this.#pipeline = pipeline
  }

  failed(reason: string): void {
    this.#untold += 1
    const nowMs = this.#clock.monotonicMs()
    if (this.#toldMs !== undefined && nowMs - this.#toldMs < FAILURES_QUIET_MS) return
    const records = this.#untold
    this.#toldMs = nowMs
    this.#untold = 0
    this.#logger.warn('a record failed at a module', { pipeline: this.#pipeline, reason, records })
  }
}
