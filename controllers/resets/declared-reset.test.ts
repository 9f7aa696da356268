import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { Kind } from '../../crds/resource.ts'
import { HeadgateError } from '../../engine/error.ts'
import { openMemoryEngine } from '../../engine/log/memory-engine.ts'
import { buildPipeline as build } from '../../engine/pipelines/build-pipeline.ts'
import { readAll } from '../../engine/pipelines/stream-testing.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import type { Builders } from '../control-plane-options.ts'
import { rulePolicy } from '../plan/change-policy.ts'
import { compileRule } from '../plan/change-rule.ts'
import type { Action } from '../plan/plan.ts'
import type { Member } from '../sets/resource-set.ts'
import { declare, setOf } from '../testing.ts'
import {
  append,
  copying,
  countOf,
  quiet,
  type ResetWorld,
  startWorld,
  streams,
  until,
  withReading,
} from './testing.ts'

const worlds: ResetWorld[] = []
afterEach(async () => {
  for (const { plane } of worlds.splice(0)) await plane[Symbol.asyncDispose]()
})

async function started(...given: Parameters<typeof startWorld>): Promise<ResetWorld> {
  const world = await startWorld(...given)
  worlds.push(world)
  return world
}

/** Five records in two shards, all of them copied. */
async function copied(spec: Parameters<typeof copying>[0] = {}): Promise<ResetWorld> {
  const world = await started([...streams(2), copying(spec)])
  await append(world.engine, ['a', 'b', 'c'])
  await append(world.engine, ['d', 'e'], { shard: 1 })
  await until(world, () => countOf(world.engine) === 5)
  await quiet(world)
  return world
}

async function say(world: ResetWorld, ...members: readonly Member[]): Promise<void> {
  world.source.say(setOf([...streams(2), ...members]))
  await quiet(world)
}

/** What a plan of these says of the pipeline. Another source, as the one of single objects, reads nothing. */
async function planned(
  world: ResetWorld,
  member: Member,
  kind: Kind = 'Pipeline',
): Promise<Action | undefined> {
  const { builders } = world.options as { builders: { readFiles: Builders['readFiles'] } }
  builders.readFiles = async ({ name }) =>
    name === 'local' ? setOf([...streams(2), member]) : setOf([], { source: name })
  const { plan } = await world.plane.sources.plan('local', [])
  return plan.actions.find(({ identity, desired }) => identity.kind === kind && desired)
}

const reset = (id: string, to: unknown, more: object = {}) => ({ reset: { id, to, ...more } })
const statusOf = ({ plane }: ResetWorld) =>
  plane.resources.get('Pipeline', 'default', 'copy')?.status as
    | { readonly lastReset?: object; readonly conditions: readonly { readonly reason: string }[] }
    | undefined

