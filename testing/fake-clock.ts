/** Time that moves only when a test says so. */
import { HeadgateError } from '../engine/error.ts'
import { SimulatedClock } from '../engine/ports/simulated-clock.ts'

export type FakeClock = SimulatedClock

/** Stands at 2026-01-01T00:00:00Z unless told otherwise. */
export function fakeClock(at?: string | Date): FakeClock {
  if (at === undefined) return new SimulatedClock()
  const ms = new Date(at).getTime()
  if (!Number.isNaN(ms)) return new SimulatedClock(ms * 1000)
  throw new HeadgateError('Usage', `expected a time such as 2026-01-31T09:30:00Z, got ${at}`)
}
