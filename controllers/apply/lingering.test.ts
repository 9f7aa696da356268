import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { type RunningControlPlane, startControlPlane } from '../start-control-plane.ts'
import { declare, FakePipeline, FakeSource, setOf, type World, worldOf } from '../testing.ts'
import { ACTION_PATIENCE_MS, APPLY_CONCURRENCY } from './apply-plan.ts'

/** Drains as long as it is told to. */
class SlowPipeline extends FakePipeline {
  readonly drained: PromiseWithResolvers<void> = Promise.withResolvers<void>()

  override async stop(): Promise<'drained'> {
    if (this.phase === 'running' && String(JSON.stringify(this.config)).includes('slow'))
      await this.drained.promise
    return super.stop()
  }
}

const running: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of running.splice(0)) await stop()
})

interface Slow {
  readonly world: World
  readonly source: FakeSource
  readonly plane: RunningControlPlane
  readonly pipelines: SlowPipeline[]
}

async function start(members: Parameters<typeof setOf>[0]): Promise<Slow> {
  const source = new FakeSource(setOf(members))
  const plain = worldOf([source])
  const pipelines: SlowPipeline[] = []
  const builders = {
    ...plain.options.builders,
    buildPipeline: async (config: unknown) => {
      const pipeline = new SlowPipeline(config, () => plain.refuse.when(config))
      pipelines.push(pipeline)
      return pipeline
    },
  }
  const plane = await startControlPlane({ ...plain.options, builders })
  running.push(async () => {
    for (const { drained } of pipelines) drained.resolve()
    await plane[Symbol.asyncDispose]()
  })
  await plane.sources.firstConvergence()
  return { world: plain, source, plane, pipelines }
}

async function turns(): Promise<void> {
  for (let index = 0; index < 40; index += 1) await turn()
}

const pipeline = (name: string, input: string) => declare('Pipeline', name, { input, output: {} })
const inputsOf = (pipelines: readonly FakePipeline[]): readonly string[] =>
  pipelines
    .filter(({ phase }) => phase === 'running')
    .map(({ config }) => (config as { input: string }).input)
    .sort()

describe('a pipeline that drains for long', () => {
  test('does not hold up what else its source declares', async () => {
    const { world, source, pipelines } = await start([pipeline('a', 'slow 1'), pipeline('b', '1')])
    source.say(setOf([pipeline('a', 'slow 2'), pipeline('b', '1')]))
    await turns()
    await world.clock.advance(ACTION_PATIENCE_MS)
    await turns()
    source.say(setOf([pipeline('a', 'slow 2'), pipeline('b', '2')]))
    await turns()
    expect(inputsOf(pipelines)).toEqual(['2', 'slow 1'])
    for (const { drained } of pipelines) drained.resolve()
    await turns()
    expect(inputsOf(pipelines)).toEqual(['2', 'slow 2'])
    const told = world.reports.flatMap(({ changes }) =>
      changes.map(({ verb, identity }) => `${verb} ${identity.name}`),
    )
    expect(told.slice(2)).toEqual(['replace b', 'replace a'])
  })

  test('gives its place to others, however many drain', async () => {
    const names = Array.from({ length: APPLY_CONCURRENCY + 2 }, (_, index) => `p${index}`)
    const { world, source, pipelines } = await start([
      ...names.map((name) => pipeline(name, 'slow 1')),
      pipeline('z', '1'),
    ])
    source.say(setOf([...names.map((name) => pipeline(name, 'slow 2')), pipeline('z', '2')]))
    await turns()
    await world.clock.advance(ACTION_PATIENCE_MS)
    await turns()
    expect(inputsOf(pipelines)).toContain('2')
  })

  test('is followed by what was declared last, and only that', async () => {
    const { world, source, pipelines, plane } = await start([pipeline('a', 'slow 1')])
    source.say(setOf([pipeline('a', 'slow 2')]))
    await turns()
    await world.clock.advance(ACTION_PATIENCE_MS)
    await turns()
    source.say(setOf([pipeline('a', '3')]))
    await turns()
    expect(plane.sources.get('local')?.status).toMatchObject({ converged: 0 })
    for (const { drained } of pipelines) drained.resolve()
    await turns()
    await world.clock.advance(ACTION_PATIENCE_MS)
    await turns()
    expect(inputsOf(pipelines)).toEqual(['3'])
    expect(plane.sources.get('local')?.status).toMatchObject({ converged: 1 })
  })

  test('comes back when its replacement cannot connect, though nobody waits for it', async () => {
    const { world, source, pipelines } = await start([pipeline('a', 'slow 1')])
    world.refuse.when = (config) => JSON.stringify(config).includes('slow 2')
    source.say(setOf([pipeline('a', 'slow 2')]))
    await turns()
    await world.clock.advance(ACTION_PATIENCE_MS)
    await turns()
    for (const { drained } of pipelines) drained.resolve()
    await turns()
    expect(inputsOf(pipelines)).toEqual(['slow 1'])
    const failures = world.reports.flatMap((report) => report.failures)
    expect(failures).toMatchObject([{ code: 'ResourceBusy', identity: { name: 'a' } }])
  })
})
