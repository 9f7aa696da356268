/** A process that dies at any write of the catalog, and what the next one makes of the same files. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Engine } from '../engine/engine.ts'
import { type Death, mortality } from '../test/harness/death-at-write.ts'
import { streamRecord } from './plan/stream-record.ts'
import type { Member } from './sets/resource-set.ts'
import { type RunningControlPlane, startControlPlane } from './start-control-plane.ts'
import { declare, FakeSource, setOf, type World, worldOf } from './testing.ts'

const BEFORE = [
  declare('StreamType', 'a'),
  declare('Stream', 'old', { deletionPolicy: 'Delete' }),
  declare('Stream', 'sealed'),
  declare('Stream', 'kept', { retention: { age: '1h' } }),
  declare('Pipeline', 'p', { input: 'x', output: {}, reads: 'kept' }),
  declare('Pipeline', 'gone', { input: 'x', output: {}, reads: 'old' }),
]
const AFTER = [
  declare('StreamType', 'a'),
  declare('Stream', 'kept', { retention: { age: '2h' } }),
  declare('Stream', 'new', { type: 'a' }),
  declare('Pipeline', 'p', { input: 'y', output: {}, reads: 'new' }),
]
/** As many as one convergence from the first set to the second makes; more than there are is a crash that never comes. */
const WRITES_MAX = 60

/** The engine of a process that is gone does nothing more either. */
function unlessDead(engine: Engine): Engine {
  const act = async <T>(change: () => Promise<T>): Promise<T> => {
    mortality.expectAlive()
    return change()
  }
  const { log, groups, capabilities, streams } = engine
  return {
    log,
    groups,
    capabilities,
    condition: () => engine.condition(),
    measures: () => engine.measures(),
    [Symbol.asyncDispose]: async () => undefined,
    streams: {
      create: (record) => act(() => streams.create(record)),
      alter: (incarnation, record) => act(() => streams.alter(incarnation, record)),
      rename: (name, incarnation, record) => act(() => streams.rename(name, incarnation, record)),
      delete: (name, incarnation) => act(() => streams.delete(name, incarnation)),
      describe: (names) => streams.describe(names),
      watch: (listener) => streams.watch(listener),
    },
  }
}

async function start(world: World): Promise<RunningControlPlane> {
  const plane = await startControlPlane(world.options)
  await plane.sources.firstConvergence()
  await settle(world)
  return plane
}

async function settle({ clock }: World): Promise<void> {
  for (let step = 0; step < 8; step += 1) {
    await clock.advance(5)
    for (let index = 0; index < 12; index += 1) await turn()
  }
}

/** Converges to the second set, dying on the way, and then to `next`; answers whether it died. */
async function crashAt(
  step: number,
  when: Death['when'],
  next: readonly Member[],
): Promise<boolean> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'headgate-catalog-crash-'))
  try {
    const source = new FakeSource(setOf(BEFORE))
    const first = worldOf([source], { dataDirectory })
    const { engine } = first
    await (await start(first))[Symbol.asyncDispose]()
    const uids = new Map(engine.streams.describe().map(({ name, uid }) => [name, uid]))
    source.set = setOf(AFTER)
    const died = mortality.dieAt(step, when)
    const dying = worldOf([source], { dataDirectory, engine: unlessDead(engine) })
    // It may not even have started.
    const doomed = await start(dying).catch(() => undefined)
    await doomed?.[Symbol.asyncDispose]()
    mortality.revive()
    source.set = setOf(next)
    const last = worldOf([source], { dataDirectory, engine })
    const plane = await start(last)
    expectConverged(last, plane, next)
    for (const name of ['default/kept', 'default/sealed'])
      expect(engine.streams.describe([name])[0]?.uid).toBe(uids.get(name))
    await plane[Symbol.asyncDispose]()
    return died.dead
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true })
  }
}

function expectConverged(
  { engine, pipelines }: World,
  plane: RunningControlPlane,
  set: readonly Member[],
): void {
  const declared = (kind: string) =>
    set.flatMap((member) =>
      member.state === 'valid' && member.identity.kind === kind ? [member.resource] : [],
    )
  const live = engine.streams.describe().filter(({ sealed }) => sealed === undefined)
  const records = live.map(({ name, uid, digest, retention }) => [
    name,
    uid,
    digest,
    retention.ageMs,
  ])
  expect(records.sort()).toEqual(
    declared('Stream')
      .map((resource) => {
        const { name } = resource.identity
        const uid = plane.resources.get('Stream', 'default', name)?.metadata.uid ?? ''
        const record = streamRecord(resource, { uid, owner: 'local', existing: undefined })
        return [record.name, uid, resource.digest, record.retention.ageMs]
      })
      .sort(),
  )
  expect(engine.streams.describe(['default/old']).some(({ sealed }) => sealed)).toBe(false)
  const running = pipelines.filter(({ phase }) => phase === 'running').map(({ config }) => config)
  expect(running.map(textOf).sort()).toEqual(
    declared('Pipeline')
      .map(({ spec }) => textOf(spec))
      .sort(),
  )
  expect(plane.sources.get('local')?.status).toMatchObject({ converged: set.length, blocked: [] })
}

const textOf = (value: unknown): string => JSON.stringify(value)

describe('a crash at any write of the catalog, then a start, converges', () => {
  for (const when of ['before', 'after'] as const)
    for (const [where, next] of [
      ['to where it went', AFTER],
      ['to where it came from', BEFORE],
    ] as const)
      test(`${where}, killed ${when} the write`, async () => {
        mortality.watchWrites()
        let step = 1
        while (await crashAt(step, when, next)) step += 1
        expect(step).toBeGreaterThan(10)
        expect(step).toBeLessThan(WRITES_MAX)
      })

  test('though the last commits of the catalog went with the power', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'headgate-catalog-power-'))
    const older = mkdtempSync(join(tmpdir(), 'headgate-catalog-older-'))
    try {
      const source = new FakeSource(setOf(BEFORE))
      const first = worldOf([source], { dataDirectory })
      const { engine } = first
      await (await start(first))[Symbol.asyncDispose]()
      cpSync(dataDirectory, older, { recursive: true })
      source.set = setOf(AFTER)
      const second = worldOf([source], { dataDirectory, engine })
      await (await start(second))[Symbol.asyncDispose]()
      source.set = setOf(BEFORE)
      const last = worldOf([source], { dataDirectory: older, engine })
      const plane = await start(last)
      expectConverged(last, plane, BEFORE)
      await plane[Symbol.asyncDispose]()
    } finally {
      for (const path of [dataDirectory, older]) rmSync(path, { recursive: true, force: true })
    }
  })
})
