import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Identity } from '../../crds/resource.ts'
import type { ControlPlaneOptions } from '../control-plane-options.ts'
import { conditionOf, type Scene, sceneOf } from '../history/testing.ts'
import type { Member } from '../sets/resource-set.ts'
import { declare } from '../testing.ts'

const scenes: Scene[] = []
const directory = mkdtempSync(join(tmpdir(), 'headgate-suspensions-'))
afterEach(async () => {
  for (const scene of scenes.splice(0)) await scene[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true, force: true })
})

async function open(
  members: readonly Member[],
  given: Partial<ControlPlaneOptions> = {},
): Promise<Scene> {
  const scene = await sceneOf(members, given)
  scenes.push(scene)
  return scene
}

const ORDERS: Identity = { kind: 'Stream', namespace: 'default', name: 'orders' }
const HOUR_MS = 3_600_000
const orders = (age = '1d'): Member => declare('Stream', 'orders', { retention: { age } })
const clean = declare('Stream', 'clean')
const ageOf = ({ world }: Scene): number | undefined =>
  world.engine.streams.describe(['default/orders'])[0]?.retention.ageMs
function blockedOf({ plane }: Scene): readonly string[] {
  const status = (plane.sources.get('local')?.status ?? {}) as {
    readonly blocked?: readonly { readonly reason: string }[]
  }
  return (status.blocked ?? []).map(({ reason }) => reason)
}

describe('a suspended source', () => {
  test('changes nothing until it is resumed, and says why', async () => {
    const scene = await open([orders()])
    const { suspensions, sources } = scene.plane
    await suspensions.suspend({ source: 'local' }, { reason: 'release freeze', untilUs: undefined })
    await scene.say([orders('2d'), clean])
    await scene.pass(60_000)
    expect(scene.streams()).toEqual(['default/orders'])
    expect(ageOf(scene)).toBe(24 * HOUR_MS)
    expect(blockedOf(scene)).toEqual(['Suspended', 'Suspended'])
    const source = sources.get('local')
    expect(source?.status).toMatchObject({ suspended: { reason: 'release freeze' } })
    expect(conditionOf(source, 'Suspended')?.message).toBe('It is suspended (release freeze).')
    expect(conditionOf(source, 'Ready')).toMatchObject({ status: 'False', reason: 'Suspended' })
    expect(conditionOf(source, 'Stalled')).toBeUndefined()
    await suspensions.resume({ source: 'local' })
    expect(scene.streams()).toEqual(['default/clean', 'default/orders'])
    expect(conditionOf(sources.get('local'), 'Suspended')).toBeUndefined()
  })

  test('resumes by itself when its time has come', async () => {
    const scene = await open([orders()])
    const untilUs = scene.world.clock.wallUs() + 2 * HOUR_MS * 1_000
    await scene.plane.suspensions.suspend({ source: 'local' }, { reason: undefined, untilUs })
    await scene.say([orders('2d')])
    await scene.pass(2 * HOUR_MS - 60_000)
    expect(ageOf(scene)).toBe(24 * HOUR_MS)
    await scene.pass(60_000)
    expect(ageOf(scene)).toBe(48 * HOUR_MS)
    expect(scene.plane.suspensions.source('local')).toBeUndefined()
    expect(scene.plane.events.list().map(({ reason }) => reason)).toContain('Resumed')
  })

  test('resumes in time when the wall clock jumps ahead', async () => {
    const scene = await open([orders()])
    const untilUs = scene.world.clock.wallUs() + 100 * HOUR_MS * 1_000
    await scene.plane.suspensions.suspend({ source: 'local' }, { reason: undefined, untilUs })
    await scene.say([orders('2d')])
    scene.world.clock.jumpWall(200 * HOUR_MS * 1_000)
    await scene.pass(HOUR_MS)
    expect(ageOf(scene)).toBe(48 * HOUR_MS)
    expect(scene.plane.suspensions.source('local')).toBeUndefined()
  })

  test('stays so over a restart, unless its time came meanwhile', async () => {
    const first = await open([orders()], { dataDirectory: directory })
    const { suspensions } = first.plane
    const untilUs = first.world.clock.wallUs() + HOUR_MS * 1_000
    await suspensions.suspend({ source: 'local' }, { reason: 'night', untilUs })
    await suspensions.suspend({ resource: ORDERS }, { reason: 'audit', untilUs: undefined })
    await scenes.pop()?.[Symbol.asyncDispose]()
    const again = { dataDirectory: directory, engine: first.world.engine }
    const second = await open([orders('2d'), clean], again)
    expect(second.streams()).toEqual(['default/orders'])
    await second.pass(HOUR_MS)
    expect(second.streams()).toEqual(['default/clean', 'default/orders'])
    expect(ageOf(second)).toBe(24 * HOUR_MS)
    expect(second.plane.suspensions.resource(ORDERS)).toMatchObject({ reason: 'audit' })
  })
})

describe('a suspended resource', () => {
  test('is left alone while the rest of its source goes on, its removal too', async () => {
    const scene = await open([orders(), clean])
    const { suspensions, resources } = scene.plane
    await suspensions.suspend({ resource: ORDERS }, { reason: 'audit', untilUs: undefined })
    await scene.say([orders('2d'), clean, declare('Stream', 'late')])
    expect(ageOf(scene)).toBe(24 * HOUR_MS)
    expect(scene.streams()).toContain('default/late')
    const object = resources.get('Stream', 'default', 'orders')
    expect(conditionOf(object, 'Suspended')).toMatchObject({ status: 'True' })
    expect(conditionOf(object, 'Ready')).toMatchObject({ status: 'False', reason: 'Suspended' })
    await scene.say([clean, declare('Stream', 'late')])
    await scene.pass(10_000)
    expect(scene.streams()).toContain('default/orders')
    await suspensions.resume({ resource: ORDERS })
    await scene.pass(10_000)
    expect(scene.streams()).toEqual(['default/clean', 'default/late'])
  })

  test('is Ready while nothing of it waits', async () => {
    const scene = await open([orders()])
    await scene.plane.suspensions.suspend(
      { resource: ORDERS },
      { reason: undefined, untilUs: undefined },
    )
    const object = scene.plane.resources.get('Stream', 'default', 'orders')
    expect(conditionOf(object, 'Ready')?.status).toBe('True')
    expect(conditionOf(object, 'Suspended')?.message).toBe('It is suspended.')
  })

  test('has to be there, and its time has to be to come', async () => {
    const scene = await open([orders()])
    const { suspensions } = scene.plane
    const request = { reason: undefined, untilUs: undefined }
    const nobody = { resource: { ...ORDERS, name: 'nobody' } }
    await expect(suspensions.suspend(nobody, request)).rejects.toMatchObject({ code: 'NotFound' })
    await expect(suspensions.resume(nobody)).rejects.toMatchObject({ code: 'NotFound' })
    await expect(suspensions.suspend({ source: 'other' }, request)).rejects.toMatchObject({
      hint: expect.stringContaining('local'),
    })
    const untilUs = scene.world.clock.wallUs()
    await expect(
      suspensions.suspend({ source: 'local' }, { reason: undefined, untilUs }),
    ).rejects.toMatchObject({ code: 'BadRequest' })
    await suspensions.resume({ source: 'local' })
  })
})
