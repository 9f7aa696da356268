/** Caches and rate limits as they are, counted under Connect's names. */
import type { Clock } from '../ports/clock.ts'
import type { Cache } from './cache.ts'
import type { ComponentMetrics, Counter } from './component-metrics.ts'
import type { RateLimit } from './rate-limit.ts'
import { SampledTiming } from './sampled-timing.ts'

/** What one operation of a cache answers may be no success, nor a failure. */
type Answer = 'success' | 'not_found' | 'duplicate'

class Operation {
  readonly #timing: SampledTiming
  readonly #answers: Readonly<Record<Answer, Counter>>
  readonly #errors: Counter

  constructor(operation: string, metrics: ComponentMetrics, clock: Clock) {
    const labels = { operation }
    this.#timing = new SampledTiming(metrics.timing('cache_latency_ns', labels), clock)
    this.#answers = {
      success: metrics.counter('cache_success', labels),
      not_found: metrics.counter('cache_not_found', labels),
      duplicate: metrics.counter('cache_duplicate', labels),
    }
    this.#errors = metrics.counter('cache_error', labels)
  }

  run<T>(work: () => T | Promise<T>, judge: (result: T) => Answer): T | Promise<T> {
    const begunMs = this.#timing.begin()
    const done = (result: T): T => {
      this.#timing.end(begunMs)
      this.#answers[judge(result)].add(1)
      return result
    }
    const failed = (thrown: unknown): never => {
      this.#timing.end(begunMs)
      this.#errors.add(1)
      throw thrown
    }
    let result: T | Promise<T>
    try {
      result = work()
    } catch (thrown) {
      return failed(thrown)
    }
    return result instanceof Promise ? result.then(done, failed) : done(result)
  }
}

export function meteredCache(cache: Cache, metrics: ComponentMetrics, clock: Clock): Cache {
  const of = (operation: string): Operation => new Operation(operation, metrics, clock)
  const [get, set, add, del] = [of('get'), of('set'), of('add'), of('delete')]
  const success = (): Answer => 'success'
  return {
    get: (key) =>
      get.run(
        () => cache.get(key),
        (value) => (value ? 'success' : 'not_found'),
      ),
    set: (key, value, ttlMs) => set.run(() => cache.set(key, value, ttlMs), success),
    add: (key, value, ttlMs) =>
      add.run(
        () => cache.add(key, value, ttlMs),
        (added) => (added ? 'success' : 'duplicate'),
      ),
    delete: (key) => del.run(() => cache.delete(key), success),
    close: async () => cache.close?.(),
  }
}

export function meteredRateLimit(limit: RateLimit, metrics: ComponentMetrics): RateLimit {
  const checked = metrics.counter('rate_limit_checked')
  const triggered = metrics.counter('rate_limit_triggered')
  const errors = metrics.counter('rate_limit_error')
  const judge = (waitMs: number): number => {
    if (waitMs > 0) triggered.add(1)
    return waitMs
  }
  const failed = (thrown: unknown): never => {
    errors.add(1)
    throw thrown
  }
  return {
    access: () => {
      checked.add(1)
      try {
        const waitMs = limit.access()
        return waitMs instanceof Promise ? waitMs.then(judge, failed) : judge(waitMs)
      } catch (thrown) {
        return failed(thrown)
      }
    },
    close: async () => limit.close?.(),
  }
}
