import { expect, test } from 'vitest'
import { testEnvironment } from '../../pipelines/testing.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { processorsOf } from '../run-processors.ts'

test('rate_limit holds each message back until it may go, and all who share the limit together', async () => {
  const clock = new SimulatedClock()
  const limit = { rate_limit: { resource: 'few' } }
  const run = await processorsOf([limit, limit], {
    environment: testEnvironment({ clock }),
    resources: { rate_limit_resources: [{ label: 'few', local: { count: 1, interval: '10s' } }] },
  })
  const running = run(['a', 'b'])
  await new Promise(setImmediate)
  let done = false
  running.then(() => {
    done = true
  })
  for (const seconds of [10, 10, 9]) await clock.advance(seconds * 1_000)
  expect(done).toBe(false)
  await clock.advance(1_000)
  expect((await running).batches).toEqual([['a', 'b']])
})
