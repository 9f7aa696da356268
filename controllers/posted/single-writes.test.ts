import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { ResourceObject } from '../../crds/resource.ts'
import { type RunningControlPlane, startControlPlane } from '../start-control-plane.ts'
import { declare, FakeSource, setOf, type World } from '../testing.ts'
import { identityOf, objectOf, pipelineSpec, postedWorld, settle, writeOf } from './testing.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(world: World = postedWorld()): Promise<RunningControlPlane> {
  const plane = await startControlPlane(world.options)
  cleanups.push(() => plane[Symbol.asyncDispose]())
  await plane.sources.firstConvergence()
  return plane
}

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'headgate-posted-'))
  cleanups.push(() => rmSync(made, { recursive: true, force: true }))
  return made
}

const readyOf = (object: ResourceObject | undefined): string | undefined =>
  (
    object?.status as { conditions?: { type: string; status: string; reason: string }[] }
  )?.conditions
    ?.filter(({ type }) => type === 'Ready')
    .map(({ status, reason }) => `${status} ${reason}`)[0]

describe('a single object that is written', () => {
  test('has its uid, generation and resourceVersion at once, and is made', async () => {
    const world = postedWorld()
    const plane = await start(world)
    const made = await plane.writes.put(writeOf('Stream', 'orders', { shards: 2 }))
    expect(made.metadata).toMatchObject({ name: 'orders', generation: 1 })
    expect(made.metadata.uid).toMatch(/-/)
    expect(Number(made.metadata.resourceVersion)).toBeGreaterThan(0)
    await settle(world)
    expect(world.engine.streams.describe(['default/orders'])).toMatchObject([
      { shards: 2, owner: 'api', deletionPolicy: 'Retain', uid: made.metadata.uid },
    ])
    expect(readyOf(plane.resources.get('Stream', 'default', 'orders'))).toBe('True Available')
    expect(plane.writes.written(identityOf('Stream', 'orders'))).toEqual(
      objectOf('Stream', 'orders', { shards: 2 }),
    )
  })

  test('that is what it was changes neither generation nor resourceVersion', async () => {
    const world = postedWorld()
    const plane = await start(world)
    await plane.writes.put(writeOf('Stream', 'orders', { shards: 2 }))
    await settle(world)
    const before = plane.resources.get('Stream', 'default', 'orders')?.metadata
    const again = await plane.writes.put(writeOf('Stream', 'orders', { shards: 2 }))
    await settle(world)
    expect(again.metadata).toEqual(before)
    expect(plane.resources.get('Stream', 'default', 'orders')?.metadata).toEqual(before)
  })

  test('with another annotation is a new version of the same generation', async () => {
    const world = postedWorld()
    const plane = await start(world)
    const { metadata: first } = await plane.writes.put(writeOf('Stream', 'orders', {}))
    await settle(world)
    const written = objectOf('Stream', 'orders', {}, { 'example.org/note': 'x' })
    const { metadata } = await plane.writes.put(writeOf('Stream', 'orders', {}, { written }))
    expect(metadata).toMatchObject({ generation: 1, annotations: { 'example.org/note': 'x' } })
    expect(metadata.resourceVersion).not.toBe(first.resourceVersion)
    await settle(world)
    expect(plane.resources.get('Stream', 'default', 'orders')?.metadata.generation).toBe(1)
  })

  test('is refused with all that is wrong, each with its field', async () => {
    const plane = await start()
    const refused = plane.writes.put(
      writeOf('Stream', 'orders', { shards: 'two', retention: { age: 'long' } }),
    )
    const error = await refused.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'Invalid' })
    const { problems, fields } = error as {
      problems: readonly object[]
      fields: ReadonlyMap<object, string>
    }
    expect(problems.map((problem) => fields.get(problem))).toEqual([
      'spec.shards',
      'spec.retention.age',
    ])
    expect(plane.resources.list('Stream', undefined)).toEqual([])
    expect(plane.writes.written(identityOf('Stream', 'orders'))).toBeUndefined()
  })

  test('may refer to what is not there yet, and runs once it is', async () => {
    const world = postedWorld()
    const plane = await start(world)
    const made = await plane.writes.put(writeOf('Pipeline', 'clean', pipelineSpec('raw', 'clean')))
    expect(made.metadata.generation).toBe(1)
    await settle(world)
    const held = plane.resources.get('Pipeline', 'default', 'clean')
    expect(held?.metadata.uid).toBe(made.metadata.uid)
    expect(readyOf(held)).toBe('False DependencyNotReady')
    await plane.writes.put(writeOf('Stream', 'raw', {}))
    await plane.writes.put(writeOf('Stream', 'clean', {}))
    await settle(world)
    expect(readyOf(plane.resources.get('Pipeline', 'default', 'clean'))).toBe('True Running')
  })

  test('holds the caller to what it saw', async () => {
    const world = postedWorld()
    const plane = await start(world)
    const put = (rest: object): Promise<unknown> =>
      plane.writes.put(writeOf('Stream', 'orders', { shards: 2 }, rest))
    await expect(put({ expects: 'present' })).rejects.toMatchObject({ code: 'NotFound' })
    const { metadata } = await plane.writes.put(writeOf('Stream', 'orders', {}))
    await settle(world)
    await expect(put({ expects: 'absent' })).rejects.toMatchObject({ code: 'AlreadyExists' })
    await expect(put({ uid: 'other' })).rejects.toMatchObject({ code: 'ObjectChanged' })
    await expect(put({ resourceVersion: '0' })).rejects.toMatchObject({ code: 'ObjectChanged' })
    const { resourceVersion } = plane.resources.get('Stream', 'default', 'orders')?.metadata ?? {}
    await put({ expects: 'present', uid: metadata.uid, resourceVersion })
    expect(plane.resources.get('Stream', 'default', 'orders')?.metadata.generation).toBe(2)
  })

  test('is refused where another source owns it, which is named', async () => {
    const local = new FakeSource(setOf([declare('Stream', 'orders', {}, 'shop.yaml')]))
    const world = postedWorld({}, [local])
    const plane = await start(world)
    const refused = expect.objectContaining({
      code: 'Conflict',
      message: expect.stringMatching(/source local.*shop\.yaml/),
    })
    await expect(plane.writes.put(writeOf('Stream', 'orders', { shards: 2 }))).rejects.toEqual(
      refused,
    )
    await expect(
      plane.writes.remove({ identity: identityOf('Stream', 'orders'), dryRun: false }),
    ).rejects.toEqual(refused)
  })

  test('is refused where a field cannot change', async () => {
    const world = postedWorld()
    const plane = await start(world)
    await plane.writes.put(writeOf('Stream', 'orders', {}))
    await settle(world)
    await expect(
      plane.writes.put(writeOf('Stream', 'orders', { id: 'other' })),
    ).rejects.toMatchObject({ code: 'Immutable' })
    expect(plane.writes.written(identityOf('Stream', 'orders'))).toEqual(
      objectOf('Stream', 'orders', {}),
    )
  })

  test('changes nothing in a dry run', async () => {
    const world = postedWorld()
    const plane = await start(world)
    const dry = await plane.writes.put(writeOf('Stream', 'orders', { shards: 2 }, { dryRun: true }))
    expect(dry).toMatchObject({ metadata: { name: 'orders', generation: 1 }, spec: { shards: 2 } })
    expect(plane.resources.list('Stream', undefined)).toEqual([])
    expect(plane.writes.written(identityOf('Stream', 'orders'))).toBeUndefined()
  })

  test('is there after a restart, with the same uid and generation', async () => {
    const dataDirectory = directory()
    const first = postedWorld({ dataDirectory })
    const plane = await start(first)
    await plane.writes.put(writeOf('Stream', 'orders', { shards: 2 }))
    const { engine } = first
    await plane[Symbol.asyncDispose]()
    const second = postedWorld({ dataDirectory, engine })
    const again = await start(second)
    expect(again.resources.get('Stream', 'default', 'orders')?.metadata.generation).toBe(1)
    expect(again.writes.written(identityOf('Stream', 'orders'))).toEqual(
      objectOf('Stream', 'orders', { shards: 2 }),
    )
    await settle(second)
    expect(engine.streams.describe(['default/orders'])).toMatchObject([{ shards: 2 }])
  })
})

