import { describe, expect, test } from 'vitest'
import { testEnvironment } from '../../pipelines/testing.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { processorsOf } from '../run-processors.ts'

/** Fails so many times for each message, as its metadata tells it. */
const failing = {
  mapping: 'root = if @retry_count < this { throw("not yet") } else { [this, @retry_count] }',
}

async function run(retry: object, given: readonly unknown[], before: readonly object[] = []) {
  const clock = new SimulatedClock()
  const random = { next: () => 0, bytes: () => new Uint8Array(), uuid: () => '' }
  const environment = testEnvironment({ clock, random })
  const config = { retry: { processors: [failing], ...retry } }
  const process = await processorsOf([...before, config], { environment })
  const running = process(given)
  let done = false
  running.then(() => {
    done = true
  })
  let ms = 0
  await new Promise(setImmediate)
  for (; !done; ms += 100) await clock.advance(100)
  return { ...(await running), ms }
}

describe('retry', () => {
  test('tries each message as often as it needs, with waits that double', async () => {
    const { batches, failures, ms } = await run({}, [0, 2, 1])
    expect(batches).toEqual([
      [
        [0, 0],
        [2, 2],
        [1, 1],
      ],
    ])
    expect(failures).toEqual([undefined, undefined, undefined])
    expect(ms).toBe(500 + 1_000 + 500)
  })

  test('tries the messages of a batch at once where it is told to', async () => {
    const { batches, ms } = await run({ parallel: true }, [1, 2, 0])
    expect(batches).toEqual([
      [
        [1, 1],
        [2, 2],
        [0, 0],
      ],
    ])
    expect(ms).toBe(1_500)
  })

  test('waits no longer than the longest wait', async () => {
    const backoff = { initial_interval: '100ms', max_interval: '300ms' }
    expect((await run({ backoff }, [5])).ms).toBe(100 + 200 + 300 + 300 + 300)
  })

  test('gives up after so many tries, and passes the message on flagged', async () => {
    const { batches, failures } = await run({ max_retries: 2 }, [2, 3])
    expect(batches).toEqual([[[2, 2], 3]])
    expect(failures).toEqual([undefined, expect.stringContaining('not yet')])
  })

  test('gives up when the time is over, and never where there is none', async () => {
    const backoff = { initial_interval: '1s', max_interval: '1s', max_elapsed_time: '3s' }
    expect((await run({ backoff }, [3, 4])).failures).toEqual([undefined, expect.any(String)])
    const lasting = { ...backoff, max_elapsed_time: '0s' }
    expect((await run({ backoff: lasting }, [90])).failures).toEqual([undefined])
  })

  test('forgets the error that a message came with', async () => {
    const before = [{ mapping: 'root = throw("before")' }]
    const { failures, batches } = await run({}, [0], before)
    expect(failures).toEqual([undefined])
    expect(batches).toEqual([[[0, 0]]])
  })

  test('tells how often it was tried and for how long that was waited', async () => {
    const { messages } = await run({}, [2])
    expect([
      messages[0]?.metadata('retry_count'),
      messages[0]?.metadata('backoff_duration'),
    ]).toEqual([2, '1500ms'])
  })
})
