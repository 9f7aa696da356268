/** One source, a control plane over the model engine, and what laws are about: what is there, what runs, what is kept. */
import { setImmediate as turn } from 'node:timers/promises'
import type { ControlPlaneOptions } from '../../controllers/control-plane-options.ts'
import type { Action, Plan } from '../../controllers/plan/plan.ts'
import type { Member, ResourceSet } from '../../controllers/sets/resource-set.ts'
import {
  type RunningControlPlane,
  startControlPlane,
} from '../../controllers/start-control-plane.ts'
import { FakeSource, setOf, type World, worldOf } from '../../controllers/testing.ts'
import { identityKey, KINDS, type ResourceObject } from '../../crds/resource.ts'
import type { Engine } from '../../engine/engine.ts'
import { decodeRecords, encodeBatch } from '../../engine/log/batch.ts'
import type { StreamDescription } from '../../engine/streams/streams.ts'

/** Approving one thing may uncover the next. */
const APPROVALS_MAX = 8

export class LawWorld implements AsyncDisposable {
  readonly world: World
  readonly source: FakeSource
  readonly plane: RunningControlPlane

  private constructor(world: World, source: FakeSource, plane: RunningControlPlane) {
    this.world = world
    this.source = source
    this.plane = plane
  }

  static async open(
    members: readonly Member[],
    given: Partial<ControlPlaneOptions> = {},
    source: FakeSource = new FakeSource(setOf(members)),
  ): Promise<LawWorld> {
    const world = worldOf([source], given)
    const plane = await startControlPlane(world.options)
    await plane.sources.firstConvergence()
    const opened = new LawWorld(world, source, plane)
    await opened.settle()
    return opened
  }

  /** Lets everything happen that is due within the time. */
  async settle(ms = 40): Promise<void> {
    for (let step = 0; step < 8; step += 1) {
      await this.world.clock.advance(ms / 8)
      for (let index = 0; index < 12; index += 1) await turn()
    }
  }

  /** Says the set, and approves whatever waits for that. */
  async converge(members: readonly Member[]): Promise<void> {
    this.source.say(setOf(members))
    await this.settle()
    for (let round = 0; round < APPROVALS_MAX; round += 1) {
      if (this.#status()['destructiveDigest'] === undefined) return
      await this.plane.sources.approve('local', undefined)
      await this.settle()
    }
  }

  say(set: ResourceSet): Promise<void> {
    this.source.say(set)
    return this.settle()
  }

  #status(): Readonly<Record<string, unknown>> {
    return (this.plane.sources.get('local')?.status ?? {}) as Readonly<Record<string, unknown>>
  }

  plan(): Plan {
    const answer = this.plane.sources.planned('local')
    if (answer === undefined) throw new Error('expected a plan, got none')
    return answer.plan
  }

  /** By the key of what is held back. */
  blocked(): ReadonlyMap<string, Action> {
    return new Map(this.plan().actions.map((action) => [identityKey(action.identity), action]))
  }

  objects(): ReadonlyMap<string, ResourceObject> {
    return new Map(
      KINDS.flatMap((kind) =>
        this.plane.resources
          .list(kind, undefined)
          .map((object) => [`${kind}/default/${object.metadata.name}`, object] as const),
      ),
    )
  }

  /** Without what is declared and never came to be. */
  existing(): readonly string[] {
    return [...this.objects()]
      .filter(([, { metadata }]) => metadata.uid !== undefined)
      .map(([key]) => key)
  }

  streams(): ReadonlyMap<string, StreamDescription> {
    return new Map(
      this.world.engine.streams
        .describe()
        .map((stream) => [stream.name.slice('default/'.length), stream]),
    )
  }

  /** Three records to each stream that takes them, each its own. */
  async fill(): Promise<void> {
    for (const { name, incarnation, sealed } of this.streams().values()) {
      if (sealed !== undefined) continue
      const batch = encodeBatch(
        ['x', 'y', 'z'].map((text) => ({ data: Buffer.from(`${name} ${text}`) })),
      )
      const append = { stream: name, incarnation, shard: 0, batch }
      await this.world.engine.log.write({ appends: [append] })
    }
  }

  running(): readonly string[] {
    return this.world.pipelines
      .filter(({ phase }) => phase === 'running')
      .map(({ config }) => JSON.stringify(config))
      .sort()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plane[Symbol.asyncDispose]()
  }
}

export async function textsOf(engine: Engine, stream: StreamDescription): Promise<string[]> {
  const { name, incarnation } = stream
  const ref = { stream: name, incarnation, shard: 0 }
  await using reader = engine.log.open(await engine.log.resolve(ref, { kind: 'earliest' }))
  const read = await reader.next(1_000_000, 0)
  if (read === undefined) return []
  return [...decodeRecords(read.bytes)].map(({ data }) => Buffer.from(data).toString())
}