describe('a declared reset', () => {
  test('is planned with what is then read again, and carried out once', async () => {
    const world = await copied()
    const member = copying(reset('one', 'earliest'))
    expect(await planned(world, member)).toMatchObject({
      verb: 'update',
      risk: 'disruptive',
      changes: [{ path: 'spec.reset' }],
      cost: {
        records: 0,
        readAgain: { records: 5, bytes: expect.any(Number), oldestUs: expect.any(Number) },
        skipped: { records: 0 },
      },
    })
    await say(world, member)
    expect(countOf(world.engine)).toBe(10)
    await say(world, member)
    world.plane.lookAgain()
    await quiet(world)
    expect(countOf(world.engine)).toBe(10)
    expect(statusOf(world)?.lastReset).toEqual({
      time: expect.stringMatching(/^2026-/),
      by: 'declaration',
      id: 'one',
      to: 'earliest',
      readAgain: 5,
      skipped: 0,
    })
  })

  test('moves nothing where it is removed, comes back, or only something else changes', async () => {
    const world = await copied()
    await say(world, copying(reset('one', 'earliest')))
    expect(countOf(world.engine)).toBe(10)
    const built = world.plane.resources.revision()
    await say(world, copying())
    await say(world, copying(reset('one', 'earliest')))
    const mapping = { pipeline: { processors: [{ mapping: 'root = this' }] } }
    await say(world, copying({ ...mapping, ...reset('one', 'earliest') }))
    expect(built).not.toBe(world.plane.resources.revision())
    expect(countOf(world.engine)).toBe(10)
    const again = await planned(world, copying(reset('one', 'earliest')))
    expect(again?.cost).toBeUndefined()
  })

  test('of another id, or to another place, is another one', async () => {
    const world = await copied()
    await say(world, copying(reset('one', 'earliest')))
    await say(world, copying(reset('two', 'earliest')))
    expect(countOf(world.engine)).toBe(15)
    await say(world, copying(reset('two', '3', { shards: [0] })))
    expect(countOf(world.engine)).toBe(16)
    // As a rollback does: what was carried out is not carried out again, whatever came in between.
    const back = await planned(world, copying(reset('one', 'earliest')))
    expect(back).toMatchObject({
      risk: 'safe',
      reason: expect.stringContaining('this very reset was carried out before'),
    })
    await say(world, copying(reset('one', 'earliest')))
    expect(countOf(world.engine)).toBe(16)
  })

  test('counts to a time exactly, and says what it skips', async () => {
    const world = await copied()
    await world.clock.advance(60_000)
    const at = new Date(world.clock.wallUs() / 1000).toISOString()
    await append(world.engine, ['f', 'g'])
    await until(world, () => countOf(world.engine) === 7)
    await quiet(world)
    const member = copying(reset('one', at))
    expect((await planned(world, member))?.cost).toMatchObject({ readAgain: { records: 2 } })
    await say(world, member)
    expect(countOf(world.engine)).toBe(9)
    await say(world, copying({ ...reset('one', at), paused: true }))
    await append(world.engine, ['h', 'i', 'j'])
    const skipping = copying(reset('two', 'latest'))
    expect(await planned(world, skipping)).toMatchObject({
      risk: 'disruptive',
      cost: { records: 0, readAgain: { records: 0 }, skipped: { records: 3 } },
    })
    await say(world, skipping)
    await append(world.engine, ['k'])
    await quiet(world)
    expect(countOf(world.engine)).toBe(10)
  })

  test('together with a new version is carried out between the two', async () => {
    const world = await copied()
    const mapping = { pipeline: { processors: [{ mapping: 'root = content().uppercase()' }] } }
    const member = copying({ ...mapping, ...reset('one', 'earliest') })
    expect(await planned(world, member)).toMatchObject({
      verb: 'replace',
      cost: { readAgain: { records: 5 } },
    })
    await say(world, member)
    expect(await textsOf(world)).toEqual(['A', 'B', 'C', 'D', 'E', 'a', 'b', 'c', 'd', 'e'])
  })

  test('is held back beyond the end of the stream, and happens once that is there', async () => {
    const world = await copied()
    const member = copying(reset('one', 6, { shards: [0] }))
    await say(world, member)
    expect(await planned(world, member)).toMatchObject({
      verb: 'blocked',
      blockedBy: 'OutOfRange',
      reason: 'Expected a sequence from 1 to 4 in shard 0 of default/orders, got 6.',
    })
    expect(statusOf(world)?.conditions.map(({ reason }) => reason)).toContain('OutOfRange')
    await append(world.engine, ['f', 'g'])
    await quiet(world)
    await world.clock.advance(60_000)
    await quiet(world)
    expect(statusOf(world)?.lastReset).toMatchObject({ to: '6', readAgain: 0 })
  })

  test('that is refused is told once, and another one in its place again', async () => {
    const world = await copied()
    const told = (): number => world.reports.flatMap(({ blocked }) => blocked).length
    await say(world, copying(reset('one', 6, { shards: [0] })))
    expect(told()).toBe(1)
    await world.clock.advance(60_000)
    await quiet(world)
    expect(told()).toBe(1)
    await say(world, copying(reset('one', 7, { shards: [0] })))
    expect(told()).toBe(2)
  })

  test('to what retention has deleted goes to the earliest, and the plan says so', async () => {
    const world = await copied()
    await append(world.engine, ['f'])
    await quiet(world)
    const [stream] = world.engine.streams.describe(['default/orders'])
    const trim = { stream: 'default/orders', incarnation: stream?.incarnation ?? 0, shard: 0 }
    await world.engine.log.write({ appends: [], trims: [{ ...trim, first: 4 }] })
    const member = copying(reset('one', 1, { shards: [0] }))
    expect(await planned(world, member)).toMatchObject({
      reason:
        'spec.reset changed; retention has deleted sequence 1 of shard 0, so that it goes to the earliest, 4',
      cost: { readAgain: { records: 1 } },
    })
    await say(world, member)
    expect(countOf(world.engine)).toBe(7)
  })

  test('of a sink moves its group, with the same plan', async () => {
    const sink = (spec: object): Member => {
      const endpoint = { type: 'standard', url: 'http://127.0.0.1:1/' }
      const from = { stream: 'orders', start: 'latest' }
      const member = declare('Sink', 'out', { from, endpoint, active: false, ...spec })
      return withReading(member, ['from', 'stream'])
    }
    const world = await copied()
    await say(world, copying(), sink({}))
    const { incarnation = 0 } = world.engine.streams.describe(['default/orders'])[0] ?? {}
    const stands = { stream: 'default/orders', incarnation, shard: 0, next: 4 }
    await world.engine.groups.reset('sink.out', [stands])
    const member = sink(reset('one', 2, { shards: [0] }))
    expect(await planned(world, member, 'Sink')).toMatchObject({
      verb: 'update',
      risk: 'disruptive',
      cost: { readAgain: { records: 2 } },
    })
    await say(world, copying(), member)
    expect(world.engine.groups.offsets('sink.out').map(({ next }) => next)).toEqual([2])
    expect(world.plane.resources.get('Sink', 'default', 'out')?.status).toMatchObject({
      lastReset: { id: 'one', to: '2', readAgain: 2 },
    })
  })

  test('of one that is paused moves it at once, and it begins there when it runs', async () => {
    const world = await copied()
    await say(world, copying({ paused: true }))
    await say(world, copying({ paused: true, ...reset('one', 2, { shards: [0] }) }))
    expect(statusOf(world)?.lastReset).toMatchObject({ id: 'one', readAgain: 2 })
    await say(world, copying(reset('one', 2, { shards: [0] })))
    expect(countOf(world.engine)).toBe(7)
  })
})

