import { afterEach, describe, expect, test } from 'vitest'
import { started } from '../components/testing.ts'
import type { Engine } from '../engine.ts'
import { gatedEngine } from '../log/gated-engine.ts'
import type { Logger } from '../ports/logger.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { NamespaceQuotas, type Quota } from '../streams/quotas.ts'
import type { Pipeline } from './pipeline.ts'
import {
  COPY,
  count,
  createStream,
  expectExactlyOnce,
  keys,
  memory,
  produce,
  readAll,
} from './stream-testing.ts'
import { testEnvironment } from './testing.ts'

const RECORDS = 40
const pipelines: Pipeline[] = []
afterEach(async () => {
  for (const pipeline of pipelines.splice(0)) await pipeline.stop(1)
})

interface World {
  readonly clock: SimulatedClock
  readonly engine: Engine
  /** The same, asking nobody. */
  readonly plain: Engine
  readonly quotas: NamespaceQuotas
  readonly pipeline: Pipeline
  readonly lines: string[]
}

/** A copy of one stream into another whose namespace has the quota; time moves by the test alone. */
async function copying(quota: Quota): Promise<World> {
  const clock = new SimulatedClock()
  const quotas = new NamespaceQuotas(new Map([['default', quota]]), clock)
  const plain = memory(clock)
  await createStream(plain, 'source', 1)
  await createStream(plain, 'target', 1)
  await produce(plain, 'source', keys(RECORDS))
  const engine = gatedEngine(plain, quotas)
  const lines: string[] = []
  const say = (message: string): void => void lines.push(message)
  const logger: Logger = { debug: () => {}, info: () => {}, warn: say, error: say }
  const pipeline = await started(COPY, testEnvironment({ engine, clock, logger }))
  pipelines.push(pipeline)
  return { clock, engine, plain, quotas, pipeline, lines }
}

const refusing = (world: World): unknown => world.quotas.use('default')?.refusing

async function pass({ clock }: World, seconds: number): Promise<void> {
  for (let step = 0; step < seconds * 10; step++) await clock.advance(100)
}

describe('a pipeline', () => {
  test('into a full namespace waits, says so in one line, and goes on once there is room', async () => {
    const world = await copying({ bytes: 10 })
    const { engine, quotas, pipeline, lines } = world
    await pass(world, 60)
    expect(count(engine, 'target')).toBe(0)
    expect(pipeline.state()).toMatchObject({
      phase: 'running',
      message: expect.stringContaining('expected at most 10 B in namespace default'),
    })
    expect(lines).toEqual(['a pipeline is held up; it is tried again'])
    quotas.load([{ name: 'default/other', incarnation: 9, bytes: -1_000_000 }])
    await pass(world, 60)
    expectExactlyOnce(await readAll(engine, 'target'), RECORDS)
    expect(pipeline.state().message).toBeUndefined()
    expect(lines).toHaveLength(1)
  })

  test('that is held to a rate delivers all, in its time, without a word', async () => {
    const world = await copying({ bytesPerSecond: 100 })
    const { engine, plain, pipeline, lines } = world
    await pass(world, 1)
    await produce(plain, 'source', keys(1))
    await pass(world, 1)
    expect(refusing(world)).toBe('bytesPerSecond')
    expect(count(engine, 'target')).toBe(RECORDS)
    await pass(world, 600)
    expectExactlyOnce(await readAll(engine, 'target'), RECORDS + 1)
    expect(pipeline.state().message).toBeUndefined()
    expect(lines).toEqual([])
  })
})
