import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { type RunningControlPlane, startControlPlane } from './start-control-plane.ts'
import {
  declarationOf,
  declare,
  FakeSource,
  invalid,
  setOf,
  type World,
  worldOf,
} from './testing.ts'

const running: RunningControlPlane[] = []
afterEach(async () => {
  for (const plane of running.splice(0)) await plane[Symbol.asyncDispose]()
})

async function start(world: World): Promise<RunningControlPlane> {
  const plane = await startControlPlane(world.options)
  running.push(plane)
  await plane.sources.firstConvergence()
  return plane
}

/** Lets time pass until nothing is left to settle. */
async function settle({ clock }: World, ms = 3_000): Promise<void> {
  for (let step = 0; step < 6; step += 1) {
    await clock.advance(ms / 6)
    for (let index = 0; index < 20; index += 1) await turn()
  }
}

const ready = (object: unknown): string | undefined => conditionOf(object, 'Ready')?.status
function conditionOf(
  object: unknown,
  type: string,
): { status: string; reason: string } | undefined {
  const { status } = (object ?? {}) as {
    status?: { conditions?: { type: string; status: string; reason: string }[] }
  }
  return status?.conditions?.find((condition) => condition.type === type)
}

const typed = [
  declare('StreamType', 'reading', { properties: [{ id: 'time', type: 'DateTime', key: 1 }] }),
  declare('Stream', 'readings', { type: 'reading' }),
  declare('Stream', 'clean', {}),
  declare('Pipeline', 'clean', { input: {}, output: {}, reads: 'readings', writes: 'clean' }),
  declare('Sink', 'out', { reads: 'clean' }),
]