test('policies see what is read again, and hold back more than they allow', async () => {
  const compiled = compileRule('actions.all(a, a.cost.readAgain.records <= 2)')
  if (!compiled.ok) throw new Error(compiled.message)
  const policies = [rulePolicy('replays', compiled.rule, undefined)]
  const world = await started([...streams(2), copying()], { policies })
  await append(world.engine, ['a', 'b', 'c'])
  await until(world, () => countOf(world.engine) === 3)
  await quiet(world)
  await say(world, copying(reset('one', 'earliest')))
  expect(countOf(world.engine)).toBe(3)
  expect(statusOf(world)?.conditions.map(({ reason }) => reason)).toContain('Policy')
  await say(world, copying(reset('one', 2, { shards: [0] })))
  expect(countOf(world.engine)).toBe(5)
})

describe('a reset that is declared from the beginning', () => {
  test('says where it starts, in place of the start of its input', async () => {
    const world = await started([...streams(2), copying({ paused: true })])
    await append(world.engine, ['a', 'b', 'c'])
    await append(world.engine, ['d', 'e'], { shard: 1 })
    await say(world, copying({ paused: true }), copying(reset('one', 'latest'), 'other'))
    await append(world.engine, ['f'])
    await quiet(world)
    expect(await textsOf(world)).toEqual(['f'])
  })

  test('leaves a group that stands somewhere where it stands, as after a lost catalog', async () => {
    const clock = new SimulatedClock()
    const engine = openMemoryEngine({ clock, random: new SeededRandom(1) })
    const spec = reset('one', 'earliest')
    const first = await startWorld([...streams(2), copying(spec)], { engine, clock })
    await append(engine, ['a', 'b', 'c'])
    await until(first, () => countOf(engine) === 3)
    await quiet(first)
    await first.plane[Symbol.asyncDispose]()
    // Another control plane, whose memory is new.
    const second = await started([...streams(2), copying(spec)], { engine, clock })
    await quiet(second)
    await append(engine, ['d'])
    await quiet(second)
    expect(countOf(engine)).toBe(4)
    expect(statusOf(second)?.lastReset).toMatchObject({ kept: true, readAgain: 0 })
    await say(second, copying(reset('two', 'earliest')))
    expect(countOf(engine)).toBe(8)
  })
})

