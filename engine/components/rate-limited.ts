/** Waits until a rate limit grants one access. */
import type { RateLimit } from '../pipelines/rate-limit.ts'
import type { Clock } from '../ports/clock.ts'

/** Without a promise where access is granted at once; rejects when the signal aborts. */
export function passes(limit: RateLimit, clock: Clock, signal: AbortSignal): void | Promise<void> {
  const waitMs = limit.access()
  if (waitMs === 0) return
  return waitFor(limit, clock, signal, waitMs)
}

async function waitFor(
  limit: RateLimit,
  clock: Clock,
  signal: AbortSignal,
  first: number | Promise<number>,
): Promise<void> {
  for (let waitMs = await first; waitMs > 0; waitMs = await limit.access()) {
    await clock.sleep(waitMs, signal)
  }
}
