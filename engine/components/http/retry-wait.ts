/** How long to wait before the next try: waits that double, partly left to chance, and never less than was asked for. */
import type { Random } from '../../ports/random.ts'

export interface RetryWaits {
  readonly initialMs: number
  readonly maxMs: number
  /** How much of a wait is chance: 0 none of it, 1 all. */
  readonly jitter: number
}

/** `tries` counts those that failed, from 1. What the other side asks for is kept even above the longest wait. */
export function retryWaitMs(
  waits: RetryWaits,
  tries: number,
  askedMs: number | undefined,
  random: Random,
): number {
  const doubled = waits.initialMs * 2 ** Math.min(tries - 1, 32)
  const full = Math.min(doubled, waits.maxMs)
  const wait = full * (1 - waits.jitter * random.next())
  return Math.round(Math.max(wait, askedMs ?? 0))
}
