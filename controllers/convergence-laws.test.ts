/** Laws that hold over every pair of sets, with the real planner, catalog and engine model. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { identityKey, KINDS } from '../crds/resource.ts'
import type { Engine } from '../engine/engine.ts'
import type { Streams } from '../engine/streams/streams.ts'
import type { Member } from './sets/resource-set.ts'
import { type RunningControlPlane, startControlPlane } from './start-control-plane.ts'
import { declare, FakeSource, setOf, type World, worldOf } from './testing.ts'

const members = fc
  .uniqueArray(
    fc.record({
      kind: fc.constantFrom(...KINDS),
      name: fc.constantFrom('a', 'b', 'c'),
      refers: fc.constantFrom('a', 'b', 'c'),
      text: fc.constantFrom('x', 'y'),
    }),
    { selector: ({ kind, name }) => `${kind}/${name}`, minLength: 1, maxLength: 12 },
  )
  .map((list) =>
    closed(list.map(({ kind, name, refers, text }) => memberOf(kind, name, refers, text))),
  )
  .filter((list) => list.length > 0)

function memberOf(
  kind: Member['identity']['kind'],
  name: string,
  refers: string,
  text: string,
): Member {
  const common = { description: text }
  // The type of a stream follows from its name, for it can never change.
  if (kind === 'Stream')
    return declare(kind, name, {
      ...common,
      deletionPolicy: 'Delete',
      ...(name === 'a' ? {} : { type: 'a' }),
    })
  if (kind === 'StreamType' || kind === 'AccessPolicy') return declare(kind, name, common)
  return declare(kind, name, { input: text, output: {}, reads: refers })
}

/** Without what refers to something that is not there. */
function closed(list: readonly Member[]): readonly Member[] {
  const keys = new Set(list.map(({ identity }) => identityKey(identity)))
  const kept = list.filter(
    (member) =>
      member.state === 'valid' &&
      member.resource.references.every(({ to }) => keys.has(identityKey(to))),
  )
  return kept.length === list.length ? kept : closed(kept)
}

async function start(world: World): Promise<RunningControlPlane> {
  const plane = await startControlPlane(world.options)
  await plane.sources.firstConvergence()
  return plane
}

async function settle({ clock }: World, ms = 40): Promise<void> {
  for (let step = 0; step < 8; step += 1) {
    await clock.advance(ms / 8)
    for (let index = 0; index < 12; index += 1) await turn()
  }
}

/** What a person would call the same: no uids and no times. */
function stateOf(world: World, plane: RunningControlPlane): unknown {
  return {
    streams: world.engine.streams
      .describe()
      .map(({ name, type, shards, digest, sealed }) => ({ name, type, shards, digest, sealed }))
      .sort((a, b) => a.name.localeCompare(b.name)),
    objects: KINDS.flatMap((kind) =>
      plane.resources
        .list(kind, undefined)
        .map(({ metadata: { name }, spec }) => ({ kind, name, spec })),
    ),
    running: world.pipelines
      .filter(({ phase }) => phase === 'running')
      .map(({ config }) => JSON.stringify(config))
      .sort(),
  }
}

async function converge(list: readonly Member[]): Promise<unknown> {
  const world = worldOf([new FakeSource(setOf(list))])
  const plane = await start(world)
  await settle(world)
  const state = stateOf(world, plane)
  await plane[Symbol.asyncDispose]()
  return state
}

describe('laws of convergence', () => {
  test('a set after another is that set alone, and a plan after it is empty', async () => {
    await fc.assert(
      fc.asyncProperty(members, members, async (a, b) => {
        const source = new FakeSource(setOf(a))
        const own = worldOf([source])
        const plane = await start(own)
        source.say(setOf(b))
        await settle(own)
        expect(stateOf(own, plane)).toEqual(await converge(b))
        expect(plane.sources.get('local')?.status).toMatchObject({ converged: b.length })
        await plane[Symbol.asyncDispose]()
      }),
      { numRuns: 40 },
    )
  })

  test('the order of files makes no difference', async () => {
    await fc.assert(
      fc.asyncProperty(members, async (list) => {
        expect(await converge([...list].reverse())).toEqual(await converge(list))
      }),
      { numRuns: 20 },
    )
  })
})

