import { describe, expect, test } from 'vitest'
import { SimulatedClock } from './simulated-clock.ts'

describe('the simulated clock', () => {
  test('stands still until it is told to move, and then moves both times alike', async () => {
    const clock = new SimulatedClock()
    expect([clock.monotonicMs(), clock.wallUs()]).toEqual([0, 1_767_225_600_000_000])
    await clock.advance(1.5)
    expect([clock.monotonicMs(), clock.wallUs()]).toEqual([1.5, 1_767_225_600_001_500])
  })

  test('sets the wall alone, forwards and backwards', () => {
    const clock = new SimulatedClock(1000)
    clock.jumpWall(500)
    expect([clock.monotonicMs(), clock.wallUs()]).toEqual([0, 1500])
    clock.jumpWall(-1200)
    expect([clock.monotonicMs(), clock.wallUs()]).toEqual([0, 300])
  })

  test('fires by deadline, those of one moment in the order in which they were set', async () => {
    const clock = new SimulatedClock()
    const fired: [string, number][] = []
    const set = (name: string, ms: number) =>
      clock.schedule(ms, () => fired.push([name, clock.monotonicMs()]))
    set('late', 20)
    set('first', 10)
    set('second', 10)
    set('at once', -5)
    await clock.advance(19)
    expect(fired).toEqual([
      ['at once', 0],
      ['first', 10],
      ['second', 10],
    ])
    await clock.advance(1)
    expect(fired.at(-1)).toEqual(['late', 20])
    expect(clock.timers).toBe(0)
  })

  test('fires nothing early and nothing that was cancelled', async () => {
    const clock = new SimulatedClock()
    let fired = 0
    const timer = clock.schedule(10, () => fired++)
    await clock.advance(9.9)
    expect(fired).toBe(0)
    timer.cancel()
    timer.cancel()
    await clock.advance(100)
    expect([fired, clock.timers]).toEqual([0, 0])
  })

  test('runs all that a timer set off before the next fires', async () => {
    const clock = new SimulatedClock()
    const order: string[] = []
    clock.schedule(1, async () => {
      order.push('one')
      for (let turn = 0; turn < 10; turn++) await Promise.resolve()
      order.push('set off by one')
    })
    clock.schedule(1, () => order.push('two'))
    await clock.advance(1)
    expect(order).toEqual(['one', 'set off by one', 'two'])
  })

  test('fires in one advance what a timer sets within it', async () => {
    const clock = new SimulatedClock()
    const at: number[] = []
    const again = (): void => {
      at.push(clock.monotonicMs())
      clock.schedule(10, again)
    }
    clock.schedule(10, again)
    await clock.advance(35)
    expect(at).toEqual([10, 20, 30])
    expect(clock.timers).toBe(1)
  })

  test('ends a sleep at its time, or with the reason of its signal', async () => {
    const clock = new SimulatedClock()
    const slept = clock.sleep(10).then(() => clock.monotonicMs())
    await clock.advance(15)
    expect(await slept).toBe(10)
    const abort = new AbortController()
    const reason = new Error('enough')
    const aborted = clock.sleep(10, abort.signal)
    abort.abort(reason)
    await expect(aborted).rejects.toBe(reason)
    await expect(clock.sleep(10, abort.signal)).rejects.toBe(reason)
    expect(clock.timers).toBe(0)
  })
})