describe('a single object that is deleted', () => {
  const removal = (
    kind: 'Stream' | 'StreamType' | 'Pipeline',
    name: string,
    rest: object = {},
  ) => ({
    identity: identityOf(kind, name),
    dryRun: false,
    ...rest,
  })

  test('goes at once, however many there are', async () => {
    const world = postedWorld()
    const plane = await start(world)
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    for (const name of names)
      await plane.writes.put(writeOf('Stream', name, { deletionPolicy: 'Delete' }))
    await settle(world)
    for (const name of names) {
      const last = await plane.writes.remove(removal('Stream', name))
      expect(last.metadata.name).toBe(name)
      expect(world.engine.streams.describe([`default/${name}`])).toEqual([])
    }
    expect(plane.resources.list('Stream', undefined)).toEqual([])
  })

  test('leaves the data of a stream as its deletionPolicy says, and comes back with them', async () => {
    const world = postedWorld()
    const plane = await start(world)
    const { metadata } = await plane.writes.put(writeOf('Stream', 'orders', {}))
    await settle(world)
    await plane.writes.remove(removal('Stream', 'orders'))
    expect(plane.retained.get('default', 'orders')?.metadata.uid).toBe(metadata.uid)
    expect(plane.resources.get('Stream', 'default', 'orders')).toBeUndefined()
    await plane.writes.put(writeOf('Stream', 'orders', {}))
    await settle(world)
    expect(plane.retained.list(undefined)).toEqual([])
    expect(plane.resources.get('Stream', 'default', 'orders')?.metadata.uid).toBe(metadata.uid)
  })

  test('stays where it is protected, in use, or not what the caller saw', async () => {
    const world = postedWorld()
    const plane = await start(world)
    await plane.writes.put(writeOf('Stream', 'kept', { protected: true }))
    await plane.writes.put(writeOf('Stream', 'raw', {}))
    await plane.writes.put(writeOf('Stream', 'clean', {}))
    await plane.writes.put(writeOf('Pipeline', 'clean', pipelineSpec('raw', 'clean')))
    await settle(world)
    const remove = (kind: 'Stream', name: string, rest: object = {}): Promise<unknown> =>
      plane.writes.remove(removal(kind, name, rest))
    await expect(remove('Stream', 'kept')).rejects.toMatchObject({ code: 'ProtectedResource' })
    await expect(remove('Stream', 'raw')).rejects.toMatchObject({ code: 'InUse' })
    await expect(remove('Stream', 'raw', { uid: 'x' })).rejects.toMatchObject({
      code: 'ObjectChanged',
    })
    await expect(remove('Stream', 'none')).rejects.toMatchObject({ code: 'NotFound' })
    await settle(world)
    expect(plane.resources.list('Stream', undefined)).toHaveLength(3)
    expect(plane.writes.written(identityOf('Stream', 'raw'))).toBeDefined()
    expect(plane.sources.get('api')?.status).toMatchObject({ blocked: [], converged: 4 })
  })

  test('stays in a dry run', async () => {
    const world = postedWorld()
    const plane = await start(world)
    await plane.writes.put(writeOf('Stream', 'orders', {}))
    await settle(world)
    await plane.writes.remove(removal('Stream', 'orders', { dryRun: true }))
    await settle(world)
    expect(plane.resources.list('Stream', undefined)).toHaveLength(1)
  })

  test('goes for no other reason: a store that lost it deletes nothing', async () => {
    const dataDirectory = directory()
    const first = postedWorld({ dataDirectory })
    const plane = await start(first)
    await plane.writes.put(writeOf('Stream', 'orders', { deletionPolicy: 'Delete' }))
    await settle(first)
    await plane[Symbol.asyncDispose]()
    for (const suffix of ['', '-wal', '-shm'])
      rmSync(join(dataDirectory, `posted.sqlite${suffix}`), { force: true })
    const second = postedWorld({ dataDirectory, engine: first.engine })
    const again = await start(second)
    await settle(second, 60_000)
    expect(first.engine.streams.describe(['default/orders'])).toHaveLength(1)
    const { status } = again.resources.get('Stream', 'default', 'orders') ?? {}
    expect(JSON.stringify(status)).toContain('PruneDisabled')
    await again.writes.remove(removal('Stream', 'orders'))
    expect(first.engine.streams.describe(['default/orders'])).toEqual([])
  })
})
