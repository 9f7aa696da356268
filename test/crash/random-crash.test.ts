/** Every promise of the engine, under anything that can be asked of it and any end of its lives. */
import { expect, test } from 'vitest'
import { SEEDS_TEST_MS, seeds, underSeed } from './seeds.ts'
import { simulate } from './simulator.ts'

const SHARE = 200

test('no end of a life breaks a promise of the engine', { timeout: SEEDS_TEST_MS }, async () => {
  let runs = 0
  for (const seed of seeds({ share: SHARE })) {
    await underSeed(seed, () => simulate(seed))
    runs++
  }
  expect(runs).toBeGreaterThan(0)
})
