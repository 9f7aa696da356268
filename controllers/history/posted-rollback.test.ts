import { afterEach, describe, expect, test } from 'vitest'
import { fileOf, postedWorld, settle } from '../posted/testing.ts'
import { type RunningControlPlane, startControlPlane } from '../start-control-plane.ts'
import { declarationOf, declare, FakeSource, setOf, type World } from '../testing.ts'

const planes: RunningControlPlane[] = []
afterEach(async () => {
  for (const plane of planes.splice(0)) await plane[Symbol.asyncDispose]()
})

async function start(world: World): Promise<RunningControlPlane> {
  const plane = await startControlPlane(world.options)
  planes.push(plane)
  await plane.sources.firstConvergence()
  return plane
}

const orders = (age: string) => fileOf('Stream', 'orders', { retention: { age } })
const post = (plane: RunningControlPlane, age: string, ...more: ReturnType<typeof fileOf>[]) =>
  plane.sources.apply('shop', { files: [orders(age), ...more], dryRun: false })
const ageOf = ({ engine }: World): number | undefined =>
  engine.streams.describe(['default/orders'])[0]?.retention.ageMs
const DAY_MS = 86_400_000

describe('a posted set that is rolled back', () => {
  test('stays so until another set is posted, which is followed at once', async () => {
    const world = postedWorld()
    const plane = await start(world)
    await post(plane, '1d')
    await post(plane, '2d', fileOf('Stream', 'late', {}))
    expect(plane.history.list('shop').map(({ cause }) => cause)).toEqual(['apply', 'apply'])
    await plane.history.rollback('shop', 1)
    await settle(world)
    expect(ageOf(world)).toBe(DAY_MS)
    await expect(post(plane, '2d', fileOf('Stream', 'late', {}))).rejects.toMatchObject({
      code: 'Conflict',
    })
    await post(plane, '3d')
    expect(ageOf(world)).toBe(3 * DAY_MS)
    expect(plane.history.pin('shop')).toBeUndefined()
  })

  test('stays so when the other set is refused, or fails and is taken back', async () => {
    const world = postedWorld()
    const plane = await start(world)
    await post(plane, '1d')
    await post(plane, '2d')
    await plane.history.rollback('shop', 1)
    await expect(
      plane.sources.apply('shop', { files: [orders('4d')], dryRun: false, expectedDigest: 'x' }),
    ).rejects.toMatchObject({ code: 'StateMoved' })
    await plane.sources.apply('shop', { files: [orders('4d')], dryRun: true })
    await settle(world)
    expect(ageOf(world)).toBe(DAY_MS)
    expect(plane.history.pin('shop')).toMatchObject({ revision: 1 })
  })

  test('is one of sets: single objects are not rolled back in whole', async () => {
    const plane = await start(postedWorld())
    await expect(plane.history.rollback('api', 1)).rejects.toMatchObject({ code: 'BadRequest' })
  })
})

describe('an atomic set that failed', () => {
  test('is in history as taken back, and changed nothing', async () => {
    const atomic = declarationOf('local', { atomic: true })
    const source = new FakeSource(setOf([declare('Stream', 'orders')]), atomic)
    const world = postedWorld({}, [source])
    const plane = await start(world)
    world.refuse.when = () => true
    const copy = declare('Pipeline', 'copy', { input: {}, output: {} })
    source.say(setOf([declare('Stream', 'orders'), declare('Stream', 'late'), copy]))
    await settle(world)
    const [newest] = plane.history.list('local')
    expect(newest).toMatchObject({ revision: 2, outcome: 'rolled-back' })
    expect(world.engine.streams.describe().map(({ name }) => name)).toEqual(['default/orders'])
    const late = plane.why({ kind: 'Stream', namespace: 'default', name: 'late' })
    expect(late?.lastChange).toBeUndefined()
  })
})