test('whatever is reset in a row, what is read again is what the plans told', async () => {
  const place = fc.oneof(
    fc.constantFrom('earliest', 'latest'),
    fc.integer({ min: 1, max: 12 }),
    fc.constant('then'),
  )
  const step = fc.record({
    to: place,
    shards: fc.option(fc.constantFrom([0], [1], [0, 1]), { nil: undefined }),
    appended: fc.integer({ min: 0, max: 4 }),
    paused: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
      const world = await startWorld([...streams(2), copying()])
      try {
        let expected = 0
        for (const [index, { to, shards, appended, paused }] of steps.entries()) {
          const then = new Date(world.clock.wallUs() / 1000).toISOString()
          const texts = Array.from({ length: appended }, () => 'x')
          if (appended > 0) await append(world.engine, texts, { shard: index % 2 })
          expected += appended
          await quiet(world)
          const more = shards === undefined ? {} : { shards }
          const wanted = reset(`${index}`, to === 'then' ? then : to, more)
          const member = copying({ ...wanted, paused })
          const action = await planned(world, member)
          await say(world, member)
          if (action?.verb !== 'blocked') expected += action?.cost?.readAgain?.records ?? 0
          await say(world, copying(action?.verb === 'blocked' ? {} : wanted))
        }
        expect(countOf(world.engine)).toBe(expected)
      } finally {
        await world.plane[Symbol.asyncDispose]()
      }
    }),
    { numRuns: 12 },
  )
})

describe('in a set that is in force in whole or not at all', () => {
  test('a reset waits until all else is done', async () => {
    const refuse = { when: (_config: unknown): boolean => false }
    const buildPipeline = refusing(refuse)
    const world = await started([...streams(2), copying()], {}, { buildPipeline }, { atomic: true })
    await append(world.engine, ['a', 'b', 'c'])
    await until(world, () => countOf(world.engine) === 3)
    refuse.when = (config) => JSON.stringify(config).includes('drop')
    const other = copying({ output: { drop: {} } }, 'other')
    await say(world, other, copying(reset('one', 'earliest')))
    expect(countOf(world.engine)).toBe(3)
    refuse.when = () => false
    await world.clock.advance(120_000)
    await quiet(world)
    expect(countOf(world.engine)).toBe(6)
  })
})

/** Pipelines that cannot be connected when somebody says so. */
function refusing(refuse: { when: (config: unknown) => boolean }): typeof build {
  return async (config, environment) => {
    const pipeline = await build(config, environment)
    if (refuse.when(config))
      pipeline.connect = async () => {
        throw new HeadgateError('ResourceBusy', 'The port is taken.')
      }
    return pipeline
  }
}

describe('a version that cannot start', () => {
  test('takes its reset back with it, and does it once it can', async () => {
    const refuse = { when: (_config: unknown): boolean => false }
    const buildPipeline = refusing(refuse)
    const world = await started([...streams(2), copying()], {}, { buildPipeline })
    await append(world.engine, ['a', 'b', 'c'])
    await until(world, () => countOf(world.engine) === 3)
    await quiet(world)
    refuse.when = (config) => JSON.stringify(config).includes('uppercase')
    const mapping = { pipeline: { processors: [{ mapping: 'root = content().uppercase()' }] } }
    await say(world, copying({ ...mapping, ...reset('one', 'earliest') }))
    await append(world.engine, ['d'])
    await quiet(world)
    // The old version runs on from where it was.
    expect(await textsOf(world)).toEqual(['a', 'b', 'c', 'd'])
    expect(statusOf(world)?.lastReset).toBeUndefined()
    refuse.when = () => false
    await world.clock.advance(60_000)
    await quiet(world)
    expect(await textsOf(world)).toEqual(['A', 'B', 'C', 'D', 'a', 'b', 'c', 'd'])
    expect(statusOf(world)?.lastReset).toMatchObject({ id: 'one', readAgain: 4 })
  })

  test('for the first time begins where it was to begin, when it can', async () => {
    const refuse = { when: (_config: unknown): boolean => true }
    const buildPipeline = refusing(refuse)
    const world = await started(streams(2), {}, { buildPipeline })
    await append(world.engine, ['a', 'b', 'c'])
    await say(world, copying(reset('one', 3, { shards: [0] })))
    expect(world.engine.groups.offsets('pipeline.copy')).toEqual([])
    refuse.when = () => false
    await world.clock.advance(60_000)
    await quiet(world)
    expect(await textsOf(world)).toEqual(['c'])
  })
})

async function textsOf({ engine }: ResetWorld): Promise<readonly string[]> {
  const records = await readAll(engine, 'copied')
  return records.map(({ data }) => Buffer.from(data ?? []).toString()).sort()
}
