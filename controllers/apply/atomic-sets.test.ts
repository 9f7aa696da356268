/** All or nothing: random sets, with a step that fails or a process that dies at any write, are all new or all old. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { identityKey, KINDS } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { type Death, mortality } from '../../test/harness/death-at-write.ts'
import type { Member } from '../sets/resource-set.ts'
import { type RunningControlPlane, startControlPlane } from '../start-control-plane.ts'
import {
  declarationOf,
  declare,
  engineThat,
  FakeSource,
  invalid,
  setOf,
  type World,
  worldOf,
} from '../testing.ts'

const members = fc
  .uniqueArray(
    fc.record({
      kind: fc.constantFrom(...KINDS),
      name: fc.constantFrom('a', 'b', 'c'),
      refers: fc.constantFrom('a', 'b', 'c'),
      text: fc.constantFrom('1h', '2h'),
      policy: fc.constantFrom('Retain', 'Delete'),
    }),
    { selector: ({ kind, name }) => `${kind}/${name}`, minLength: 1, maxLength: 10 },
  )
  .map((list) => closed(list.map(memberOf)))
  .filter((list) => list.length > 0)

interface Drawn {
  readonly kind: Member['identity']['kind']
  readonly name: string
  readonly refers: string
  readonly text: string
  readonly policy: string
}

function memberOf({ kind, name, refers, text, policy }: Drawn): Member {
  if (kind === 'Stream')
    return declare(kind, name, {
      // Longer and shorter: the one is safe, the other takes data.
      retention: { age: text },
      deletionPolicy: policy,
      ...(name === 'a' ? {} : { type: 'a' }),
    })
  if (kind === 'StreamType' || kind === 'AccessPolicy')
    return declare(kind, name, { description: text })
  return declare(kind, name, { input: text, output: {}, reads: refers })
}

function closed(list: readonly Member[]): readonly Member[] {
  const keys = new Set(list.map(({ identity }) => identityKey(identity)))
  const kept = list.filter(
    (member) =>
      member.state === 'valid' &&
      member.resource.references.every(({ to }) => keys.has(identityKey(to))),
  )
  return kept.length === list.length ? kept : closed(kept)
}

const atomic = declarationOf('local', {
  atomic: true,
  pruneBudget: { count: 1_000, share: 1 },
})

async function start(world: World): Promise<RunningControlPlane> {
  const plane = await startControlPlane(world.options)
  await plane.sources.firstConvergence()
  await settle(world)
  return plane
}

async function settle({ clock }: World): Promise<void> {
  for (let step = 0; step < 3; step += 1) {
    await clock.advance(5)
    for (let index = 0; index < 12; index += 1) await turn()
  }
}

interface SeenState {
  readonly streams: readonly unknown[]
  readonly objects: readonly {
    readonly kind: string
    readonly name: string
    readonly generation: number | undefined
    readonly spec: unknown
  }[]
  readonly running: readonly string[]
}

/** What a person sees: streams and their records, what is declared, what runs. */
function stateOf({ engine, pipelines }: World, plane: RunningControlPlane): SeenState {
  return {
    streams: engine.streams
      .describe()
      .filter(({ sealed }) => sealed === undefined)
      .map(({ name, digest, retention, owner }) => ({ name, digest, retention, owner }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    objects: KINDS.flatMap((kind) =>
      plane.resources
        .list(kind, undefined)
        .map(({ metadata: { name, generation }, spec }) => ({ kind, name, generation, spec })),
    ),
    running: pipelines
      .filter(({ phase }) => phase === 'running')
      .map(({ config }) => JSON.stringify(config))
      .sort(),
  }
}

/** But for what goes for good, which comes last and is tried again. */
function expectNew({ objects, running }: SeenState, set: readonly Member[]): void {
  const declared = set.flatMap((member) => (member.state === 'valid' ? [member.resource] : []))
  const keyOf = (kind: string, name: string): string => `${kind}/${name}`
  const specs = new Map(objects.map(({ kind, name, spec }) => [keyOf(kind, name), spec]))
  for (const { identity, spec } of declared) {
    const key = keyOf(identity.kind, identity.name)
    expect(specs.get(key)).toEqual(spec)
    specs.delete(key)
  }
  for (const key of specs.keys()) expect(key).toMatch(/^Stream(Type)?\//)
  const configs = declared.flatMap(({ identity: { kind, name }, spec }) =>
    kind === 'Pipeline' ? [spec] : kind === 'Sink' ? [{ sink: name, ...spec }] : [],
  )
  expect(running).toEqual(configs.map((config) => JSON.stringify(config)).sort())
}

/** Steps of the engine and of pipelines, of which one fails. */
interface Failing {
  left: number
}

function failingWorld(source: FakeSource, failing: Failing): World {
  const mayFail = (): void => {
    failing.left -= 1
    if (failing.left === 0) throw new HeadgateError('ResourceBusy', 'It fails once.')
  }
  const plain = worldOf([source])
  const engine = engineThat(plain.engine, async (change) => {
    mayFail()
    return change()
  })
  const world = worldOf([source], { engine })
  world.refuse.when = () => {
    failing.left -= 1
    return failing.left === 0
  }
  return world
}

describe('an atomic set', () => {
  test('is all new or all old, whichever of its steps fails', async () => {
    let takenBack = 0
    await fc.assert(
      fc.asyncProperty(members, members, fc.integer({ min: 1, max: 6 }), async (a, b, step) => {
        const source = new FakeSource(setOf(a), atomic)
        const failing: Failing = { left: 0 }
        const world = failingWorld(source, failing)
        const plane = await start(world)
        const before = stateOf(world, plane)
        failing.left = step
        source.say(setOf(b))
        await settle(world)
        const after = stateOf(world, plane)
        if (failing.left <= 0 && JSON.stringify(after) === JSON.stringify(before)) takenBack += 1
        else expectNew(after, b)
        // Time passes, the step succeeds, and all of it is as declared.
        await world.clock.advance(1_000)
        await settle(world)
        expect(plane.sources.get('local')?.status).toMatchObject({ converged: b.length })
        await plane[Symbol.asyncDispose]()
      }),
      { numRuns: 150 },
    )
    expect(takenBack).toBeGreaterThan(5)
  })
})

describe('what an atomic set takes back', () => {
  const failing = declare('Pipeline', 'z', { input: 'fails', output: {} })
  const cases: readonly (readonly [string, Member, Member | undefined])[] = [
    ['a creation', declare('AccessPolicy', 'a'), declare('AccessPolicy', 'a')],
    ['a longer retention', stream('1h'), stream('2h')],
    ['a retained stream', declare('Stream', 'old'), undefined],
    ['a pipeline that goes', declare('Pipeline', 'a', { input: 'x', output: {} }), undefined],
    [
      'a pipeline that is replaced',
      declare('Pipeline', 'a', { input: 'x', output: {} }),
      declare('Pipeline', 'a', { input: 'y', output: {} }),
    ],
  ]
  for (const [what, former, next] of cases)
    test(`is ${what}`, async () => {
      const source = new FakeSource(setOf([former]), atomic)
      const world = worldOf([source])
      world.refuse.when = (config) => JSON.stringify(config).includes('fails')
      const plane = await start(world)
      const before = stateOf(world, plane)
      const created = [declare('Stream', 'new', { protected: true }), declare('StreamType', 'n')]
      source.say(setOf([...(next === undefined ? [] : [next]), ...created, failing]))
      await settle(world)
      expect(world.reports.at(-1)?.failures).toMatchObject([{ identity: { name: 'z' } }])
      expect(stateOf(world, plane)).toEqual(before)
      world.refuse.when = () => false
      await world.clock.advance(1_000)
      await settle(world)
      expect(plane.sources.get('local')?.status).toMatchObject({ blocked: [] })
      expect(plane.resources.get('Pipeline', 'default', 'z')).toBeDefined()
      await plane[Symbol.asyncDispose]()
    })

  test('is nothing while one of its resources is invalid: all of it is held back', async () => {
    const source = new FakeSource(setOf([stream('1h')]), atomic)
    const world = worldOf([source])
    const plane = await start(world)
    source.say(setOf([stream('2h'), declare('Stream', 'other'), invalid('Pipeline', 'p')]))
    await settle(world)
    expect(world.engine.streams.describe().map(({ name }) => name)).toEqual(['default/a'])
    const { status } = plane.resources.get('Stream', 'default', 'other') ?? {}
    expect(JSON.stringify(status)).toContain('HeldBack')
    await plane[Symbol.asyncDispose]()
  })

  function stream(age: string): Member {
    return declare('Stream', 'a', { retention: { age } })
  }
})

const directories: string[] = []
afterEach(() => {
  for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true })
})

const BEFORE = [
  declare('StreamType', 'a', { description: 'x' }),
  declare('Stream', 'raw', { retention: { age: '1h' } }),
  declare('Stream', 'gone'),
  declare('Pipeline', 'p', { input: 'x', output: {}, reads: 'raw' }),
  declare('Pipeline', 'q', { input: 'x', output: {}, reads: 'gone' }),
]
const AFTER = [
  declare('StreamType', 'a', { description: 'y' }),
  declare('Stream', 'raw', { retention: { age: '2h' } }),
  declare('Stream', 'new', { type: 'a' }),
  declare('Pipeline', 'p', { input: 'y', output: {}, reads: 'new' }),
]

/** Dies on the way to the second set, and starts again with the first one said. Answers whether it died. */
async function crashAt(step: number, when: Death['when']): Promise<boolean> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'headgate-atomic-'))
  directories.push(dataDirectory)
  const source = new FakeSource(setOf(BEFORE), atomic)
  const first = worldOf([source], { dataDirectory })
  const { engine } = first
  const plane = await start(first)
  const before = stateOf(first, plane)
  await plane[Symbol.asyncDispose]()
  const mortal = engineThat(engine, async (change) => {
    mortality.expectAlive()
    return change()
  })
  const dying = worldOf([source], { dataDirectory, engine: mortal })
  const doomed = await start(dying)
  const died = mortality.dieAt(step, when)
  source.say(setOf(AFTER))
  await settle(dying)
  await Promise.allSettled([doomed[Symbol.asyncDispose]()])
  mortality.revive()
  const wasFinished = died.dead && isFinished(dataDirectory)
  source.set = setOf(BEFORE)
  const last = worldOf([source], { dataDirectory, engine })
  const again = await startControlPlane(last.options)
  await again.sources.firstConvergence()
  // What was begun was taken back, and is not merely pruned: nothing waits, nothing is counted.
  if (died.dead && !wasFinished)
    expect(comparable(stateOf(last, again))).toEqual(comparable(before))
  await settle(last)
  await again[Symbol.asyncDispose]()
  return died.dead
}

/** Whether the death came after the last step of the set. */
function isFinished(dataDirectory: string): boolean {
  const file = new DatabaseSync(join(dataDirectory, 'catalog.sqlite'))
  try {
    const begun = file.prepare('select source from undo').all().length > 0
    const made = file.prepare("select key from resources where key = 'Stream/default/new'").all()
    return !begun && made.length > 0
  } finally {
    file.close()
  }
}

/** Generations count what was tried. */
function comparable(state: unknown): unknown {
  return JSON.parse(JSON.stringify(state, (key, value) => (key === 'generation' ? 0 : value)))
}

describe('a crash at any write of an atomic set, then a start', () => {
  for (const when of ['before', 'after'] as const)
    test(`finds all of the old set in force, killed ${when} the write`, async () => {
      mortality.watchWrites()
      let step = 1
      while (await crashAt(step, when)) step += 1
      expect(step).toBeGreaterThan(8)
      expect(step).toBeLessThan(80)
    })
})