describe('the control plane', () => {
  test('makes everything that a source declares, and says so once', async () => {
    const world = worldOf([new FakeSource(setOf(typed))])
    const plane = await start(world)
    expect(
      world.engine.streams
        .describe()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['default/clean', 'default/readings'])
    expect(world.pipelines.map(({ phase }) => phase)).toEqual(['running', 'running'])
    for (const kind of ['StreamType', 'Stream', 'Pipeline', 'Sink'] as const)
      for (const object of plane.resources.list(kind, undefined)) expect(ready(object)).toBe('True')
    expect(ready(plane.sources.get('local'))).toBe('True')
    expect(world.reports).toHaveLength(1)
    expect(world.reports[0]?.changes).toHaveLength(5)
  })

  test('writes nothing and says nothing when nothing changed', async () => {
    const source = new FakeSource(setOf(typed))
    const world = worldOf([source])
    const plane = await start(world)
    const revision = plane.resources.revision()
    await settle(world, 120_000)
    expect(source.reads).toBeGreaterThan(2)
    expect(plane.resources.revision()).toBe(revision)
    expect(world.reports).toHaveLength(1)
    expect(world.pipelines).toHaveLength(2)
  })

  test('asks the engine for nothing when nothing changed', async () => {
    const source = new FakeSource(setOf(typed))
    const { engine, ...world } = worldOf([source])
    let asked = 0
    const { streams } = engine
    const counted = {
      create: streams.create.bind(streams),
      alter: streams.alter.bind(streams),
      rename: streams.rename.bind(streams),
      delete: streams.delete.bind(streams),
      watch: streams.watch.bind(streams),
      describe: (names?: readonly string[]) => {
        // Housekeeping asks for all of them; a look must not.
        asked += 1
        return streams.describe(names)
      },
    }
    const wrapped = { ...engine, log: engine.log, groups: engine.groups, streams: counted }
    const options = {
      ...world.options,
      sweepMs: 3_600_000,
      engine: {
        ...wrapped,
        capabilities: engine.capabilities,
        condition: () => undefined,
        [Symbol.asyncDispose]: async () => undefined,
      },
    }
    await start({ ...world, engine, options })
    await settle({ ...world, engine })
    source.say(source.set)
    await settle({ ...world, engine })
    const before = asked
    const { reads } = source
    for (let look = 0; look < 5; look += 1) {
      source.say(source.set)
      await settle({ ...world, engine })
    }
    expect(source.reads).toBe(reads + 5)
    expect(asked).toBe(before)
  })

  test('changes neither generation nor resourceVersion for the same declaration in another file', async () => {
    const source = new FakeSource(setOf([declare('Stream', 'a', {}, 'one.yaml')]))
    const world = worldOf([source])
    const plane = await start(world)
    const before = plane.resources.get('Stream', 'default', 'a')
    source.say(setOf([declare('Stream', 'a', {}, 'two.yaml')]))
    await settle(world)
    const after = plane.resources.get('Stream', 'default', 'a')
    expect(after?.metadata).toEqual(before?.metadata)
    expect(after?.status).toMatchObject({ origin: 'two.yaml:1:1' })
  })

  test('touches only what an edit changed', async () => {
    const source = new FakeSource(setOf(typed))
    const world = worldOf([source])
    const plane = await start(world)
    const edited = declare('Pipeline', 'clean', {
      input: { generate: {} },
      output: {},
      reads: 'readings',
      writes: 'clean',
    })
    source.say(
      setOf(typed.map((member) => (member.identity.kind === 'Pipeline' ? edited : member))),
    )
    await settle(world)
    expect(
      world.reports[1]?.changes.map(({ verb, identity }) => `${verb} ${identity.name}`),
    ).toEqual(['replace clean'])
    expect(world.pipelines.map(({ phase }) => phase).sort()).toEqual([
      'running',
      'running',
      'stopped',
    ])
    expect(plane.resources.get('Pipeline', 'default', 'clean')?.metadata.generation).toBe(2)
  })

  test('seals a stream that is no longer declared, and takes it back with its uid', async () => {
    const source = new FakeSource(setOf([declare('Stream', 'a'), declare('Stream', 'b')]))
    const world = worldOf([source])
    const plane = await start(world)
    const uid = plane.resources.get('Stream', 'default', 'a')?.metadata.uid
    source.say(setOf([declare('Stream', 'b')]))
    await settle(world)
    expect(plane.resources.list('Stream', undefined).map(({ metadata }) => metadata.name)).toEqual([
      'b',
    ])
    expect(plane.retained.get('default', 'a')?.metadata.uid).toBe(uid)
    source.say(setOf([declare('Stream', 'a'), declare('Stream', 'b')]))
    await settle(world)
    expect(plane.retained.list(undefined)).toEqual([])
    expect(plane.resources.get('Stream', 'default', 'a')?.metadata.uid).toBe(uid)
  })

  test('gives a new uid to what is declared again after a purge', async () => {
    const source = new FakeSource(setOf([declare('Stream', 'a'), declare('Stream', 'b')]))
    const world = worldOf([source])
    const plane = await start(world)
    const uid = plane.resources.get('Stream', 'default', 'a')?.metadata.uid
    source.say(setOf([declare('Stream', 'b')]))
    await settle(world)
    await plane.retained.purge('default', 'a')
    await expect(plane.retained.purge('default', 'a')).rejects.toMatchObject({ code: 'NotFound' })
    source.say(setOf([declare('Stream', 'a'), declare('Stream', 'b')]))
    await settle(world)
    expect(plane.resources.get('Stream', 'default', 'a')?.metadata.uid).not.toBe(uid)
  })

  test('asks before the only file of a folder may go, and goes on once approved', async () => {
    const source = new FakeSource(setOf([declare('Stream', 'a')]))
    const world = worldOf([source])
    const plane = await start(world)
    source.say(setOf([]))
    await settle(world)
    expect(plane.resources.list('Stream', undefined)).toHaveLength(1)
    const offer = world.reports.at(-1)?.approval
    expect(offer?.command).toBe(`headgate approve local ${offer?.destructiveDigest}`)
    await expect(plane.sources.approve('local', 'other')).rejects.toMatchObject({
      code: 'DigestMismatch',
    })
    const approval = await plane.sources.approve('local', undefined)
    expect(approval.actions).toEqual(['retain Stream default/a'])
    await settle(world)
    expect(plane.resources.list('Stream', undefined)).toEqual([])
    expect(plane.retained.list('default')).toHaveLength(1)
    expect(ready(plane.sources.get('local'))).toBe('True')
  })

  test('keeps what is protected open, and says that its removal is blocked', async () => {
    const source = new FakeSource(
      setOf([
        declare('Stream', 'a', { protected: true, deletionPolicy: 'Delete' }),
        declare('Stream', 'b'),
      ]),
    )
    const world = worldOf([source])
    const plane = await start(world)
    source.say(setOf([declare('Stream', 'b')]))
    await settle(world)
    const object = plane.resources.get('Stream', 'default', 'a')
    expect(conditionOf(object, 'PruneBlocked')?.reason).toBe('Protected')
    expect(ready(object)).toBe('True')
  })

  test('keeps the last accepted version of what becomes invalid running, and stalls it', async () => {
    const source = new FakeSource(setOf(typed))
    const world = worldOf([source])
    const plane = await start(world)
    source.say(
      setOf(
        typed.map((member) =>
          member.identity.kind === 'Pipeline' ? invalid('Pipeline', 'clean') : member,
        ),
      ),
    )
    await settle(world)
    expect(world.pipelines.map(({ phase }) => phase)).toEqual(['running', 'running'])
    expect(
      conditionOf(plane.resources.get('Pipeline', 'default', 'clean'), 'Stalled')?.reason,
    ).toBe('Invalid')
    expect(world.reports.at(-1)?.problems).toHaveLength(1)
  })

  test('gives one name one owner, and tells both', async () => {
    const first = new FakeSource(setOf([declare('Stream', 'a')], { source: 'one' }))
    const second = new FakeSource(setOf([declare('Stream', 'a', { shards: 2 })], { source: 'two' }))
    const world = worldOf([first])
    const both = { ...world, options: { ...world.options, sources: [first, second] } }
    const plane = await start(both)
    await settle(world)
    const object = plane.resources.get('Stream', 'default', 'a')
    const { owner } = (object?.status ?? {}) as { owner?: string }
    expect(conditionOf(object, 'Conflict')?.status).toBe('True')
    const loser = owner === 'one' ? 'two' : 'one'
    expect(conditionOf(plane.sources.get(loser), 'Stalled')?.reason).toBe('Conflict')
  })

  test('lets the old pipeline return where the new one cannot connect, and tries again by itself', async () => {
    const source = new FakeSource(setOf(typed))
    const world = worldOf([source])
    const plane = await start(world)
    const edited = declare('Pipeline', 'clean', {
      input: { busy: true },
      output: {},
      reads: 'readings',
      writes: 'clean',
    })
    world.refuse.when = (config) => JSON.stringify(config).includes('busy')
    source.say(
      setOf(typed.map((member) => (member.identity.kind === 'Pipeline' ? edited : member))),
    )
    await settle(world, 6)
    expect(world.reports.at(-1)?.failures.map(({ code }) => code)).toEqual(['ResourceBusy'])
    const old = world.pipelines.filter(
      ({ phase, config }) => phase === 'running' && !JSON.stringify(config).includes('sink'),
    )
    expect(old.map(({ config }) => JSON.stringify(config).includes('busy'))).toEqual([false])
    expect(ready(plane.resources.get('Pipeline', 'default', 'clean'))).toBe('False')
    world.refuse.when = () => false
    await settle(world, 60_000)
    expect(ready(plane.resources.get('Pipeline', 'default', 'clean'))).toBe('True')
    expect(world.reports.filter(({ failures }) => failures.length > 0)).toHaveLength(1)
  })

  test('starts a pipeline again that stopped by itself', async () => {
    const world = worldOf([new FakeSource(setOf(typed))])
    const plane = await start(world)
    world.pipelines[0]?.turn('failed')
    await settle(world, 6_000)
    expect(world.pipelines.filter(({ phase }) => phase === 'running')).toHaveLength(2)
    expect(ready(plane.resources.get('Sink', 'default', 'out'))).toBe('True')
  })

  test('keeps what never was accepted out of the way of the rest', async () => {
    const broken = declare('Pipeline', 'broken', { input: { busy: true }, output: {} })
    const world = worldOf([new FakeSource(setOf([...typed, broken]))])
    world.refuse.when = (config) => JSON.stringify(config).includes('busy')
    const plane = await start(world)
    expect(ready(plane.resources.get('Pipeline', 'default', 'clean'))).toBe('True')
    expect(ready(plane.resources.get('Pipeline', 'default', 'broken'))).toBe('False')
  })
})

