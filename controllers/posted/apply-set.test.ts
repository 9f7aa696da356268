import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { SourceFile } from '../control-plane.ts'
import { type RunningControlPlane, startControlPlane } from '../start-control-plane.ts'
import { declarationOf, declare, FakeSource, setOf, type World } from '../testing.ts'
import { fileOf, pipelineSpec, postedWorld, settle, writeOf } from './testing.ts'

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

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), 'headgate-posted-'))
  cleanups.push(() => rmSync(made, { recursive: true, force: true }))
  return made
}

const shop = [
  fileOf('Stream', 'raw', {}),
  fileOf('Stream', 'clean', {}),
  fileOf('Pipeline', 'clean', pipelineSpec('raw', 'clean')),
]
const apply = (plane: RunningControlPlane, files: readonly SourceFile[], rest: object = {}) =>
  plane.sources.apply('shop', { files, dryRun: false, ...rest })

const streamsOf = ({ engine }: World): readonly string[] =>
  engine.streams
    .describe()
    .map(({ name, sealed }) => `${name}${sealed === undefined ? '' : ' sealed'}`)
    .sort()
const runningOf = ({ pipelines }: World): number =>
  pipelines.filter(({ phase }) => phase === 'running').length

describe('a set that is posted', () => {
  test('is in force when the answer comes, under a name that it makes', async () => {
    const world = postedWorld()
    const plane = await start(world)
    const answer = await apply(plane, shop)
    expect(answer).toMatchObject({ outcome: 'applied', revision: 1, problems: [] })
    expect(answer.plan.actions.map(({ verb }) => verb)).toEqual(['create', 'create', 'create'])
    expect(streamsOf(world)).toEqual(['default/clean', 'default/raw'])
    expect(runningOf(world)).toBe(1)
    expect(plane.sources.get('shop')).toMatchObject({
      spec: { type: 'api', atomic: true },
      status: { converged: 3, blocked: [] },
    })
  })

  test('is unchanged when it is posted again, and touches nothing', async () => {
    const world = postedWorld()
    const plane = await start(world)
    await apply(plane, shop)
    const before = plane.resources.list('Pipeline', undefined)
    expect(await apply(plane, [...shop].reverse())).toMatchObject({
      outcome: 'unchanged',
      revision: undefined,
    })
    expect(plane.resources.list('Pipeline', undefined)).toEqual(before)
    expect(world.pipelines).toHaveLength(1)
  })

  test('removes what it no longer holds, without waiting for a second look', async () => {
    const world = postedWorld()
    const plane = await start(world)
    await apply(plane, shop)
    const { plan } = await apply(plane, shop.slice(0, 1))
    expect(plan.actions.map(({ verb }) => verb).sort()).toEqual(['delete', 'retain'])
    expect(streamsOf(world)).toEqual(['default/clean sealed', 'default/raw'])
    expect(runningOf(world)).toBe(0)
  })

  test('is refused in whole for one mistake, with all of them', async () => {
    const world = postedWorld()
    const plane = await start(world)
    const wrong = [
      ...shop,
      fileOf('Stream', 'a', { shards: 0 }),
      fileOf('Pipeline', 'b', pipelineSpec('none', 'clean')),
    ]
    const error = await apply(plane, wrong).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'Invalid' })
    expect(
      (error as { problems: readonly { file: string }[] }).problems.map(({ file }) => file),
    ).toEqual(['Pipeline-b.json', 'Stream-a.json'])
    expect(streamsOf(world)).toEqual([])
    expect(plane.sources.get('shop')).toBeUndefined()
  })

  test('is refused in whole where something is held back, with all reasons', async () => {
    const local = new FakeSource(
      setOf([declare('Stream', 'raw'), declare('Stream', 'clean')]),
      declarationOf('local'),
    )
    const world = postedWorld({}, [local])
    const plane = await start(world)
    const error = await apply(plane, [...shop, fileOf('Stream', 'own', {})]).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({
      code: 'ApplyFailed',
      message: expect.stringMatching(/raw.*source local.*clean.*source local|clean.*raw/),
    })
    expect(streamsOf(world)).toEqual(['default/clean', 'default/raw'])
    expect(plane.resources.get('Stream', 'default', 'own')).toBeUndefined()
  })

  test('goes away as a whole only when that is approved', async () => {
    const world = postedWorld()
    const plane = await start(world)
    await apply(plane, shop)
    const error = await apply(plane, []).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'PruneBlocked' })
    const digest = /--approve (\w+)/.exec(String((error as { hint?: string }).hint))?.[1]
    await expect(apply(plane, [], { approve: 'other' })).rejects.toMatchObject({
      code: 'DigestMismatch',
    })
    expect(streamsOf(world)).toEqual(['default/clean', 'default/raw'])
    expect(await apply(plane, [], { approve: digest })).toMatchObject({ outcome: 'applied' })
    expect(streamsOf(world)).toEqual(['default/clean sealed', 'default/raw sealed'])
    expect(plane.resources.list('Pipeline', undefined)).toEqual([])
  })

  test('is planned and judged in a dry run, and changes nothing', async () => {
    const world = postedWorld()
    const plane = await start(world)
    const { plan, outcome } = await apply(plane, shop, { dryRun: true })
    expect(outcome).toBe('planned')
    expect(plane.sources.get('shop')).toBeUndefined()
    expect(streamsOf(world)).toEqual([])
    await plane.writes.put(writeOf('Stream', 'raw', {}))
    await expect(apply(plane, shop, { expectedDigest: plan.digest })).rejects.toMatchObject({
      code: 'StateMoved',
    })
  })

  test('is carried out as it was shown while nothing has moved', async () => {
    const world = postedWorld()
    const plane = await start(world)
    const { plan } = await apply(plane, shop, { dryRun: true })
    expect(await apply(plane, shop, { expectedDigest: plan.digest })).toMatchObject({
      outcome: 'applied',
    })
  })

  test('is not taken by a folder, nor under the name of single objects', async () => {
    const local = new FakeSource(setOf([]), declarationOf('shop'))
    const plane = await start(postedWorld({}, [local]))
    await expect(apply(plane, shop)).rejects.toMatchObject({ code: 'Conflict' })
    await expect(plane.sources.apply('api', { files: shop, dryRun: false })).rejects.toMatchObject({
      code: 'Conflict',
    })
    await expect(
      plane.sources.apply('No Name', { files: shop, dryRun: false }),
    ).rejects.toMatchObject({ code: 'BadRequest' })
  })

  test('that fails changes nothing, and says what failed', async () => {
    const world = postedWorld()
    const plane = await start(world)
    await apply(plane, shop)
    const before = [plane.resources.list('Stream', undefined), world.engine.streams.describe()]
    world.refuse.when = (config) => JSON.stringify(config).includes('"other"')
    const next = [
      fileOf('Stream', 'raw', { retention: { age: '2h' } }),
      fileOf('Stream', 'other', {}),
      fileOf('Pipeline', 'clean', pipelineSpec('raw', 'other')),
    ]
    await expect(apply(plane, next)).rejects.toMatchObject({
      code: 'ApplyFailed',
      message: expect.stringMatching(/Nothing.*Pipeline default\/clean: The port is taken/),
    })
    const [objects, streams] = before
    expect(world.engine.streams.describe()).toEqual(streams)
    expect(plane.resources.list('Stream', undefined).map(({ spec }) => spec)).toEqual(
      objects?.map((object) => (object as { spec?: unknown }).spec),
    )
    expect(runningOf(world)).toBe(1)
    await settle(world)
    expect(plane.sources.get('shop')?.status).toMatchObject({ converged: 3, blocked: [] })
    world.refuse.when = () => false
    expect(await apply(plane, next)).toMatchObject({ outcome: 'applied' })
    expect(streamsOf(world)).toEqual(['default/clean sealed', 'default/other', 'default/raw'])
  })

  test('is there after a restart', async () => {
    const dataDirectory = directory()
    const first = postedWorld({ dataDirectory })
    const plane = await start(first)
    await apply(plane, shop)
    await plane[Symbol.asyncDispose]()
    const second = postedWorld({ dataDirectory, engine: first.engine })
    const again = await start(second)
    await settle(second)
    expect(again.sources.get('shop')?.status).toMatchObject({ converged: 3, blocked: [] })
    expect(runningOf(second)).toBe(1)
  })
})
