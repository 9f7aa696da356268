/** Applies retention on a slow timer, by ordinary writes: what is dropped is dropped durably, then forgotten. */
import type { Clock, Timer } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { Admission } from './admission.ts'
import type { Change } from './change.ts'
import type { Trim } from './log.ts'
import { expiredGroups, expiredTrims } from './retention.ts'
import { RetentionTime } from './retention-time.ts'
import { CONTROL_REQUEST_BYTES, type Store } from './store.ts'

export const RETENTION_SWEEP_MS = 10_000

export interface SweeperOptions {
  readonly store: Store
  readonly admission: Admission
  readonly clock: Clock
  readonly logger: Logger | undefined
}

export class Sweeper implements Disposable {
  readonly #store: Store
  readonly #admission: Admission
  readonly #clock: Clock
  readonly #logger: Logger | undefined
  readonly #time: RetentionTime
  #timer: Timer
  /** A sweep judges by what is visible, so the one before has to be through. */
  #sweeping = false
  /** It is said once that the clock is not trusted. */
  #isDoubting = false

  constructor({ store, admission, clock, logger }: SweeperOptions) {
    this.#store = store
    this.#admission = admission
    this.#clock = clock
    this.#logger = logger
    this.#time = new RetentionTime(clock, store.view.arrivalLastUs)
    this.#timer = this.#schedule()
  }

  [Symbol.dispose](): void {
    this.#timer.cancel()
  }

  #schedule(): Timer {
    return this.#clock.schedule(RETENTION_SWEEP_MS, () => {
      this.#timer = this.#schedule()
      if (!this.#sweeping && this.#store.condition() === undefined) void this.#sweep()
    })
  }

  async #sweep(): Promise<void> {
    const nowUs = this.#time.nowUs()
    if (nowUs === undefined && !this.#isDoubting) {
      this.#logger?.warn(
        'The clock is far ahead of what was known; nothing expires by age until it held still for ten minutes',
      )
    }
    this.#isDoubting = nowUs === undefined
    this.#sweeping = true
    try {
      const view = this.#store.view
      const trims = [...view.streams.values()].flatMap((stream) => expiredTrims(stream, nowUs))
      const groups = nowUs === undefined ? [] : this.#judgeGroups(nowUs)
      if (trims.length === 0 && groups.length === 0) return
      await this.#commit(trims, groups)
    } catch (error) {
      // What could not be swept now is found again by the next sweep.
      this.#logger?.warn('Retention was not applied', { error })
    } finally {
      this.#sweeping = false
    }
  }

  /** Marks groups whose last member left, unmarks those that are joined again, forgets what is past its days. */
  #judgeGroups(nowUs: number): readonly Change[] {
    const expired = new Set(expiredGroups(this.#store.view, nowUs))
    return [...this.#store.view.groups].flatMap(([group, { idleSinceUs }]): Change[] => {
      if (this.#admission.groups.hasMembers(group)) {
        return idleSinceUs === undefined ? [] : [{ kind: 'idle', group, sinceUs: null }]
      }
      if (idleSinceUs === undefined) return [{ kind: 'idle', group, sinceUs: nowUs }]
      return expired.has(group) ? [{ kind: 'reset', group, offsets: [] }] : []
    })
  }

  async #commit(trims: readonly Trim[], groups: readonly Change[]): Promise<void> {
    await this.#store.commit({
      bytes: CONTROL_REQUEST_BYTES,
      judge: () => {
        const judged = this.#admission.judgeTrims(trims)
        return { changes: [...judged, ...groups], result: undefined }
      },
    })
  }
}
