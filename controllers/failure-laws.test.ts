/** A failure or a crash at any step of a convergence, then a retry or a start, ends where none would have ended. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { identityKey } from '../crds/resource.ts'
import type { Engine } from '../engine/engine.ts'
import { openMemoryEngine } from '../engine/log/memory-engine.ts'
import { SeededRandom } from '../engine/ports/seeded-random.ts'
import { SimulatedClock } from '../engine/ports/simulated-clock.ts'
import { type Failing, failingEngine } from '../test/harness/failing-engine.ts'
import { generatedSet } from '../test/harness/generated-sets.ts'
import { LAW_MS_MAX, runsOf } from '../test/harness/law-runs.ts'
import { LawWorld } from '../test/harness/law-world.ts'
import type { Member } from './sets/resource-set.ts'

const runs = runsOf(30)
/** Longer than the longest wait between two tries. */
const RETRIED_MS = 900_000

const failing = (dies: boolean): fc.Arbitrary<Failing> =>
  fc.record({
    step: fc.integer({ min: 1, max: 12 }),
    when: fc.constantFrom('before' as const, 'after' as const),
    dies: fc.constant(dies),
  })

/** What a person would call the same: no uids, no times, and what the plan holds back. */
function stateOf(world: LawWorld): unknown {
  return {
    streams: [...world.streams()]
      .map(([name, { type, shards, digest, sealed, records }]) =>
        JSON.stringify([name, type, shards, digest, sealed !== undefined, records]),
      )
      .sort(),
    objects: [...world.objects()].map(([key, { spec }]) => JSON.stringify([key, spec])).sort(),
    running: world.running(),
    held: world
      .plan()
      .actions.map(
        ({ identity, verb, blockedBy }) => `${verb} ${identityKey(identity)} ${blockedBy}`,
      )
      .sort(),
  }
}

function memoryEngine(): Engine {
  return openMemoryEngine({ clock: new SimulatedClock(), random: new SeededRandom(1) })
}

async function undisturbed(a: readonly Member[], b: readonly Member[]): Promise<unknown> {
  await using world = await LawWorld.open(a)
  await world.converge(a)
  await world.fill()
  await world.converge(b)
  return stateOf(world)
}

describe('laws of failures', () => {
  test(
    'a failure at any step, then the retry, converges',
    async () => {
      let failures = 0
      await fc.assert(
        fc.asyncProperty(generatedSet, generatedSet, failing(false), async (a, b, fault) => {
          const { engine, hasFailed } = failingEngine(memoryEngine(), fault)
          await using world = await LawWorld.open(a, { engine })
          await world.converge(a)
          await world.settle(RETRIED_MS)
          await world.fill()
          await world.converge(b)
          await world.settle(RETRIED_MS)
          await world.converge(b)
          if (hasFailed()) failures += 1
          expect(stateOf(world)).toEqual(await undisturbed(a, b))
        }),
        { numRuns: runs },
      )
      expect(failures).toBeGreaterThan(0)
    },
    LAW_MS_MAX,
  )

  test(
    'a crash at any step, then a start, converges',
    async () => {
      let crashes = 0
      await fc.assert(
        fc.asyncProperty(generatedSet, generatedSet, failing(true), async (a, b, fault) => {
          const dataDirectory = mkdtempSync(join(tmpdir(), 'headgate-laws-'))
          try {
            const engine = memoryEngine()
            const first = await LawWorld.open(a, { engine, dataDirectory })
            await first.converge(a)
            await first.fill()
            await first[Symbol.asyncDispose]()
            const dying = failingEngine(engine, fault)
            const doomed = await LawWorld.open(b, { engine: dying.engine, dataDirectory })
            await doomed.converge(b)
            await doomed[Symbol.asyncDispose]()
            if (dying.hasFailed()) crashes += 1
            await using world = await LawWorld.open(b, { engine, dataDirectory })
            await world.converge(b)
            expect(stateOf(world)).toEqual(await undisturbed(a, b))
          } finally {
            rmSync(dataDirectory, { recursive: true, force: true })
          }
        }),
        { numRuns: runs },
      )
      expect(crashes).toBeGreaterThan(0)
    },
    LAW_MS_MAX,
  )
})
