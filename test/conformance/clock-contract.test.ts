/** The clock port: the real clock and the simulated one keep the same promises; only who moves them differs. */
import { describe, expect, test } from 'vitest'
import type { Clock } from '../../engine/ports/clock.ts'
import { RealClock } from '../../engine/ports/real-clock.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'

interface UnderTest {
  readonly clock: Clock
  /** Lets at least `ms` pass. */
  pass(ms: number): Promise<void>
}

const CLOCKS: Readonly<Record<string, () => UnderTest>> = {
  real: () => {
    const clock = new RealClock()
    return { clock, pass: (ms) => clock.sleep(ms) }
  },
  simulated: () => {
    const clock = new SimulatedClock()
    return { clock, pass: (ms) => clock.advance(ms) }
  },
}

for (const [name, open] of Object.entries(CLOCKS)) {
  describe(`the ${name} clock`, () => {
    test('moves both times on, and monotonic time never back', async () => {
      const { clock, pass } = open()
      const [wallUs, monotonicMs] = [clock.wallUs(), clock.monotonicMs()]
      await pass(5)
      expect(clock.wallUs() - wallUs).toBeGreaterThanOrEqual(4_000)
      expect(clock.monotonicMs() - monotonicMs).toBeGreaterThanOrEqual(4)
      expect(Number.isSafeInteger(clock.wallUs())).toBe(true)
    })

    test('calls back once, in the order of the deadlines', async () => {
      const { clock, pass } = open()
      const called: string[] = []
      clock.schedule(30, () => called.push('late'))
      clock.schedule(1, () => called.push('soon'))
      await pass(60)
      await pass(60)
      expect(called).toEqual(['soon', 'late'])
    })

    test('does not call back what was cancelled, however often', async () => {
      const { clock, pass } = open()
      let called = 0
      const timer = clock.schedule(1, () => called++)
      timer.cancel()
      timer.cancel()
      await pass(20)
      expect(called).toBe(0)
    })

    test('ends a sleep with the reason of its signal, also one that was aborted before', async () => {
      const { clock } = open()
      const stop = new AbortController()
      const sleeping = clock.sleep(60_000, stop.signal)
      stop.abort(new Error('enough'))
      await expect(sleeping).rejects.toThrow('enough')
      await expect(clock.sleep(60_000, stop.signal)).rejects.toThrow('enough')
    })

    test('ends a sleep when its time has come', async () => {
      const { clock, pass } = open()
      const sleeping = clock.sleep(1)
      await pass(10)
      await expect(sleeping).resolves.toBeUndefined()
    })
  })
}
