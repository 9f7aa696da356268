/** Laws of rollbacks over random histories, with a process that dies at any write. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Member } from '../sets/resource-set.ts'
import { declarationOf, declare, setOf } from '../testing.ts'
import { type Scene, sceneOf } from './testing.ts'

afterEach(() => vi.restoreAllMocks())

const member = fc.record({
  kind: fc.constantFrom('Stream' as const, 'AccessPolicy' as const, 'Pipeline' as const),
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  text: fc.constantFrom('x', 'y'),
})
const members = fc
  .uniqueArray(member, {
    selector: ({ kind, name }) => `${kind}/${name}`,
    minLength: 1,
    maxLength: 8,
  })
  .map((list) => list.map(({ kind, name, text }) => declare(kind, name, bodyOf(kind, text))))
/** Sets that follow each other, all of them different. */
const history = fc.uniqueArray(members, {
  selector: (list) => setOf(list).digest,
  minLength: 3,
  maxLength: 5,
})

function bodyOf(kind: string, text: string): Record<string, unknown> {
  return kind === 'Pipeline' ? { input: text, output: {} } : { description: text }
}

const declaration = declarationOf('local', { pruneBudget: { count: 1_000, share: 1 } })

/** What is in force, of what is declared: retained streams are not. */
function inForce({ plane, streams, world }: Scene): unknown {
  const live = new Set(streams())
  return {
    streams: [...live],
    running: world.pipelines.filter(({ phase }) => phase === 'running').length,
    specs: (['Stream', 'AccessPolicy', 'Pipeline'] as const).flatMap((kind) =>
      plane.resources
        .list(kind, undefined)
        .map(({ metadata, spec }) => `${kind} ${metadata.name} ${JSON.stringify(spec)}`),
    ),
  }
}

async function fresh(list: readonly Member[]): Promise<unknown> {
  await using scene = await sceneOf(list, {}, declaration)
  return inForce(scene)
}

async function saidAll(said: readonly (readonly Member[])[], given = {}): Promise<Scene> {
  const [first = [], ...others] = said
  const scene = await sceneOf(first, given, declaration)
  for (const list of others) {
    await scene.say(list)
    await scene.pass(40)
  }
  return scene
}

describe('a rollback', () => {
  test('leaves exactly what the revision declared, and another set what that declares', async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.nat(), async (said, pick) => {
        const last = said.at(-1) ?? []
        const before = said.slice(0, -1)
        const target = pick % (before.length - 1)
        await using scene = await saidAll(before)
        await scene.plane.history.rollback('local', target + 1)
        await scene.pass(40)
        expect(inForce(scene)).toEqual(await fresh(before[target] ?? []))
        await scene.pass(60_000)
        expect(inForce(scene)).toEqual(await fresh(before[target] ?? []))
        await scene.say(last)
        await scene.pass(40)
        expect(inForce(scene)).toEqual(await fresh(last))
        expect(scene.plane.history.pin('local')).toBeUndefined()
      }),
      { numRuns: 40 },
    )
  })

  test('that dies at any write is, after a start, either in force or not begun', async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.integer({ min: 1, max: 30 }), async (said, step) => {
        const directory = mkdtempSync(join(tmpdir(), 'headgate-rollback-law-'))
        try {
          const scene = await saidAll(said, { dataDirectory: directory })
          const death = dieAt(step)
          await scene.plane.history.rollback('local', 1).catch(() => undefined)
          await Promise.resolve(scene.plane[Symbol.asyncDispose]()).catch(() => undefined)
          death.end()
          const given = { dataDirectory: directory, engine: scene.world.engine }
          await using again = await sceneOf(said.at(-1) ?? [], given, declaration)
          await again.pass(40)
          const pin = again.plane.history.pin('local')
          const wanted = pin === undefined ? said.at(-1) : said[0]
          expect(inForce(again)).toEqual(await fresh(wanted ?? []))
        } finally {
          rmSync(directory, { recursive: true, force: true })
        }
      }),
      { numRuns: 20 },
    )
  })
})

/** From that write on, nothing reaches the file. */
function dieAt(step: number): { end(): void } {
  const { run } = StatementSync.prototype
  const { exec } = DatabaseSync.prototype
  let writes = 0
  const isDead = (): boolean => {
    writes += 1
    return writes >= step
  }
  vi.spyOn(StatementSync.prototype, 'run').mockImplementation(function (
    this: StatementSync,
    ...values
  ) {
    if (isDead()) throw new Error('killed')
    return run.apply(this, values)
  })
  vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql) {
    if (sql === 'commit' && isDead()) throw new Error('killed')
    exec.call(this, sql)
  })
  return { end: () => vi.restoreAllMocks() }
}
