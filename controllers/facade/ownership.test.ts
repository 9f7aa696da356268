import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { identityOf, postedWorld, settle, writeOf } from '../posted/testing.ts'
import { type RunningControlPlane, startControlPlane } from '../start-control-plane.ts'
import { declarationOf, declare, FakeSource, setOf, type World } from '../testing.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(world: World): Promise<RunningControlPlane> {
  const plane = await startControlPlane(world.options)
  cleanups.push(() => plane[Symbol.asyncDispose]())
  await plane.sources.firstConvergence()
  return plane
}

const orders = identityOf('Stream', 'orders')
const sourceOf = (name: string, ...members: Parameters<typeof setOf>[0]): FakeSource =>
  new FakeSource(setOf(members, { source: name }), declarationOf(name))
const ownerOf = (plane: RunningControlPlane, kind = 'Stream' as const): unknown =>
  (plane.resources.get(kind, 'default', 'orders')?.status as { owner?: string } | undefined)?.owner
const uidOf = (plane: RunningControlPlane): unknown =>
  plane.resources.get('Stream', 'default', 'orders')?.metadata.uid

describe('a resource', () => {
  test('is transferred to a source that declares it, with its uid and its data', async () => {
    const [a, b] = [
      sourceOf('a', declare('Stream', 'orders')),
      sourceOf('b', declare('Stream', 'orders', { retention: { age: '2h' } })),
    ]
    const world = postedWorld({}, [a, b])
    const plane = await start(world)
    const uid = uidOf(plane)
    expect(ownerOf(plane)).toBe('a')
    expect(await plane.ownership.transfer(orders, 'b')).toMatchObject({
      verb: 'transfer',
      from: 'a',
      to: 'b',
      done: true,
    })
    await settle(world)
    expect([ownerOf(plane), uidOf(plane)]).toEqual(['b', uid])
    expect(world.engine.streams.describe(['default/orders'])).toMatchObject([
      { owner: 'b', retention: { ageMs: 7_200_000 } },
    ])
    expect(world.reports.flatMap(({ changes }) => changes.map(({ verb }) => verb))).toContain(
      'transfer',
    )
    // The former owner declares it still, and does not take it back.
    expect(plane.sources.get('a')?.status).toMatchObject({ blocked: [{ reason: 'Conflict' }] })
    a.say(setOf([], { source: 'a' }))
    await settle(world, 10_000)
    expect(ownerOf(plane)).toBe('b')
  })

  test('waits with its former owner until the new one declares it, and goes from neither', async () => {
    const [a, b] = [
      sourceOf('a', declare('Stream', 'orders'), declare('Stream', 'x')),
      sourceOf('b'),
    ]
    const world = postedWorld({}, [a, b])
    const plane = await start(world)
    expect(await plane.ownership.transfer(orders, 'b')).toMatchObject({ done: false })
    a.say(setOf([declare('Stream', 'x')], { source: 'a' }))
    await settle(world, 10_000)
    expect(world.engine.streams.describe(['default/orders'])).toMatchObject([
      { owner: 'a', sealed: undefined },
    ])
    b.say(setOf([declare('Stream', 'orders')], { source: 'b' }))
    await settle(world)
    expect(ownerOf(plane)).toBe('b')
  })

  test('of a source that is gone is an orphan, runs, and is adopted by another', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'headgate-ownership-'))
    cleanups.push(() => rmSync(dataDirectory, { recursive: true, force: true }))
    const first = postedWorld({ dataDirectory }, [sourceOf('a', declare('Stream', 'orders'))])
    const before = await start(first)
    const uid = uidOf(before)
    await before[Symbol.asyncDispose]()
    const b = sourceOf('b', declare('Stream', 'orders'))
    const world = postedWorld({ dataDirectory, engine: first.engine }, [b])
    const plane = await start(world)
    const { status } = plane.resources.get('Stream', 'default', 'orders') ?? {}
    expect(JSON.stringify(status)).toContain('Orphaned')
    expect(plane.sources.get('b')?.status).toMatchObject({
      blocked: [{ reason: 'Conflict', message: expect.stringContaining('headgate adopt') }],
    })
    await expect(plane.ownership.transfer(orders, 'b')).rejects.toMatchObject({ code: 'Conflict' })
    expect(await plane.ownership.adopt(orders, 'b')).toMatchObject({ from: 'a', done: true })
    expect([ownerOf(plane), uidOf(plane)]).toEqual(['b', uid])
    expect(await plane.ownership.adopt(orders, 'b')).toMatchObject({
      done: true,
      message: expect.stringContaining('already'),
    })
  })

  test('is released once its source declares it no more, stays as it is, and may be adopted', async () => {
    const [a, b] = [
      sourceOf('a', declare('Stream', 'orders'), declare('Stream', 'x')),
      sourceOf('b'),
    ]
    const world = postedWorld({}, [a, b])
    const plane = await start(world)
    expect(await plane.ownership.release(orders)).toMatchObject({
      done: false,
      message: expect.stringContaining('orders.yaml'),
    })
    a.say(setOf([declare('Stream', 'x')], { source: 'a' }))
    await settle(world, 10_000)
    expect(world.engine.streams.describe(['default/orders'])).toMatchObject([
      { owner: '', sealed: undefined },
    ])
    expect(world.reports.flatMap(({ changes }) => changes.map(({ verb }) => verb))).toContain(
      'release',
    )
    b.say(setOf([declare('Stream', 'orders')], { source: 'b' }))
    await settle(world)
    expect(ownerOf(plane)).not.toBe('b')
    expect(await plane.ownership.adopt(orders, 'b')).toMatchObject({ from: undefined, done: true })
    // What was released once is pruned like anything else now.
    b.say(setOf([declare('Stream', 'y')], { source: 'b' }))
    await settle(world, 10_000)
    expect(plane.retained.get('default', 'orders')).toBeDefined()
  })

  test('that was written by itself goes to a folder and back', async () => {
    const local = sourceOf('local', declare('Stream', 'orders'), declare('Stream', 'x'))
    const world = postedWorld({}, [local])
    const plane = await start(world)
    expect(await plane.ownership.transfer(orders, 'api')).toMatchObject({ done: true })
    expect(plane.writes.written(orders)?.object).toMatchObject({ kind: 'Stream' })
    local.say(setOf([declare('Stream', 'x')], { source: 'local' }))
    await settle(world, 10_000)
    expect(ownerOf(plane)).toBe('api')
    await plane.writes.put(writeOf('Stream', 'orders', { retention: { age: '3h' } }))
    await settle(world)
    local.say(
      setOf([declare('Stream', 'x'), declare('Stream', 'orders', { retention: { age: '3h' } })], {
        source: 'local',
      }),
    )
    await settle(world)
    expect(await plane.ownership.transfer(orders, 'local')).toMatchObject({ done: true })
    expect(plane.writes.written(orders)).toBeUndefined()
    await settle(world, 60_000)
    expect(ownerOf(plane)).toBe('local')
    expect(plane.sources.get('api')?.status).toMatchObject({ blocked: [] })
  })

  test('stays with its owner when a decision that waits is taken back', async () => {
    const world = postedWorld({}, [sourceOf('local')])
    const plane = await start(world)
    await plane.writes.put(writeOf('Stream', 'orders', { retention: { age: '2h' } }))
    await settle(world)
    expect(await plane.ownership.transfer(orders, 'local')).toMatchObject({ done: false })
    await expect(plane.writes.remove({ identity: orders, dryRun: false })).rejects.toMatchObject({
      message: expect.stringContaining('waits until source local'),
    })
    expect(await plane.ownership.transfer(orders, 'api')).toMatchObject({
      done: true,
      message: expect.stringContaining('keeps it'),
    })
    await settle(world)
    expect(plane.sources.get('api')?.status).toMatchObject({ blocked: [], converged: 1 })
    await plane.writes.remove({ identity: orders, dryRun: false })
    expect(plane.resources.get('Stream', 'default', 'orders')).toBeUndefined()
  })

  test('or a source that is not there is not found', async () => {
    const plane = await start(postedWorld({}, [sourceOf('a', declare('Stream', 'orders'))]))
    await expect(plane.ownership.transfer(orders, 'none')).rejects.toMatchObject({
      code: 'NotFound',
    })
    await expect(plane.ownership.adopt(identityOf('Stream', 'none'), 'a')).rejects.toMatchObject({
      code: 'NotFound',
    })
  })
})
