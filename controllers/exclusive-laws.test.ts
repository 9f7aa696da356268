/**
 * The laws of exclusive sets, with the real planner, apply, catalog and engine model, over sets as people might write
 * them: broken, dangling, guarded, renamed.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { identityKey } from '../crds/resource.ts'
import { generatedSet, movedFrom } from '../test/harness/generated-sets.ts'
import { LAW_MS_MAX, runsOf } from '../test/harness/law-runs.ts'
import { LawWorld, textsOf } from '../test/harness/law-world.ts'
import type { Member } from './sets/resource-set.ts'
import { declare, setOf } from './testing.ts'

const runs = runsOf(60)

async function holds(law: (world: LawWorld) => Promise<void>, first: readonly Member[]) {
  await using world = await LawWorld.open(first)
  await world.converge(first)
  await law(world)
}

/** Whether the engine and the runtime have just what is declared, but for what the plan lists as held back. */
function expectJust(members: readonly Member[], world: LawWorld): void {
  const held = world.blocked()
  const plan = world.plan()
  expect(plan.actions.filter(({ verb }) => verb !== 'blocked')).toEqual([])
  const declared = new Map(members.map((one) => [identityKey(one.identity), one]))
  const objects = world.objects()
  for (const [key, one] of declared) {
    if (held.has(key) || one.state === 'invalid') continue
    expect([key, objects.get(key)?.spec]).toEqual([key, one.resource.spec])
  }
  const streams = world.streams()
  for (const [name, stream] of streams) {
    const key = `Stream/default/${name}`
    const one = declared.get(key)
    if (stream.sealed !== undefined)
      expect([key, one === undefined || held.has(key)]).toEqual([key, true])
    else if (one === undefined) expect([key, held.has(key)]).toEqual([key, true])
    else if (one.state === 'valid' && !held.has(key)) {
      expect([key, stream.digest]).toEqual([key, one.resource.digest])
      expect(stream.shards).toBeGreaterThanOrEqual(Number(one.resource.spec['shards'] ?? 1))
    }
  }
  for (const key of objects.keys())
    if (!declared.has(key)) expect([key, held.has(key)]).toEqual([key, true])
  expectNothingDangling(world)
}

/** Whatever exists refers to what exists, and takes appends. */
function expectNothingDangling(world: LawWorld): void {
  const objects = world.objects()
  const streams = world.streams()
  for (const key of world.existing()) {
    const spec = (objects.get(key)?.spec ?? {}) as Readonly<Record<string, unknown>>
    for (const field of ['reads', 'writes']) {
      const name = spec[field]
      if (typeof name !== 'string') continue
      const stream = streams.get(name)
      expect([key, field, name, stream?.name, stream?.sealed]).toEqual([
        key,
        field,
        name,
        `default/${name}`,
        undefined,
      ])
    }
  }
}

interface Reader {
  readonly kind: 'Pipeline' | 'Sink'
  readonly reads: string
}

const reader = ({ kind, reads }: Reader): Member =>
  declare(kind, 'reader', { input: reads, output: {}, reads })

const readers = (...names: readonly string[]): fc.Arbitrary<readonly Reader[]> =>
  fc.uniqueArray(
    fc.record({
      kind: fc.constantFrom('Pipeline' as const, 'Sink' as const),
      reads: fc.constantFrom(...names),
    }),
    { selector: ({ kind }) => kind, maxLength: 2 },
  )

const renamedSpec = fc.record(
  {
    shards: fc.constantFrom(1, 2),
    deletionPolicy: fc.constantFrom('Retain', 'Delete'),
    type: fc.constant('a'),
  },
  { requiredKeys: [] },
)

const rename = fc.record({
  was: renamedSpec,
  is: renamedSpec,
  before: readers('old'),
  after: readers('old', 'new'),
  stays: fc.boolean(),
})

