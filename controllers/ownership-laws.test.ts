/** Two sources never flip one resource: whoever has it keeps it, until it lets go or a person decides. */
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { identityKey, KINDS } from '../crds/resource.ts'
import { generatedSet } from '../test/harness/generated-sets.ts'
import { LAW_MS_MAX, runsOf } from '../test/harness/law-runs.ts'
import type { Member } from './sets/resource-set.ts'
import { type RunningControlPlane, startControlPlane } from './start-control-plane.ts'
import { FakeSource, setOf, type World, worldOf } from './testing.ts'

const SOURCES = ['one', 'two'] as const
type Name = (typeof SOURCES)[number]

async function settle({ clock }: World): Promise<void> {
  for (let step = 0; step < 6; step += 1) {
    await clock.advance(5)
    for (let index = 0; index < 10; index += 1) await turn()
  }
}

/** Of what exists: its generation and version, by key. */
function versions(plane: RunningControlPlane): ReadonlyMap<string, string> {
  return new Map(
    KINDS.flatMap((kind) =>
      plane.resources
        .list(kind, undefined)
        .filter(({ metadata }) => metadata.uid !== undefined)
        .map(({ metadata: { name, uid, generation } }) => [
          `${kind}/default/${name}`,
          `${uid} ${generation}`,
        ]),
    ),
  )
}

test(
  'two sources never flip one resource',
  async () => {
    const step = fc.record({ source: fc.constantFrom<Name>(...SOURCES), list: generatedSet })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 5 }), async (steps) => {
        const sources = new Map(
          SOURCES.map((name) => [name, new FakeSource(setOf([], { source: name }))]),
        )
        const world = worldOf([...sources.values()])
        const plane = await startControlPlane(world.options)
        await plane.sources.firstConvergence()
        const declared = new Map<Name, readonly Member[]>()
        for (const { source, list } of steps) {
          declared.set(source, list)
          sources.get(source)?.say(setOf(list, { source }))
          await settle(world)
          const before = versions(plane)
          for (let look = 0; look < 3; look += 1) {
            plane.lookAgain()
            await settle(world)
          }
          expect(versions(plane)).toEqual(before)
        }
        const held = SOURCES.map((name) => {
          const actions = plane.sources.planned(name)?.plan.actions ?? []
          expect(actions.filter(({ verb }) => verb !== 'blocked')).toEqual([])
          return new Set(actions.map(({ identity }) => identityKey(identity)))
        })
        const [one, two] = SOURCES.map(
          (name) =>
            new Set((declared.get(name) ?? []).map(({ identity }) => identityKey(identity))),
        )
        // What both declare, one of them at least may not have.
        for (const key of one ?? [])
          if (two?.has(key) === true)
            expect([key, held.some((keys) => keys.has(key))]).toEqual([key, true])
        await plane[Symbol.asyncDispose]()
      }),
      { numRuns: runsOf(30) },
    )
  },
  LAW_MS_MAX,
)
