import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Member } from '../sets/resource-set.ts'
import { declare, invalid } from '../testing.ts'
import { REVISIONS_MAX } from './history.ts'
import { type Scene, sceneOf } from './testing.ts'

const scenes: Scene[] = []
afterEach(async () => {
  for (const scene of scenes.splice(0)) await scene[Symbol.asyncDispose]()
})

async function open(...members: readonly Member[]): Promise<Scene> {
  const scene = await sceneOf(members)
  scenes.push(scene)
  return scene
}

const orders = (spec = {}): Member => declare('Stream', 'orders', spec)
const clean = (spec = {}): Member => declare('Stream', 'clean', spec)

describe('the history of a source', () => {
  test('tells each set that changed something, newest first, with what was done', async () => {
    const { plane, say } = await open(orders())
    await say([orders(), clean()])
    const [second, first, ...others] = plane.history.list('local')
    expect(others).toEqual([])
    expect(first).toMatchObject({ revision: 1, outcome: 'applied', cause: 'change', declared: 1 })
    expect(second).toMatchObject({ revision: 2, declared: 2, actionCount: 1 })
    expect(second?.actions).toMatchObject([
      { verb: 'create', kind: 'Stream', namespace: 'default', name: 'clean', risk: 'safe' },
    ])
  })

  test('says and writes nothing of looks that find everything as declared', async () => {
    const { plane, pass, world, source } = await open(orders())
    const written = vi.spyOn(StatementSync.prototype, 'run')
    await pass(300_000)
    expect(source.reads).toBeGreaterThan(5)
    expect(written).not.toHaveBeenCalled()
    written.mockRestore()
    expect(plane.history.list('local')).toHaveLength(1)
    expect(world.reports).toHaveLength(1)
  })

  test('adds to a revision what is done of it later', async () => {
    const { plane, say, pass } = await open(orders(), clean())
    await say([orders({ retention: { age: '1d' } })])
    await pass(3_000)
    const [newest, ...others] = plane.history.list('local')
    expect(others).toHaveLength(1)
    expect(newest?.actions.map(({ verb }) => verb).sort()).toEqual(['retain', 'update'])
  })

  test('tells what failed, once, and that it was done in the end', async () => {
    const pipeline = declare('Pipeline', 'copy', { input: {}, output: {} })
    const { plane, say, pass, world } = await open(orders())
    world.refuse.when = () => true
    await say([orders(), clean(), pipeline])
    expect(plane.history.list('local')[0]).toMatchObject({ revision: 2, outcome: 'partial' })
    await pass(10_000)
    const [failing] = plane.history.list('local')
    expect(failing).toMatchObject({ revision: 2, actionCount: 2 })
    expect(failing?.actions[0]).toMatchObject({ name: 'copy', error: { code: 'ResourceBusy' } })
    world.refuse.when = () => false
    await pass(60_000)
    expect(plane.history.list('local')[0]).toMatchObject({ revision: 2, outcome: 'applied' })
  })

  test('says which revision an approval made', async () => {
    const many = Array.from({ length: 20 }, (_, index) => declare('Stream', `s${index}`))
    const { plane, say, pass } = await open(...many)
    await say([orders()])
    await pass(3_000)
    await plane.sources.approve('local', undefined)
    await pass(3_000)
    expect(plane.history.list('local').map(({ cause }) => cause)).toEqual([
      'approval',
      'change',
      'change',
    ])
  })

  test('compares a revision with another one, and with what is declared now', async () => {
    const { plane, say } = await open(orders({ retention: { age: '1d' } }), clean())
    await say([orders({ retention: { age: '2d' } }), clean(), declare('Stream', 'late')])
    await say([orders({ retention: { age: '3d' } }), declare('Stream', 'late')])
    expect(plane.history.diff('local', 1, 2)).toEqual([
      { kind: 'Stream', namespace: 'default', name: 'late', change: 'added', changes: [] },
      {
        kind: 'Stream',
        namespace: 'default',
        name: 'orders',
        change: 'changed',
        changes: [{ path: 'spec.retention.age', from: '1d', to: '2d' }],
      },
    ])
    expect(plane.history.diff('local', 2)).toMatchObject([
      { name: 'clean', change: 'removed' },
      { name: 'orders', change: 'changed' },
    ])
    expect(plane.history.diff('local', 3)).toEqual([])
  })

  test('counts what is invalid as what was accepted of it last', async () => {
    const { plane, say } = await open(orders(), clean())
    await say([invalid('Stream', 'orders'), clean(), declare('Stream', 'late')])
    expect(plane.history.diff('local', 1, 2)).toMatchObject([{ name: 'late', change: 'added' }])
  })

  test('hides secrets in what it tells', async () => {
    const sink = (password: string): Member =>
      declare('Pipeline', 'copy', { input: { http: { password } }, output: {} })
    const { plane, say } = await open(sink('canary-one'))
    await say([sink('canary-two')])
    const told = JSON.stringify([plane.history.list('local'), plane.history.diff('local', 1)])
    expect(told).toContain('password')
    expect(told).not.toContain('canary')
  })

  test('refuses sources and revisions that it does not know', async () => {
    const { plane } = await open(orders())
    expect(() => plane.history.list('other')).toThrow(
      expect.objectContaining({ code: 'NotFound', hint: expect.stringContaining('local') }),
    )
    expect(plane.history.get('local', 7)).toBeUndefined()
    expect(() => plane.history.diff('local', 7)).toThrow(
      expect.objectContaining({ code: 'NotFound' }),
    )
  })

  test('forgets what is older than its newest revisions, texts too', async () => {
    const { plane, say } = await open(orders())
    for (let count = 2; count <= REVISIONS_MAX; count += 1)
      await say([orders({ shards: 1, note: count })])
    expect(plane.history.list('local')).toHaveLength(REVISIONS_MAX)
    expect(plane.history.get('local', 1)).toBeDefined()
    await say([orders({ note: 'one more' })])
    expect(plane.history.list('local')).toHaveLength(REVISIONS_MAX)
    expect(plane.history.get('local', 1)).toBeUndefined()
    expect(plane.history.diff('local', 2)).toHaveLength(1)
  })

  test('says once what a start found as declared and no revision told of', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'headgate-history-'))
    try {
      const first = await sceneOf([orders()], { dataDirectory: directory })
      await first[Symbol.asyncDispose]()
      const file = new DatabaseSync(join(directory, 'catalog.sqlite'))
      file.exec('delete from revisions; delete from revision_members')
      file.close()
      for (let start = 0; start < 2; start += 1) {
        const again = await sceneOf([orders()], {
          dataDirectory: directory,
          engine: first.world.engine,
        })
        expect(again.plane.history.list('local')).toMatchObject([
          { revision: 1, cause: 'start', actions: [], declared: 1 },
        ])
        await again[Symbol.asyncDispose]()
      }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
