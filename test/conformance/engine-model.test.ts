import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Engine } from '../../engine/engine.ts'
import { encodeBatch } from '../../engine/log/batch.ts'
import { openDiskEngine } from '../../engine/log/disk-engine.ts'
import { openMemoryEngine } from '../../engine/log/memory-engine.ts'
import { SMALL_SIZES } from '../../engine/log/testing.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import { SimulatedDisk } from '../../engine/ports/simulated-disk.ts'
import { readShard, rejection, streamRecord } from './engine-under-test.ts'

const NAMES = ['a', 'b']
const name = fc.constantFrom(...NAMES)
const shard = fc.integer({ min: 0, max: 3 })
const sequence = fc.integer({ min: 1, max: 8 })

const step = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('restart' as const), crash: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('full' as const), full: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(7_200_000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('create' as const, 'alter' as const),
      name,
      shards: fc.integer({ min: 1, max: 4 }),
      durability: fc.constantFrom('durable' as const),
      sealed: fc.oneof(
        { weight: 5, arbitrary: fc.constant(undefined) },
        fc.constant({ sinceUs: 1, by: 'x' }),
      ),
      ageMs: fc.constantFrom(undefined, 3_600_000),
      bytes: fc.constantFrom(undefined, 300),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), name }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rename' as const), name, to: name }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      name,
      shard: fc.option(shard, { nil: undefined }),
      keys: fc.array(fc.string({ maxLength: 3 }), { maxLength: 5 }),
      expectNext: fc.option(sequence, { nil: undefined, freq: 8 }),
      offset: fc.option(sequence, { nil: undefined }),
      trim: fc.option(sequence, { nil: undefined }),
      idempotencyKey: fc.option(fc.constantFrom('k1', 'k2'), { nil: undefined }),
    }),
  },
)

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never
type Action = Extract<Step, { readonly name: string }>

/** Former names are forgotten with the process, so none is asked for. */
const INCARNATION_OF_NONE = 1_000

/** What the step did, in a form in which two engines can be compared. */
async function take(engine: Engine, taken: Action): Promise<unknown> {
  const [found] = engine.streams.describe([taken.name])
  const incarnation = found?.incarnation ?? INCARNATION_OF_NONE
  if (taken.kind === 'delete') return rejection(engine.streams.delete(taken.name, incarnation))
  if (taken.kind === 'rename') {
    const { shards = 1 } = found ?? {}
    const record = streamRecord(taken.to, { shards })
    return rejection(engine.streams.rename(taken.name, incarnation, record))
  }
  if (taken.kind === 'write') return write(engine, taken, incarnation)
  const { shards, durability, sealed, ageMs, bytes } = taken
  const retention = { ageMs, bytes }
  const record = streamRecord(taken.name, { shards, durability, sealed, retention })
  if (taken.kind === 'create') return rejection(engine.streams.create(record))
  return rejection(engine.streams.alter(incarnation, record))
}

async function write(
  engine: Engine,
  taken: Extract<Step, { kind: 'write' }>,
  incarnation: number,
): Promise<unknown> {
  const { name: stream, keys, shard: to, expectNext, offset, trim, idempotencyKey } = taken
  const batch = encodeBatch(
    keys.map((key) => ({ key: Buffer.from(key), data: Buffer.from(`${key}!`) })),
  )
  const ref = { stream, incarnation, shard: to ?? 0 }
  try {
    const { appends } = await engine.log.write({
      appends: [
        {
          stream,
          incarnation,
          batch,
          ...(to === undefined ? {} : { shard: to }),
          ...(expectNext === undefined || to === undefined ? {} : { expectNext }),
        },
      ],
      ...(offset === undefined
        ? {}
        : { offsets: [{ ...ref, group: 'g', generation: 0, next: offset }] }),
      ...(trim === undefined ? {} : { trims: [{ ...ref, first: trim }] }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    })
    return appends.map(({ shards, sequences }) => [[...shards], [...sequences]])
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}

/** All that a caller can see. */
async function see(engine: Engine): Promise<unknown> {
  const descriptions = engine.streams.describe()
  const records: unknown[] = []
  for (const { name: stream, shards } of descriptions) {
    for (let at = 0; at < shards; at++) {
      for (const record of await readShard(engine, stream, at)) {
        const data = Buffer.from(record.data).toString()
        records.push([stream, at, record.sequence, record.arrivalUs, data])
      }
    }
  }
  const byName = [...descriptions].sort((left, right) => (left.name < right.name ? -1 : 1))
  return { streams: byName, records: records.sort(), offsets: engine.groups.offsets('g') }
}

/** After a crash the engine cannot end in order, and says so. */
async function close(engine: Engine): Promise<void> {
  try {
    await engine[Symbol.asyncDispose]()
  } catch {}
}

test('the disk engine equals the memory engine under any operations, restarts, crashes and full disks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer(), async (steps, seed) => {
      const clock = new SimulatedClock()
      const disk = new SimulatedDisk(new SeededRandom(seed))
      const open = () =>
        openDiskEngine({
          directory: '/data',
          clock,
          random: new SeededRandom(1),
          disk,
          sizes: SMALL_SIZES,
        })
      const model = openMemoryEngine({ clock, random: new SeededRandom(1) })
      let engine = await open()
      for (const taken of steps) {
        if (taken.kind === 'restart' || taken.kind === 'wait') disk.full = false
        if (taken.kind === 'full') {
          disk.full = taken.full
        } else if (taken.kind === 'restart') {
          // A crash with nothing under way must lose nothing, just like an orderly end.
          if (taken.crash) disk.cutPowerAt(disk.calls)
          await close(engine)
          if (taken.crash) disk.crash()
          engine = await open()
        } else if (taken.kind === 'wait') {
          // Retention is due at the same moments in both only where both sweep now.
          await clock.advance(taken.ms)
          await clock.advance(3 * 3_600_000)
          await Promise.all([engine, model].map((each) => each.log.write({ appends: [] })))
        } else {
          const got = await take(engine, taken)
          // What there was no room for never happened.
          if (!disk.full || got !== 'DiskFull') expect(got).toEqual(await take(model, taken))
        }
        expect(await see(engine)).toEqual(await see(model))
      }
      disk.full = false
      await engine[Symbol.asyncDispose]()
      await model[Symbol.asyncDispose]()
    }),
    { numRuns: 100 },
  )
})
