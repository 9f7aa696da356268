import { expect, test } from 'vitest'
import { testEnvironment } from '../../pipelines/testing.ts'
import { SimulatedClock } from '../../ports/simulated-clock.ts'
import { processorsOf } from '../run-processors.ts'

async function parallel(cap: number): Promise<{ ms: number; batches: readonly unknown[] }> {
  const clock = new SimulatedClock()
  const processors = [
    { sleep: { duration: '${! this * 100 }ms' } },
    { mapping: 'root = [this, batch_size()]' },
  ]
  const environment = testEnvironment({ clock })
  const run = await processorsOf([{ parallel: { cap, processors } }], { environment })
  const running = run([3, 2, 1])
  let done = false
  running.then(() => {
    done = true
  })
  let ms = 0
  while (!done) {
    await clock.advance(100)
    ms += 100
  }
  return { ms, batches: (await running).batches }
}

const kept = [
  [
    [3, 1],
    [2, 1],
    [1, 1],
  ],
]

test.each([
  [0, 300],
  [2, 300],
  [1, 600],
])('parallel with a cap of %i takes %i ms, and keeps the order', async (cap, ms) => {
  expect(await parallel(cap)).toEqual({ ms, batches: kept })
})
