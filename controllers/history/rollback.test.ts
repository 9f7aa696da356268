import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { ControlPlaneOptions } from '../control-plane-options.ts'
import type { Member } from '../sets/resource-set.ts'
import { declare, setOf } from '../testing.ts'
import { conditionOf, type Scene, sceneOf } from './testing.ts'

const scenes: Scene[] = []
const directory = mkdtempSync(join(tmpdir(), 'headgate-rollback-'))
afterEach(async () => {
  for (const scene of scenes.splice(0)) await scene[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true, force: true })
})

async function open(
  members: readonly Member[],
  given: Partial<ControlPlaneOptions> = {},
): Promise<Scene> {
  const scene = await sceneOf(members, { pruneSettleMs: 2_000, ...given })
  scenes.push(scene)
  return scene
}

const orders = (age = '1d'): Member => declare('Stream', 'orders', { retention: { age } })
const clean = declare('Stream', 'clean')
const late = declare('Stream', 'late')
const ageOf = ({ world }: Scene): number | undefined =>
  world.engine.streams.describe(['default/orders'])[0]?.retention.ageMs
const DAY_MS = 86_400_000

describe('a rollback', () => {
  test('brings back what the revision declared, at once, and removes what came since', async () => {
    const scene = await open([orders(), clean])
    await scene.say([orders('2d'), late])
    await scene.pass(3_000)
    expect(scene.streams()).toEqual(['default/late', 'default/orders'])
    const answer = await scene.plane.history.rollback('local', 1, 'the edit was wrong')
    expect(scene.streams()).toEqual(['default/clean', 'default/orders'])
    expect(ageOf(scene)).toBe(DAY_MS)
    expect(answer.plan.actions).toEqual([])
    expect(answer.revision).toMatchObject({ revision: 3, cause: 'rollback', outcome: 'applied' })
    expect(answer.pin).toMatchObject({ revision: 1, reason: 'the edit was wrong' })
    const [removed] = scene.world.engine.streams.describe(['default/late'])
    expect(removed?.sealed).toMatchObject({ by: 'local' })
  })

  test('needs no approval for what came since, however much that is', async () => {
    const many = Array.from({ length: 40 }, (_, index) => declare('Stream', `s${index}`))
    const scene = await open([orders()])
    await scene.say([orders(), ...many])
    await scene.plane.history.rollback('local', 1)
    expect(scene.streams()).toEqual(['default/orders'])
    expect(scene.plane.history.list('local')[0]).toMatchObject({ actionCount: 40 })
  })

  test('leaves what would lose data to the budget', async () => {
    const many = Array.from({ length: 40 }, (_, index) =>
      declare('Stream', `s${index}`, { deletionPolicy: 'Delete' }),
    )
    const scene = await open([orders()])
    await scene.say([orders(), ...many])
    const { plan } = await scene.plane.history.rollback('local', 1)
    expect(new Set(plan.actions.map(({ blockedBy }) => blockedBy))).toEqual(new Set(['OverBudget']))
    expect(scene.streams()).toHaveLength(41)
  })

  test('holds while the source says what was rolled back, over a restart too', async () => {
    const given = { dataDirectory: directory }
    const scene = await open([orders()], given)
    await scene.say([orders('2d')])
    await scene.say([orders('3d')])
    await scene.plane.history.rollback('local', 1)
    await scene.pass(120_000)
    expect(ageOf(scene)).toBe(DAY_MS)
    await scenes.pop()?.[Symbol.asyncDispose]()
    const again = await open([orders('3d')], { ...given, engine: scene.world.engine })
    await again.pass(60_000)
    expect(ageOf(again)).toBe(DAY_MS)
    expect(again.plane.history.pin('local')?.revision).toBe(1)
    await again.say([orders('2d')])
    await again.pass(60_000)
    expect(ageOf(again)).toBe(DAY_MS)
    expect(again.plane.history.list('local')).toHaveLength(4)
  })

  test('ends by itself with the first set that was not rolled back, and says so', async () => {
    const scene = await open([orders()])
    await scene.say([orders('2d')])
    await scene.plane.history.rollback('local', 1)
    await scene.say([orders('4d')])
    expect(ageOf(scene)).toBe(4 * DAY_MS)
    expect(scene.plane.history.pin('local')).toBeUndefined()
    expect(scene.plane.history.list('local')[0]).toMatchObject({ revision: 4, cause: 'change' })
    expect(scene.plane.events.list().map(({ reason }) => reason)).toContain('Followed')
  })

  test('ends when the source says the good set itself', async () => {
    const scene = await open([orders()])
    await scene.say([orders('2d')])
    await scene.plane.history.rollback('local', 1)
    await scene.say([orders()])
    expect(scene.plane.history.pin('local')).toBeUndefined()
    await scene.say([orders('2d')])
    expect(ageOf(scene)).toBe(2 * DAY_MS)
  })

  test('does not end for a set that only lacks something for a moment', async () => {
    const scene = await open([orders()])
    await scene.say([orders('2d'), clean])
    await scene.plane.history.rollback('local', 1)
    await scene.say([clean])
    expect(scene.plane.history.pin('local')).toBeDefined()
    await scene.pass(1_000)
    await scene.say([orders('2d'), clean])
    await scene.pass(10_000)
    expect(scene.plane.history.pin('local')).toBeDefined()
    expect(ageOf(scene)).toBe(DAY_MS)
  })

  test('ends for a set that goes on lacking something', async () => {
    const scene = await open([orders()])
    await scene.say([orders('2d'), clean])
    await scene.plane.history.rollback('local', 1)
    await scene.say([clean])
    await scene.pass(6_000)
    expect(scene.plane.history.pin('local')).toBeUndefined()
    expect(scene.streams()).toEqual(['default/clean'])
  })

  test('does not end because the source cannot be read in whole', async () => {
    const scene = await open([orders()])
    await scene.say([orders('2d')])
    await scene.plane.history.rollback('local', 1)
    await scene.say(setOf([], { incomplete: 'the folder is away' }))
    await scene.pass(60_000)
    expect(scene.plane.history.pin('local')).toBeDefined()
    expect(scene.streams()).toEqual(['default/orders'])
  })

  test('is ended by hand, and the source is followed again', async () => {
    const scene = await open([orders()])
    await scene.say([orders('2d')])
    await scene.plane.history.rollback('local', 1)
    await scene.plane.history.resume('local')
    expect(ageOf(scene)).toBe(2 * DAY_MS)
    expect(scene.plane.history.list('local')[0]).toMatchObject({ cause: 'resume' })
    await scene.plane.history.resume('local')
    expect(scene.plane.history.list('local')).toHaveLength(4)
  })

  test('may go further back, and everything between stays rolled back', async () => {
    const scene = await open([orders()])
    await scene.say([orders('2d')])
    await scene.say([orders('3d')])
    await scene.plane.history.rollback('local', 2)
    await scene.plane.history.rollback('local', 1)
    expect(ageOf(scene)).toBe(DAY_MS)
    await scene.say([orders('2d')])
    expect(scene.plane.history.pin('local')?.rolledBack).toHaveLength(2)
    expect(ageOf(scene)).toBe(DAY_MS)
  })

  test('is shown by the source, which is Ready with it', async () => {
    const scene = await open([orders()])
    await scene.say([orders('2d')])
    await scene.plane.history.rollback('local', 1, 'wrong age')
    const source = scene.plane.sources.get('local')
    expect(source?.status).toMatchObject({
      pinned: { revision: 1, reason: 'wrong age', since: '2026-01-01T00:00:00Z' },
    })
    expect(conditionOf(source, 'Pinned')).toMatchObject({ status: 'True', reason: 'RolledBack' })
    expect(conditionOf(source, 'Ready')).toMatchObject({ status: 'True', reason: 'RolledBack' })
    await scene.plane.history.resume('local')
    expect(conditionOf(scene.plane.sources.get('local'), 'Pinned')).toBeUndefined()
  })

  test('is refused to where the source is, and to what is not kept', async () => {
    const scene = await open([orders()])
    await expect(scene.plane.history.rollback('local', 1)).rejects.toMatchObject({
      code: 'NothingToRollBack',
    })
    await expect(scene.plane.history.rollback('local', 9)).rejects.toMatchObject({
      code: 'NotFound',
    })
    await expect(scene.plane.history.rollback('other', 1)).rejects.toMatchObject({
      code: 'NotFound',
    })
    expect(scene.plane.history.pin('local')).toBeUndefined()
  })
})
