import { describe, expect, test } from 'vitest'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { JUMP_BELIEVED_AFTER_MS, JUMP_MS_MAX, RetentionTime } from './retention-time.ts'

function open() {
  const clock = new SimulatedClock()
  return { clock, time: new RetentionTime(clock) }
}

describe('the time of retention', () => {
  test('is the wall as long as it moves with the monotonic clock', async () => {
    const { clock, time } = open()
    await clock.advance(10 * JUMP_MS_MAX)
    expect(time.nowUs()).toBe(clock.wallUs())
  })

  test('follows a wall that is set back', () => {
    const { clock, time } = open()
    clock.jumpWall(-1e12)
    expect(time.nowUs()).toBe(clock.wallUs())
  })

  test('follows a step forward of the most, and doubts a larger one', () => {
    const { clock, time } = open()
    clock.jumpWall(JUMP_MS_MAX * 1000)
    expect(time.nowUs()).toBe(clock.wallUs())
    clock.jumpWall(JUMP_MS_MAX * 1000 + 1)
    expect(time.nowUs()).toBeUndefined()
  })

  test('believes a jump once it held still for long enough, and not before', async () => {
    const { clock, time } = open()
    clock.jumpWall(1e12)
    expect(time.nowUs()).toBeUndefined()
    await clock.advance(JUMP_BELIEVED_AFTER_MS - 1)
    expect(time.nowUs()).toBeUndefined()
    await clock.advance(1)
    expect(time.nowUs()).toBe(clock.wallUs())
    expect(time.nowUs()).toBe(clock.wallUs())
  })

  test('counts anew when the wall jumps again meanwhile', async () => {
    const { clock, time } = open()
    clock.jumpWall(1e12)
    expect(time.nowUs()).toBeUndefined()
    await clock.advance(JUMP_BELIEVED_AFTER_MS - 1)
    clock.jumpWall(1e12)
    expect(time.nowUs()).toBeUndefined()
    await clock.advance(JUMP_BELIEVED_AFTER_MS - 1)
    expect(time.nowUs()).toBeUndefined()
    await clock.advance(1)
    expect(time.nowUs()).toBe(clock.wallUs())
  })

  test('doubts a wall that is far above the newest arrival when it begins', async () => {
    const clock = new SimulatedClock()
    const near = new RetentionTime(clock, clock.wallUs() - JUMP_MS_MAX * 1000)
    expect(near.nowUs()).toBe(clock.wallUs())
    const far = new RetentionTime(clock, clock.wallUs() - JUMP_MS_MAX * 1000 - 1)
    expect(far.nowUs()).toBeUndefined()
    await clock.advance(JUMP_BELIEVED_AFTER_MS)
    expect(far.nowUs()).toBe(clock.wallUs())
  })

  test('forgets its doubt when the wall comes back', async () => {
    const { clock, time } = open()
    clock.jumpWall(1e12)
    expect(time.nowUs()).toBeUndefined()
    clock.jumpWall(-1e12)
    expect(time.nowUs()).toBe(clock.wallUs())
    clock.jumpWall(1e12)
    expect(time.nowUs()).toBeUndefined()
    await clock.advance(JUMP_BELIEVED_AFTER_MS)
    expect(time.nowUs()).toBe(clock.wallUs())
  })
})