describe('laws of exclusive sets', () => {
  test(
    'with approvals, a set after another leaves just that set, but for what is listed as blocked',
    async () => {
      await fc.assert(
        fc.asyncProperty(generatedSet, generatedSet, async (a, b) => {
          await holds(async (world) => {
            await world.converge(b)
            expectJust(b, world)
          }, a)
        }),
        { numRuns: runs },
      )
    },
    LAW_MS_MAX,
  )

  test(
    'the plan after it holds back the same, and does nothing',
    async () => {
      await fc.assert(
        fc.asyncProperty(generatedSet, generatedSet, async (a, b) => {
          await holds(async (world) => {
            await world.converge(b)
            const { digest } = world.plan()
            const built = world.world.pipelines.length
            world.plane.lookAgain()
            await world.settle()
            expect(world.plan().digest).toBe(digest)
            expect(world.world.pipelines.length).toBe(built)
          }, a)
        }),
        { numRuns: runs },
      )
    },
    LAW_MS_MAX,
  )

  test(
    'what is declared in an unchanged way is not touched: same uid, same generation, no restart',
    async () => {
      await fc.assert(
        fc.asyncProperty(generatedSet, generatedSet, async (a, b) => {
          await holds(async (world) => {
            const before = world.objects()
            const held = new Set(world.blocked().keys())
            const ran = world.world.pipelines.filter(({ phase }) => phase === 'running')
            await world.converge(b)
            const after = world.objects()
            for (const one of b) {
              const key = identityKey(one.identity)
              const same = a.find((other) => identityKey(other.identity) === key)
              if (one.state === 'invalid' || same?.state !== 'valid') continue
              if (held.has(key) || same.resource.digest !== one.resource.digest) continue
              const facts = (object: ReturnType<typeof after.get>) => [
                key,
                object?.metadata.uid,
                object?.metadata.generation,
              ]
              expect(facts(after.get(key))).toEqual(facts(before.get(key)))
              const config = ran.find((pipeline) => isOf(pipeline.config, one))
              if (config !== undefined) expect([key, config.phase]).toEqual([key, 'running'])
            }
          }, a)
        }),
        { numRuns: runs },
      )
    },
    LAW_MS_MAX,
  )

  test(
    'no record goes but of streams that say so, and what is declared again has all of them',
    async () => {
      await fc.assert(
        fc.asyncProperty(generatedSet, generatedSet, async (a, b) => {
          await holds(async (world) => {
            await world.fill()
            const before = [...world.streams().values()]
            await world.converge(b)
            for (const stream of before) {
              const now = world.world.engine.streams
                .describe()
                .find(({ incarnation }) => incarnation === stream.incarnation)
              if (now === undefined)
                expect([stream.name, stream.deletionPolicy]).toEqual([stream.name, 'Delete'])
              else expect(await textsOf(world.world.engine, now)).toEqual(textsIn(stream.name))
            }
            await world.converge(a)
            const held = world.blocked()
            for (const stream of before) {
              const [again] = world.world.engine.streams.describe([stream.name])
              if (again?.incarnation !== stream.incarnation || held.size > 0) continue
              expect([stream.name, again.sealed]).toEqual([stream.name, undefined])
              expect(await textsOf(world.world.engine, again)).toEqual(textsIn(stream.name))
            }
          }, a)
        }),
        { numRuns: runs },
      )
    },
    LAW_MS_MAX,
  )

  test(
    'a rename keeps every record, under one name or the other, and leaves no reader behind',
    async () => {
      await fc.assert(
        fc.asyncProperty(rename, async ({ was, is, before, after, stays }) => {
          const type = declare('StreamType', 'a')
          const old = declare('Stream', 'old', was)
          await holds(
            async (world) => {
              await world.fill()
              const incarnation = world.streams().get('old')?.incarnation
              const moved = movedFrom(declare('Stream', 'new', is), 'old')
              await world.converge([type, moved, ...(stays ? [old] : []), ...after.map(reader)])
              expectNothingDangling(world)
              const isHeld = world.blocked().has('Stream/default/new')
              const kept = world.streams().get(isHeld ? 'old' : 'new')
              expect([isHeld, kept?.incarnation]).toEqual([isHeld, incarnation])
              expect(kept && (await textsOf(world.world.engine, kept))).toEqual(
                textsIn('default/old'),
              )
              expect(kept?.sealed).toBeUndefined()
              const isClean = after.every(({ reads }) => reads === 'new')
              if (!stays && was.type === is.type && isClean) expect(isHeld).toBe(false)
            },
            [type, old, ...before.map(reader)],
          )
        }),
        { numRuns: runs },
      )
    },
    LAW_MS_MAX,
  )

  test(
    'an incomplete set removes and seals nothing, whatever it declares',
    async () => {
      await fc.assert(
        fc.asyncProperty(generatedSet, fc.option(generatedSet), async (a, b) => {
          await holds(async (world) => {
            const streams = [...world.streams().values()]
            const keys = world.existing()
            for (const incomplete of ['a file was cut', 'the folder is away', 'a file was cut'])
              await world.say(setOf(b ?? [], { incomplete }))
            const now = world.world.engine.streams.describe()
            for (const { incarnation, sealed, name } of streams)
              expect([name, now.find((one) => one.incarnation === incarnation)?.sealed]).toEqual([
                name,
                sealed,
              ])
            for (const key of keys) expect(world.existing()).toContain(key)
          }, a)
        }),
        { numRuns: runs },
      )
    },
    LAW_MS_MAX,
  )

  test(
    'nothing goes without approval that is over the budget, and all of it once it is approved',
    async () => {
      await fc.assert(
        fc.asyncProperty(generatedSet, async (a) => {
          await holds(async (world) => {
            const before = world.existing()
            await world.say(setOf([]))
            await world.settle()
            expect(world.existing()).toEqual(before)
            await world.converge([])
            expectJust([], world)
          }, a)
        }),
        { numRuns: runs },
      )
    },
    LAW_MS_MAX,
  )

  test(
    'neither the order of files nor of hints makes a difference',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          generatedSet.chain((list) =>
            fc.tuple(fc.constant(list), fc.shuffledSubarray([...list], { minLength: list.length })),
          ),
          generatedSet,
          fc.array(fc.nat(10), { maxLength: 6 }),
          async ([b, shuffled], a, hints) => {
            const seen: unknown[] = []
            for (const list of [b, shuffled])
              await holds(async (world) => {
                if (list === shuffled)
                  for (const ms of hints) {
                    world.plane.lookAgain('local')
                    await world.settle(ms)
                  }
                await world.converge(list)
                seen.push([
                  [...world.objects()].map(([key, { spec }]) => [key, spec]).sort(),
                  world.running(),
                  world
                    .plan()
                    .actions.map(
                      ({ identity, blockedBy }) => `${identityKey(identity)} ${blockedBy}`,
                    )
                    .sort(),
                ])
              }, a)
            expect(seen[1]).toEqual(seen[0])
          },
        ),
        { numRuns: Math.ceil(runs / 2) },
      )
    },
    LAW_MS_MAX,
  )
})

function textsIn(stream: string): readonly string[] {
  return ['x', 'y', 'z'].map((text) => `${stream} ${text}`)
}

/** A Sink's pipeline names it; a Pipeline's is its own body. */
function isOf(config: unknown, { identity, state, ...rest }: Member): boolean {
  if (state === 'invalid' || !('resource' in rest)) return false
  const { sink, ...body } = config as Readonly<Record<string, unknown>>
  if (identity.kind === 'Sink')
    return sink === identity.name && JSON.stringify(body) === JSON.stringify(rest.resource.spec)
  return false
}
