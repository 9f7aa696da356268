import { afterEach, describe, expect, test } from 'vitest'
import type { Identity } from '../../crds/resource.ts'
import type { StreamRecord } from '../../engine/streams/streams.ts'
import { recordOf } from '../reconcilers/stream-reconciler.ts'
import type { Member } from '../sets/resource-set.ts'
import { startControlPlane } from '../start-control-plane.ts'
import { declarationOf, declare, FakeSource, setOf, worldOf } from '../testing.ts'
import { REVERTS_MAX, REVERTS_WITHIN_MS } from './flap-breaker.ts'
import { conditionOf, type Scene, sceneOf } from './testing.ts'

const scenes: AsyncDisposable[] = []
afterEach(async () => {
  for (const scene of scenes.splice(0)) await scene[Symbol.asyncDispose]()
})

const ORDERS: Identity = { kind: 'Stream', namespace: 'default', name: 'orders' }
const DAY_MS = 86_400_000
const orders = (age = '1d'): Member => declare('Stream', 'orders', { retention: { age } })

async function open(): Promise<Scene> {
  const scene = await sceneOf([orders()])
  scenes.push(scene)
  return scene
}

/** Somebody else changes the stream in the engine. */
async function meddle(
  { world, pass }: Pick<Scene, 'world' | 'pass'>,
  ageMs: number,
): Promise<void> {
  const [stream] = world.engine.streams.describe(['default/orders'])
  if (stream === undefined) throw new Error('there is no stream')
  const record: StreamRecord = { ...recordOf(stream), retention: { ageMs, bytes: undefined } }
  await world.engine.streams.alter(stream.incarnation, record)
  await pass(0)
}

const ageOf = ({ world }: Pick<Scene, 'world'>): number | undefined =>
  world.engine.streams.describe(['default/orders'])[0]?.retention.ageMs

describe('drift', () => {
  test('is reverted at once, before the next sweep, and history says so', async () => {
    const scene = await open()
    await meddle(scene, 5 * DAY_MS)
    expect(ageOf(scene)).toBe(DAY_MS)
    const [newest] = scene.plane.history.list('local')
    expect(newest).toMatchObject({ revision: 2, cause: 'drift', outcome: 'applied' })
    expect(newest?.actions[0]).toMatchObject({
      reason: 'drifted: spec.retention.age is 5d instead of 1d',
      changes: [{ path: 'spec.retention.age', from: '5d', to: '1d' }],
    })
  })

  test('is left and shown where the source only reports it', async () => {
    const source = new FakeSource(setOf([orders()]), declarationOf('local', { drift: 'report' }))
    const world = worldOf([source])
    const plane = await startControlPlane(world.options)
    scenes.push(plane)
    await plane.sources.firstConvergence()
    const pass = async (ms: number): Promise<void> => world.clock.advance(ms)
    await meddle({ world, pass }, 5 * DAY_MS)
    await pass(60_000)
    expect(ageOf({ world })).toBe(5 * DAY_MS)
    const object = plane.resources.get('Stream', 'default', 'orders')
    expect(conditionOf(object, 'Drifted')?.message).toContain('spec.retention.age is 5d')
    expect(conditionOf(object, 'Stalled')).toBeUndefined()
    expect(conditionOf(object, 'Ready')?.status).toBe('True')
    expect(conditionOf(plane.sources.get('local'), 'Ready')?.status).toBe('True')
  })

  test('that comes back again and again is only reported, until the resource is resumed', async () => {
    const scene = await open()
    for (let time = 1; time <= REVERTS_MAX; time += 1) {
      await meddle(scene, (time + 1) * DAY_MS)
      expect(ageOf(scene)).toBe(DAY_MS)
    }
    await meddle(scene, 9 * DAY_MS)
    await scene.pass(60_000)
    expect(ageOf(scene)).toBe(9 * DAY_MS)
    const object = scene.plane.resources.get('Stream', 'default', 'orders')
    expect(conditionOf(object, 'Drifted')?.message).toContain('again and again')
    expect(scene.plane.events.list().map(({ reason }) => reason)).toContain('Flapping')
    await scene.plane.suspensions.resume({ resource: ORDERS })
    expect(ageOf(scene)).toBe(DAY_MS)
  })

  test('that comes back seldom is reverted every time', async () => {
    const scene = await open()
    for (let time = 1; time <= REVERTS_MAX + 3; time += 1) {
      await meddle(scene, (time + 1) * DAY_MS)
      expect(ageOf(scene)).toBe(DAY_MS)
      await scene.pass(REVERTS_WITHIN_MS / (REVERTS_MAX - 1))
    }
  })

  test('is fought over anew once the resource is declared otherwise', async () => {
    const scene = await open()
    for (let time = 0; time <= REVERTS_MAX; time += 1) await meddle(scene, 9 * DAY_MS)
    expect(ageOf(scene)).toBe(9 * DAY_MS)
    await scene.say([orders('2d')])
    expect(ageOf(scene)).toBe(2 * DAY_MS)
    await meddle(scene, 9 * DAY_MS)
    expect(ageOf(scene)).toBe(2 * DAY_MS)
  })
})
