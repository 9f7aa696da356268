/** A control plane over the engine in memory whose pipelines really run, for tests of where they read on. */
import { setImmediate as turn } from 'node:timers/promises'
import type { SinkSpec } from '../../crds/generated/specs.gen.ts'
import type { Engine } from '../../engine/engine.ts'
import { encodeBatch } from '../../engine/log/batch.ts'
import { buildPipeline } from '../../engine/pipelines/build-pipeline.ts'
import { inspectPipeline } from '../../engine/pipelines/inspect-pipeline.ts'
import { lowerSink } from '../../engine/pipelines/sink.ts'
import type { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import type { Builders, ControlPlaneOptions } from '../control-plane-options.ts'
import type { Member } from '../sets/resource-set.ts'
import type { SourceDeclaration } from '../sources/source.ts'
import { type RunningControlPlane, startControlPlane } from '../start-control-plane.ts'
import {
  declarationOf,
  declare,
  FakeSource,
  type Spec,
  setOf,
  type World,
  worldOf,
} from '../testing.ts'

export interface ResetWorld extends World {
  readonly plane: RunningControlPlane
  readonly source: FakeSource
}

/** Reads `orders` and writes `copied`, unless the spec says otherwise. */
export function copying(spec: Spec = {}, name = 'copy'): Member {
  const member = declare('Pipeline', name, {
    input: { stream: { name: 'orders' } },
    output: { stream: { name: 'copied' } },
    ...spec,
  })
  return withReading(member, ['input', 'stream', 'name'])
}

/** The fake control plane's sets know of no config, so that what a stream input reads is said here. */
export function withReading(member: Member, path: readonly string[], stream = 'orders'): Member {
  if (member.state !== 'valid') return member
  const to = { kind: 'Stream', namespace: 'default', name: stream } as const
  const { resource } = member
  return { ...member, resource: { ...resource, references: [{ to, access: 'read', path }] } }
}

export const streams = (shards = 1): readonly Member[] => [
  declare('Stream', 'orders', { shards }),
  declare('Stream', 'copied', { shards: 1 }),
]

export async function startWorld(
  members: readonly Member[],
  given: Partial<ControlPlaneOptions> & { readonly clock?: SimulatedClock } = {},
  builders: Partial<Builders> = {},
  declared: Partial<SourceDeclaration> = {},
): Promise<ResetWorld> {
  await loadComponents()
  const source = new FakeSource(setOf(members), declarationOf('local', declared))
  const world = worldOf([source], { ...given })
  const options: ControlPlaneOptions = {
    ...world.options,
    clock: given.clock ?? world.clock,
    builders: {
      ...world.options.builders,
      buildPipeline,
      inspectPipeline,
      lowerSink: (name, spec) => lowerSink(name, spec as unknown as SinkSpec),
      ...builders,
    },
  }
  const plane = await startControlPlane(options)
  await plane.sources.firstConvergence()
  return { ...world, options, clock: given.clock ?? world.clock, plane, source }
}

/** They are loaded from files when they are named first, which takes time that no clock of ours knows. */
async function loadComponents(): Promise<void> {
  const inputs = [{ stream: { name: 'orders' } }, { generate: { mapping: 'root = 1', count: 1 } }]
  const processors = [{ mapping: 'root = content().uppercase()' }]
  for (const output of [{ drop: {} }, { stream: { name: 'copied' } }])
    await inspectPipeline({ input: { broker: { inputs } }, pipeline: { processors }, output })
  await inspectPipeline(lowerSink('out', SINK))
}

const SINK = {
  from: { stream: 'orders', start: 'earliest' },
  endpoint: { type: 'standard', url: 'http://127.0.0.1:1/' },
} as unknown as SinkSpec

export async function append(
  engine: Engine,
  texts: readonly string[],
  {
    shard = 0,
    stream = 'default/orders',
  }: { readonly shard?: number; readonly stream?: string } = {},
): Promise<void> {
  const [found] = engine.streams.describe([stream])
  if (found === undefined) throw new Error(`expected the stream ${stream}`)
  const batch = encodeBatch(texts.map((text) => ({ data: Buffer.from(text) })))
  const { incarnation } = found
  await engine.log.write({ appends: [{ stream, incarnation, shard, batch }] })
}

export function countOf(engine: Engine, stream = 'default/copied'): number {
  return engine.streams.describe([stream])[0]?.records ?? 0
}

/** Time passes as slowly as it can: what has to happen does so by itself. */
export async function until(
  { clock }: Pick<ResetWorld, 'clock'>,
  isSo: () => boolean,
  what = 'it',
): Promise<void> {
  for (let round = 0; round < 400; round += 1) {
    if (isSo()) return
    for (let index = 0; index < 10; index += 1) await turn()
    if (round % 4 === 3) await clock.advance(100)
  }
  throw new Error(`expected that ${what} is so within some turns`)
}

/** Everything that may happen now has happened, or nothing more can. */
export async function quiet(
  { clock }: Pick<ResetWorld, 'clock'>,
  isOver: () => boolean = () => false,
): Promise<void> {
  for (let round = 0; round < 8 && !isOver(); round += 1) {
    for (let index = 0; index < 20 && !isOver(); index += 1) await turn()
    if (!isOver()) await clock.advance(500)
  }
}
