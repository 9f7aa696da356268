/**
 * The system's time. Wall time is a monotonic base plus the offset to the wall, looked at again now and then: between
 * two looks it cannot jump, and after a look it follows what the system believes.
 */
import { setTimeout as sleepMs } from 'node:timers/promises'
import type { Clock, Timer } from './clock.ts'

/** A longer timer would fire at once: the platform holds delays in 31 bits. */
const TIMER_MS_MAX = 2 ** 31 - 1
const WALL_LOOK_MS = 1_000

export class RealClock implements Clock {
  #lookedMs = Number.NEGATIVE_INFINITY
  #offsetUs = 0

  wallUs(): number {
    const monotonicMs = performance.now()
    if (monotonicMs - this.#lookedMs >= WALL_LOOK_MS) {
      this.#lookedMs = monotonicMs
      this.#offsetUs = Math.round(Date.now() * 1000 - monotonicMs * 1000)
    }
    return Math.floor(monotonicMs * 1000) + this.#offsetUs
  }

  monotonicMs(): number {
    return performance.now()
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const end = performance.now() + ms
    for (let leftMs = ms; ; leftMs = end - performance.now()) {
      try {
        await sleepMs(Math.min(Math.max(leftMs, 0), TIMER_MS_MAX), undefined, { signal })
      } catch (error) {
        throw signal?.aborted === true ? signal.reason : error
      }
      if (end - performance.now() <= 0) return
    }
  }

  schedule(ms: number, callback: () => void): Timer {
    const end = performance.now() + ms
    let handle = setTimeout(fire, Math.min(Math.max(ms, 0), TIMER_MS_MAX))
    handle.unref()
    function fire(): void {
      const leftMs = end - performance.now()
      // A timer may fire a fraction early; only a cut one has far to go.
      if (leftMs <= 1) {
        callback()
        return
      }
      handle = setTimeout(fire, Math.min(leftMs, TIMER_MS_MAX))
      handle.unref()
    }
    return { cancel: () => clearTimeout(handle) }
  }
}

export const realClock: Clock = new RealClock()
