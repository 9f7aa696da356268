import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { WALL_AHEAD_MS_MAX } from './apply/purge-stream.ts'
import { type RunningControlPlane, startControlPlane } from './start-control-plane.ts'
import { declare, FakeSource, setOf, type World, worldOf } from './testing.ts'

const HOUR_MS = 3_600_000
const running: RunningControlPlane[] = []
const directory = mkdtempSync(join(tmpdir(), 'headgate-house-'))
afterEach(async () => {
  await stopAll()
  rmSync(directory, { recursive: true, force: true })
})

async function stopAll(): Promise<void> {
  for (const plane of running.splice(0)) await plane[Symbol.asyncDispose]()
}

async function start(world: World): Promise<RunningControlPlane> {
  const plane = await startControlPlane(world.options)
  running.push(plane)
  await plane.sources.firstConvergence()
  return plane
}

async function pass({ clock }: World, ms: number): Promise<void> {
  for (let step = 0; step < 6; step += 1) {
    await clock.advance(ms / 6)
    for (let index = 0; index < 20; index += 1) await turn()
  }
}

/** A stream of that name, sealed a moment ago. */
async function sealed(spec: Readonly<Record<string, unknown>>, dataDirectory = ':memory:') {
  const source = new FakeSource(setOf([declare('Stream', 'a', spec), declare('Stream', 'b')]))
  const world = worldOf([source], { dataDirectory })
  const plane = await start(world)
  source.say(setOf([declare('Stream', 'b')]))
  await pass(world, 3_000)
  return { source, world, plane }
}

const namesOf = ({ engine }: World): readonly string[] =>
  engine.streams.describe().map(({ name }) => name)

describe('a retained stream', () => {
  test('goes when its retainFor has passed, and that is reported', async () => {
    const { world, plane } = await sealed({ retainFor: '2h' })
    await pass(world, 2 * HOUR_MS - 10_000)
    expect(plane.retained.get('default', 'a')).toBeDefined()
    await pass(world, 10_000)
    expect(namesOf(world)).toEqual(['default/b'])
    expect(world.reports.at(-1)).toMatchObject({
      source: 'local',
      changes: [{ verb: 'delete', identity: { kind: 'Stream', name: 'a' } }],
    })
    expect(world.reports.at(-1)?.changes[0]?.reason).toBe('its retainFor of 2h has passed')
  })

  test('goes on time, not at the next sweep', async () => {
    const { world } = await sealed({ retainFor: '90s' })
    await pass(world, 87_500)
    expect(namesOf(world)).toContain('default/a')
    await world.clock.advance(2_500)
    await pass(world, 1)
    expect(namesOf(world)).toEqual(['default/b'])
  })

  test('goes on time though it was sealed after the last look', async () => {
    const { world } = await sealed({ retainFor: '5s' })
    await pass(world, 1_500)
    expect(namesOf(world)).toContain('default/a')
    await pass(world, 4_000)
    expect(namesOf(world)).toEqual(['default/b'])
  })

  test('stays for ever without retainFor, and nothing is written meanwhile', async () => {
    const { world, plane } = await sealed({})
    const revision = plane.resources.revision()
    const reports = world.reports.length
    await pass(world, 100 * HOUR_MS)
    expect(namesOf(world)).toContain('default/a')
    expect(plane.resources.revision()).toBe(revision)
    expect(world.reports).toHaveLength(reports)
  })

  test('stays while it is protected', async () => {
    const { world, plane } = await sealed({ retainFor: '1h' })
    const [stream] = world.engine.streams.describe(['default/a'])
    if (stream === undefined) throw new Error('no stream')
    await world.engine.streams.alter(stream.incarnation, { ...stream, protected: true })
    await pass(world, 2 * HOUR_MS)
    expect(namesOf(world)).toContain('default/a')
    await expect(plane.retained.purge('default', 'a')).rejects.toMatchObject({
      code: 'ProtectedResource',
    })
  })

  test('does not go because the wall clock was set forward', async () => {
    const { world } = await sealed({ retainFor: '2h' })
    world.clock.jumpWall((WALL_AHEAD_MS_MAX + 1) * 1_000)
    await pass(world, 3 * HOUR_MS)
    expect(namesOf(world)).toContain('default/a')
    world.clock.jumpWall(-1_000)
    await pass(world, 60_000)
    expect(namesOf(world)).toEqual(['default/b'])
  })

  test('goes after a restart, once its time has come', async () => {
    const { source, world } = await sealed({ retainFor: '2h' }, directory)
    await stopAll()
    const next = worldOf([source], { dataDirectory: directory, engine: world.engine })
    next.clock.jumpWall(HOUR_MS * 1_000)
    await start(next)
    await pass(next, HOUR_MS - 60_000)
    expect(namesOf(next)).toContain('default/a')
    await pass(next, 120_000)
    expect(namesOf(next)).toEqual(['default/b'])
  })

  test('is kept when it was declared again in time', async () => {
    const { source, world } = await sealed({ retainFor: '2h' })
    source.say(setOf([declare('Stream', 'a', { retainFor: '2h' }), declare('Stream', 'b')]))
    await pass(world, 3 * HOUR_MS)
    expect(namesOf(world)).toContain('default/a')
  })
})
