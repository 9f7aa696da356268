import { describe, expect, test } from 'vitest'
import { HeadgateError } from '../../engine/error.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import { BACK_OFF_MS_FIRST, BACK_OFF_MS_MAX, BackOff } from './back-off.ts'

const clock = new SimulatedClock()
const fresh = (): BackOff => new BackOff(clock, new SeededRandom(1))
const busy = new HeadgateError('ResourceBusy', 'taken')

describe('backing off', () => {
  test('waits longer each time, alone, and never longer than its limit', () => {
    const backOff = fresh()
    const waits = Array.from(
      { length: 20 },
      () => (backOff.failed('a', 'x', busy).retryAtMs ?? 0) - clock.monotonicMs(),
    )
    expect(waits[0]).toBeLessThanOrEqual(BACK_OFF_MS_FIRST)
    expect(waits[3]).toBeGreaterThan(waits[0] ?? 0)
    expect(Math.max(...waits)).toBeLessThanOrEqual(BACK_OFF_MS_MAX)
    expect(backOff.mustWait('a', 'x')).toBe(true)
    expect(backOff.mustWait('b', 'x')).toBe(false)
  })

  test('is over with another declaration, and with time', async () => {
    const backOff = fresh()
    backOff.failed('a', 'x', busy)
    expect(backOff.mustWait('a', 'y')).toBe(false)
    await clock.advance(BACK_OFF_MS_FIRST)
    expect(backOff.mustWait('a', 'x')).toBe(false)
  })

  test('waits for another declaration where trying again cannot help', async () => {
    const backOff = fresh()
    const wrong = new HeadgateError('GrantMissing', 'no')
    expect(backOff.failed('a', 'x', wrong).retryAtMs).toBeUndefined()
    await clock.advance(BACK_OFF_MS_MAX * 10)
    expect(backOff.mustWait('a', 'x')).toBe(true)
    expect(backOff.nextMs(() => true)).toBeUndefined()
  })

  test('goes on where it was for what was made and fails again at once', () => {
    const backOff = fresh()
    for (let round = 0; round < 5; round += 1) {
      backOff.failed('a', 'x', busy)
      backOff.succeeded('a')
    }
    expect(backOff.failure('a')).toBeUndefined()
    expect((backOff.failed('a', 'x', busy).retryAtMs ?? 0) - clock.monotonicMs()).toBeGreaterThan(
      BACK_OFF_MS_FIRST * 8,
    )
  })

  test('believes an error that knows how long to wait', () => {
    const error = new HeadgateError('BackPressure', 'full', { retryAfterMs: 7 })
    expect(fresh().failed('a', 'x', error).retryAtMs).toBe(clock.monotonicMs() + 7)
  })
})
