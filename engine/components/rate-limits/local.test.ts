import { expect, test } from 'vitest'
import type { BuildContext } from '../../pipelines/build-context.ts'
import { testEnvironment } from '../../pipelines/testing.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { local } from './local.ts'

test('local allows so many in an interval, says when to ask again, and starts anew after it', async () => {
  const clock = new SimulatedClock()
  const context: Partial<BuildContext> = {
    environment: testEnvironment({ clock }),
    durationMs: () => 1_000,
  }
  const limit = await local.build({ count: 2, interval: '1s' } as never, context as BuildContext)
  expect([limit.access(), limit.access()]).toEqual([0, 0])
  await clock.advance(400)
  expect([limit.access(), limit.access()]).toEqual([600, 600])
  await clock.advance(599)
  expect(limit.access()).toBe(1)
  await clock.advance(1)
  expect([limit.access(), limit.access(), limit.access()]).toEqual([0, 0, 1_000])
})
