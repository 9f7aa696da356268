/** One fixed piece of work, with the power going at each of its calls to the disk, and at each of those of recoveries. */
import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import type { CrashPolicies } from '../../engine/ports/simulated-tree.ts'
import { underSeed } from './seeds.ts'
import { World } from './world.ts'

const SEED = Number(process.env['HEADGATE_SEED'] ?? 20)
const BURSTS = 9
const POLICIES: readonly CrashPolicies[] = [
  { survivors: 'none', names: 'none' },
  { survivors: 'all', names: 'random' },
  { survivors: 'garbage', names: 'all' },
]
/** Those of the work whose recovery is cut at each of its own calls. */
const RECOVERED_CUTS = [0.3, 0.6, 0.95]
const TEST_MS = 5 * 60_000

/** The power goes at the call, or later than the work is done. */
async function worldCutAt(call: number, policies: CrashPolicies): Promise<World> {
  const world = new World(new SeededRandom(SEED), { segmentBytes: 6_000 })
  world.disk.cutPowerAt(call)
  const engine = await world.openWhilePowered()
  if (engine !== undefined) await world.workload.run(engine, world.clock, BURSTS)
  world.restart(policies)
  return world
}

/** False where the recovery was over before its call came. */
async function cutRecovery(world: World, call: number, policies: CrashPolicies): Promise<boolean> {
  world.disk.cutPowerAt(world.disk.calls + call)
  const engine = await world.openWhilePowered()
  world.restart(policies)
  return engine === undefined
}

/** All is kept, and the engine takes more. */
async function expectSound(world: World): Promise<void> {
  const { oracle, workload } = world
  const engine = await world.open()
  await oracle.check(engine)
  await workload.run(engine, world.clock, 1)
  await world.checkLiving(engine)
  await engine[Symbol.asyncDispose]()
  expect(world.disk.openPaths).toEqual([])
}

/** How many calls the work takes when nothing goes wrong. */
async function countCalls(): Promise<number> {
  const world = new World(new SeededRandom(SEED), { segmentBytes: 6_000 })
  await world.workload.run(await world.open(), world.clock, BURSTS)
  return world.disk.calls
}

describe('a power loss', { timeout: TEST_MS }, () => {
  test('at any call of the work costs nothing that was acknowledged', async () => {
    const calls = await countCalls()
    expect(calls).toBeGreaterThan(30)
    for (let call = 0; call < calls; call++) {
      for (const policies of POLICIES) {
        await underSeed(SEED, async () => expectSound(await worldCutAt(call, policies)))
      }
    }
  })

  test('at any call of the recovery from one costs nothing either, and once more in that', async () => {
    const calls = await countCalls()
    for (const share of RECOVERED_CUTS) {
      const policies = POLICIES[Math.floor(share * 10) % POLICIES.length] ?? POLICIES[0]
      if (policies === undefined) break
      let call = 0
      for (let goesOn = true; goesOn; call++) {
        await underSeed(SEED, async () => {
          const world = await worldCutAt(Math.floor(calls * share), policies)
          goesOn = await cutRecovery(world, call, policies)
          // The second recovery goes as far as the first did, or to its end.
          await cutRecovery(world, (call * 7) % (call + 1) || call, policies)
          await expectSound(world)
        })
      }
      expect(call).toBeGreaterThan(10)
    }
  })
})
