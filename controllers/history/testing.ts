/** What the tests of history are built from: a running control plane over one source, and time that passes. */
import { setImmediate as turn } from 'node:timers/promises'
import type { ControlPlaneOptions } from '../control-plane-options.ts'
import type { Member, ResourceSet } from '../sets/resource-set.ts'
import type { SourceDeclaration } from '../sources/source.ts'
import { type RunningControlPlane, startControlPlane } from '../start-control-plane.ts'
import { declarationOf, FakeSource, setOf, type World, worldOf } from '../testing.ts'

export interface Scene extends AsyncDisposable {
  readonly source: FakeSource
  readonly world: World
  readonly plane: RunningControlPlane
  /** The source says this set, and what follows has happened. */
  say(members: readonly Member[] | ResourceSet): Promise<void>
  pass(ms: number): Promise<void>
  /** Names of the streams that take appends. */
  streams(): readonly string[]
}

export async function sceneOf(
  members: readonly Member[],
  given: Partial<ControlPlaneOptions> = {},
  declaration: SourceDeclaration = declarationOf('local'),
): Promise<Scene> {
  const source = new FakeSource(setOf(members), declaration)
  const world = worldOf([source], given)
  const plane = await startControlPlane(world.options)
  await plane.sources.firstConvergence()
  const pass = (ms: number): Promise<void> => passIn(world, ms)
  await pass(0)
  return {
    source,
    world,
    plane,
    pass,
    async say(said) {
      source.say('members' in said ? said : setOf(said))
      await pass(0)
    },
    streams: () =>
      world.engine.streams
        .describe()
        .filter(({ sealed }) => sealed === undefined)
        .map(({ name }) => name)
        .sort(),
    [Symbol.asyncDispose]: () => plane[Symbol.asyncDispose](),
  }
}

async function passIn({ clock }: World, ms: number): Promise<void> {
  for (let step = 0; step < 6; step += 1) {
    await clock.advance(ms / 6)
    for (let index = 0; index < 20; index += 1) await turn()
  }
}

/** The one condition of that type. */
export function conditionOf(
  object: unknown,
  type: string,
): { readonly status: string; readonly reason: string; readonly message: string } | undefined {
  const { status } = (object ?? {}) as {
    status?: {
      conditions?: { type: string; status: string; reason: string; message: string }[]
    }
  }
  return status?.conditions?.find((condition) => condition.type === type)
}