describe('after a restart', () => {
  const directory = mkdtempSync(join(tmpdir(), 'headgate-catalog-'))
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  async function stopAll(): Promise<void> {
    for (const plane of running.splice(0)) await plane[Symbol.asyncDispose]()
  }

  test('everything runs again, nothing is new, and what has completed stays so', async () => {
    const source = new FakeSource(setOf(typed))
    const world = worldOf([source], { dataDirectory: directory })
    const plane = await start(world)
    const uid = plane.resources.get('Pipeline', 'default', 'clean')?.metadata.uid
    world.pipelines
      .find(({ config }) => !JSON.stringify(config).includes('sink'))
      ?.turn('completed')
    await stopAll()
    const next = worldOf([source], { dataDirectory: directory, engine: world.engine })
    const again = await start(next)
    const pipeline = again.resources.get('Pipeline', 'default', 'clean')
    expect(pipeline?.metadata.uid).toBe(uid)
    expect(conditionOf(pipeline, 'Completed')?.status).toBe('True')
    expect(next.pipelines.map(({ config }) => JSON.stringify(config).includes('sink'))).toEqual([
      true,
    ])
    expect(next.reports[0]?.changes).toEqual([])
  })

  test('a source that is away stops nothing: what was accepted runs', async () => {
    const source = new FakeSource(setOf(typed))
    const world = worldOf([source], { dataDirectory: directory })
    await start(world)
    await stopAll()
    source.set = setOf([], { incomplete: 'The folder is gone.' })
    const next = worldOf([source], { dataDirectory: directory, engine: world.engine })
    const plane = await start(next)
    await settle(next)
    expect(next.pipelines.map(({ phase }) => phase)).toEqual(['running', 'running'])
    expect(conditionOf(plane.sources.get('local'), 'Stalled')?.reason).toBe('Incomplete')
    expect(plane.resources.list('Stream', undefined)).toHaveLength(2)
  })

  test('a lost catalog loses no stream', async () => {
    const source = new FakeSource(setOf(typed))
    const world = worldOf([source])
    const before = await start(world)
    const uid = before.resources.get('Stream', 'default', 'readings')?.metadata.uid
    await stopAll()
    const next = worldOf([source], { engine: world.engine })
    const plane = await start(next)
    expect(plane.resources.get('Stream', 'default', 'readings')?.metadata.uid).toBe(uid)
    expect(ready(plane.sources.get('local'))).toBe('True')
  })

  test('resources of a source that is no longer configured run on as orphans', async () => {
    const world = worldOf([new FakeSource(setOf(typed))], { dataDirectory: directory })
    await start(world)
    await stopAll()
    const next = worldOf([], { dataDirectory: directory, engine: world.engine })
    const plane = await start(next)
    await settle(next)
    const pipeline = plane.resources.get('Pipeline', 'default', 'clean')
    expect(conditionOf(pipeline, 'Orphaned')?.status).toBe('True')
    expect(ready(pipeline)).toBe('True')
  })

  test('a moved source prunes nothing until that is approved', async () => {
    const all = [declare('Stream', 'a'), declare('Stream', 'b')]
    const world = worldOf([new FakeSource(setOf(all))], { dataDirectory: directory })
    await start(world)
    await stopAll()
    const moved = new FakeSource(
      setOf([declare('Stream', 'b')]),
      declarationOf('local', { location: '/elsewhere' }),
    )
    const next = worldOf([moved], { dataDirectory: directory, engine: world.engine })
    const plane = await start(next)
    await settle(next)
    expect(plane.resources.list('Stream', undefined)).toHaveLength(2)
    expect(conditionOf(plane.resources.get('Stream', 'default', 'a'), 'PruneBlocked')?.reason).toBe(
      'LocationChanged',
    )
    await plane.sources.approve('local', undefined)
    await settle(next)
    expect(plane.resources.list('Stream', undefined)).toHaveLength(1)
    expect(ready(plane.sources.get('local'))).toBe('True')
  })
})
