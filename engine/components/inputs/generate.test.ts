import { describe, expect, test } from 'vitest'
import { inspectPipeline } from '../../pipelines/inspect-pipeline.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { runToEnd, started } from '../testing.ts'

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

  test('takes durations and @every, and refuses cron by name', async () => {
    for (const interval of ['', '5s', '@every 1m30s']) {
      expect((await inspect({ interval })).problems).toEqual([])
    }
    for (const interval of ['*/5 * * * *', '@hourly']) {
      expect((await inspect({ interval })).problems[0]).toMatchObject({
        path: ['input', 'generate', 'interval'],
        message: expect.stringContaining('cron schedules are not available yet'),
      })
    }
    expect((await inspect({ interval: 'soon' })).problems[0]?.message).toContain('a duration')
  })
})
