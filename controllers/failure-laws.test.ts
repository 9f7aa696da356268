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

interface Fault {
  /** Which of the changes that there are, from 0 to 1. */
  readonly share: number
  readonly when: Failing['when']
}

const faults: fc.Arbitrary<Fault> = fc.record({
  share: fc.double({ min: 0, max: 0.999, noNaN: true }),
  when: fc.constantFrom('before' as const, 'after' as const),
})

/** One of the changes of a run that nothing disturbs; no fault where there are none. */
function failingAt({ share, when }: Fault, dies: boolean, changes: number): Failing {
  return { step: Math.floor(share * changes) + 1, when, dies }
}

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

interface Undisturbed {
  readonly state: unknown
  /** Of streams, up to the first set and in all. */
  readonly changesOfFirst: number
  readonly changes: number
}

async function undisturbed(a: readonly Member[], b: readonly Member[]): Promise<Undisturbed> {
  const { engine, changes } = failingEngine(memoryEngine(), {
    step: 0,
    when: 'before',
    dies: false,
  })
  await using world = await LawWorld.open(a, { engine })
  await world.converge(a)
  await world.fill()
  const changesOfFirst = changes()
  await world.converge(b)
  return { state: stateOf(world), changesOfFirst, changes: changes() }
}

describe('laws of failures', () => {
  test(
    'a failure at any step, then the retry, converges',
    async () => {
      let failures = 0
      await fc.assert(
        fc.asyncProperty(generatedSet, generatedSet, faults, async (a, b, fault) => {
          const { state, changes } = await undisturbed(a, b)
          const failing = failingAt(fault, false, changes)
          const { engine, hasFailed } = failingEngine(memoryEngine(), failing)
          await using world = await LawWorld.open(a, { engine })
          await world.converge(a)
          await world.settle(RETRIED_MS)
          await world.fill()
          await world.converge(b)
          await world.settle(RETRIED_MS)
          await world.converge(b)
          if (hasFailed()) failures += 1
          expect(stateOf(world)).toEqual(state)
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
        fc.asyncProperty(generatedSet, generatedSet, faults, async (a, b, fault) => {
          const { state, changesOfFirst, changes } = await undisturbed(a, b)
          const failing = failingAt(fault, true, changes - changesOfFirst)
          const dataDirectory = mkdtempSync(join(tmpdir(), 'headgate-laws-'))
          try {
            const engine = memoryEngine()
            const first = await LawWorld.open(a, { engine, dataDirectory })
            await first.converge(a)
            await first.fill()
            await first[Symbol.asyncDispose]()
            const dying = failingEngine(engine, failing)
            const doomed = await LawWorld.open(b, { engine: dying.engine, dataDirectory })
            await doomed.converge(b)
            await doomed[Symbol.asyncDispose]()
            if (dying.hasFailed()) crashes += 1
            await using world = await LawWorld.open(b, { engine, dataDirectory })
            await world.converge(b)
            expect(stateOf(world)).toEqual(state)
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
