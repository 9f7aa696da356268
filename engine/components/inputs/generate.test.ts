import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { runToEnd, started } from '../testing.ts'
import { beatOf } from './interval.ts'

const inspect = (generate: object) =>
  inspectPipeline({
    input: { generate: { mapping: 'root = 1', ...generate } },
    output: { drop: {} },
  })

describe('the generate input', () => {
  test('counts messages, not those that were deleted', async () => {
    const environment = testEnvironment()
    const mapping = 'let n = counter()\nroot = if $n % 2 == 0 { deleted() } else { $n }'
    const generate = { mapping, interval: '', count: 5, batch_size: 2 }
    await runToEnd({ input: { generate }, output: { stdout: {} } }, environment)
    expect(environment.stdout.text).toBe('1\n3\n5\n7\n9\n')
  })

  test('lets go of what is rejected, where nothing is replayed', async () => {
    const environment = testEnvironment()
    const generate = { mapping: 'root = 1', interval: '', count: 2, auto_replay_nacks: false }
    // With a replay, this would not end.
    await runToEnd({ input: { generate }, output: { reject: 'no' } }, environment)
  })

  test('stops in time although its mapping deletes everything', async () => {
    const environment = testEnvironment()
    const generate = { mapping: 'root = deleted()', interval: '' }
    const pipeline = await started({ input: { generate }, output: { stdout: {} } }, environment)
    expect(await pipeline.stop(10_000)).toBe('drained')
  })

  test('keeps to its beat', async () => {
    const clock = new SimulatedClock()
    const environment = testEnvironment({ clock })
    const mapping = 'root = "x"'
    const generate = { mapping, interval: '10s', count: 3 }
    const beginMs = clock.monotonicMs()
    let over = false
    const done = runToEnd({ input: { generate }, output: { stdout: {} } }, environment).then(() => {
      over = true
    })
    while (!over) {
      await new Promise(setImmediate)
      clock.advance(100)
    }
    await done
    expect(environment.stdout.text).toBe('x\nx\nx\n')
    const tookMs = clock.monotonicMs() - beginMs
    expect(tookMs).toBeGreaterThanOrEqual(20_000)
    expect(tookMs).toBeLessThan(30_000)
  })

  test.each([
    // After 2026-01-01T00:00:00Z, a Thursday.
    ['*/5 * * * *', ['00:05:00', '00:10:00']],
    ['*/20 * * * * *', ['00:00:20', '00:00:40']],
    ['@hourly', ['01:00:00', '02:00:00']],
    ['TZ=America/New_York 30 20 * * *', ['01:30:00']],
    ['CRON_TZ=Asia/Tokyo 0 10 * * *', ['01:00:00']],
    ['0 3 1 * ?', ['03:00:00', '2026-02-01']],
  ])('takes the schedule %s', (interval, expected) => {
    const beat = beatOf(interval)
    if (beat?.kind !== 'schedule') throw new Error('expected a schedule')
    let at = Date.UTC(2026, 0, 1)
    for (const text of expected) {
      at = beat.after(at)
      expect(new Date(at).toISOString()).toContain(text)
    }
  })

  test('makes a batch when its schedule comes, though the clock was moved', async () => {
    const clock = new SimulatedClock()
    const environment = testEnvironment({ clock })
    const generate = { mapping: 'root = "x"', interval: '0 * * * *', count: 2 }
    const pipeline = await started({ input: { generate }, output: { stdout: {} } }, environment)
    const pass = async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 30_000) {
        clock.advance(30_000)
        for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
      }
    }
    const toHourMs = 3_600_000 - ((clock.wallUs() / 1_000) % 3_600_000)
    await pass(toHourMs - 120_000)
    expect(environment.stdout.text).toBe('')
    await pass(150_000)
    expect(environment.stdout.text).toBe('x\n')
    await pass(3_600_000)
    expect(environment.stdout.text).toBe('x\nx\n')
    await pipeline.stop(10_000)
  })

  test('takes durations, and refuses what never comes', async () => {
    for (const interval of ['', '0s', '5s', '@every 1m30s', '@daily', '@midnight']) {
      expect((await inspect({ interval })).problems).toEqual([])
    }
    for (const interval of ['0 0 30 2 *', '* * *', '@often', 'TZ=Nowhere/None 0 * * * *']) {
      expect((await inspect({ interval })).problems[0]).toMatchObject({
        path: ['input', 'generate', 'interval'],
        message: expect.stringContaining('a schedule that comes'),
      })
    }
    expect((await inspect({ interval: 'soon' })).problems[0]?.message).toContain('a duration')
  })
})