/** An engine whose process dies at the given step, before or after the change is made. */
function dyingEngine(
  engine: Engine,
  step: number,
  when: 'before' | 'after',
): { engine: Engine; died: () => boolean } {
  let left = step
  let dead = false
  const mayDie = async <T>(act: () => Promise<T>): Promise<T> => {
    if (dead) throw new Error('dead')
    left -= 1
    if (left > 0) return act()
    dead = true
    if (when === 'after') await act()
    throw new Error('killed')
  }
  const { streams } = engine
  const dying: Streams = {
    create: (record) => mayDie(() => streams.create(record)),
    alter: (incarnation, record) => mayDie(() => streams.alter(incarnation, record)),
    rename: (name, incarnation, record) => mayDie(() => streams.rename(name, incarnation, record)),
    delete: (name, incarnation) => mayDie(() => streams.delete(name, incarnation)),
    describe: (names) => streams.describe(names),
    watch: (listener) => streams.watch(listener),
  }
  const wrapped: Engine = {
    log: engine.log,
    streams: dying,
    groups: engine.groups,
    capabilities: engine.capabilities,
    condition: () => engine.condition(),
    measures: () => engine.measures(),
    [Symbol.asyncDispose]: async () => undefined,
  }
  return { engine: wrapped, died: () => dead }
}

describe('a crash at any step, then a start, converges', () => {
  const before = [
    declare('StreamType', 'a'),
    declare('Stream', 'old', { deletionPolicy: 'Delete' }),
    declare('Stream', 'sealed'),
    declare('Stream', 'kept', { description: 'x' }),
    declare('Pipeline', 'p', { input: 'x', output: {}, reads: 'kept' }),
  ]
  const after = [
    declare('StreamType', 'a'),
    declare('Stream', 'kept', { description: 'y' }),
    declare('Stream', 'new', { type: 'a' }),
    declare('Stream', 'newer'),
    declare('Pipeline', 'p', { input: 'y', output: {}, reads: 'new' }),
  ]
  for (const when of ['before', 'after'] as const)
    for (const step of [1, 2, 3, 4, 5])
      test(`killed ${when} change ${step} of the engine`, async () => {
        const directory = mkdtempSync(join(tmpdir(), 'headgate-crash-'))
        try {
          const source = new FakeSource(setOf(before))
          const first = worldOf([source], { dataDirectory: directory })
          const plane = await start(first)
          const uids = new Map(first.engine.streams.describe().map(({ name, uid }) => [name, uid]))
          await plane[Symbol.asyncDispose]()
          source.set = setOf(after)
          const dying = dyingEngine(first.engine, step, when)
          const second = worldOf([source], { dataDirectory: directory, engine: dying.engine })
          const doomed = await start(second)
          await settle(second)
          expect(dying.died()).toBe(true)
          await doomed[Symbol.asyncDispose]()
          const third = worldOf([source], { dataDirectory: directory, engine: first.engine })
          const last = await start(third)
          await settle(third)
          const streams = first.engine.streams.describe()
          expect(
            streams
              .map(({ name, sealed }) => `${name}${sealed === undefined ? '' : ' sealed'}`)
              .sort(),
          ).toEqual(['default/kept', 'default/new', 'default/newer', 'default/sealed sealed'])
          for (const name of ['default/kept', 'default/sealed'])
            expect(streams.find((stream) => stream.name === name)?.uid).toBe(uids.get(name))
          expect(
            third.pipelines.filter(({ phase }) => phase === 'running').map(({ config }) => config),
          ).toEqual([{ input: 'y', output: {}, reads: 'new' }])
          expect(last.sources.get('local')?.status).toMatchObject({
            converged: after.length,
            blocked: [],
          })
          await last[Symbol.asyncDispose]()
        } finally {
          rmSync(directory, { recursive: true, force: true })
        }
      })
})
