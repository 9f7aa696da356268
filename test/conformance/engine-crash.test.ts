import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Engine } from '../../engine/engine.ts'
import { openDiskEngine } from '../../engine/log/disk-engine.ts'
import { SMALL_SIZES } from '../../engine/log/testing.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import { SimulatedDisk } from '../../engine/ports/simulated-disk.ts'
import { batchOf, readShard, streamRecord } from './engine-under-test.ts'

const SETS = 12

interface Acknowledged {
  readonly text: string
  readonly shard: number
  readonly sequence: number
}

function open(disk: SimulatedDisk, clock: SimulatedClock): Promise<Engine> {
  const random = new SeededRandom(3)
  return openDiskEngine({ directory: '/data', clock, random, disk, sizes: SMALL_SIZES })
}

/** Writes until the power goes; each set puts the same text into two shards of `a` and moves an offset. */
async function work(
  engine: Engine,
  run: number,
  relaxed: boolean,
): Promise<readonly Acknowledged[]> {
  const acknowledged: Acknowledged[] = []
  const existing = engine.streams.describe(['a'])[0]
  const durability = relaxed ? 'relaxed' : 'durable'
  const stream =
    existing ?? (await engine.streams.create(streamRecord('a', { shards: 2, durability })))
  const { incarnation } = stream
  const writes = Array.from({ length: SETS }, async (_, index) => {
    // A few groups, not one: later sets are submitted while earlier ones are being synced.
    for (let turn = 0; turn < index; turn++) await Promise.resolve()
    const text = `${run}-${index}-${'x'.repeat(index * 150)}`
    const appends = [0, 1].map((shard) => ({
      stream: 'a',
      incarnation,
      shard,
      batch: batchOf(text),
    }))
    const offset = { group: 'g', generation: 0, stream: 'a', incarnation, shard: 0, next: 1 }
    const { appends: results } = await engine.log.write({
      appends,
      offsets: relaxed ? [] : [offset],
      idempotencyKey: relaxed ? undefined : text.slice(0, 20),
    } as Parameters<typeof engine.log.write>[0])
    for (const shard of [0, 1]) {
      acknowledged.push({ text, shard, sequence: results[shard]?.sequences[0] ?? 0 })
    }
  })
  await Promise.allSettled(writes)
  return acknowledged
}

async function attempt<Result>(call: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await call()
  } catch {
    return undefined
  }
}

/** All that the log promises after a crash, against what was acknowledged before it. */
async function expectKept(engine: Engine, acknowledged: readonly Acknowledged[]): Promise<void> {
  expect(engine.condition()).toBeUndefined()
  if (engine.streams.describe(['a']).length === 0) {
    expect(acknowledged).toEqual([])
    return
  }
  const shards = [await readShard(engine, 'a', 0), await readShard(engine, 'a', 1)]
  const texts = shards.map((records) => records.map(({ data }) => Buffer.from(data).toString()))
  // All or nothing: what one shard has, the other has, in the same order and once.
  expect(texts[0]).toEqual(texts[1])
  expect(new Set(texts[0]).size).toBe(texts[0]?.length)
  for (const { text, shard, sequence } of acknowledged) {
    const record = shards[shard]?.find((candidate) => candidate.sequence === sequence)
    expect(Buffer.from(record?.data ?? []).toString()).toBe(text)
  }
}

describe('the disk engine after a power loss', () => {
  test('has all that it acknowledged, and whole sets only, wherever it happens', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 5 }),
        async (seed, cuts) => {
          const disk = new SimulatedDisk(new SeededRandom(seed))
          const clock = new SimulatedClock()
          const acknowledged: Acknowledged[] = []
          for (const [run, cut] of cuts.entries()) {
            disk.cutPowerAt(disk.calls + cut)
            const engine = await attempt(() => open(disk, clock))
            // Also when the power goes while an earlier loss is being recovered from.
            if (engine !== undefined) {
              const more = await attempt(() => work(engine, run, false))
              acknowledged.push(...(more ?? []))
            }
            // Without power the former engine comes to rest; with it, it would go on in the next life.
            disk.cutPowerAt(disk.calls)
            await attempt(async () => engine?.[Symbol.asyncDispose]())
            disk.crash()
          }
          const engine = await open(disk, clock)
          await expectKept(engine, acknowledged)
          const used = new Set(acknowledged.map(({ shard, sequence }) => `${shard}/${sequence}`))
          const more = await work(engine, cuts.length, false)
          expect(more.length).toBe(2 * SETS)
          for (const { shard, sequence } of more) expect(used).not.toContain(`${shard}/${sequence}`)
          await expectKept(engine, [...acknowledged, ...more])
          await engine[Symbol.asyncDispose]()
        },
      ),
      { numRuns: 150 },
    )
  })

  test('gives no sequence of a relaxed stream out twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 14, max: 60 }), async (seed, cut) => {
        const disk = new SimulatedDisk(new SeededRandom(seed))
        const clock = new SimulatedClock()
        disk.cutPowerAt(disk.calls + cut)
        const first = await attempt(() => open(disk, clock))
        const before = first && ((await attempt(() => work(first, 0, true))) ?? [])
        disk.crash()
        const second = await open(disk, clock)
        const after = await work(second, 1, true)
        const used = new Set(before?.map(({ shard, sequence }) => `${shard}/${sequence}`))
        for (const { shard, sequence } of after) expect(used).not.toContain(`${shard}/${sequence}`)
        await second[Symbol.asyncDispose]()
      }),
      { numRuns: 100 },
    )
  })
})

describe('the disk engine when the disk fails', () => {
  // The next call is the write, the one after it the sync.
  test.each([
    ['EIO', 0],
    ['EIO', 1],
    ['ENOSPC', 1],
  ] as const)(
    'goes read-only on %s at call %i of a commit, and never asks again',
    async (fault, call) => {
      const disk = new SimulatedDisk(new SeededRandom(1))
      const clock = new SimulatedClock()
      const engine = await open(disk, clock)
      const { incarnation } = await engine.streams.create(streamRecord('a'))
      const append = (text: string) => ({
        stream: 'a',
        incarnation,
        shard: 0,
        batch: batchOf(text),
      })
      await engine.log.write({ appends: [append('kept')] })
      disk.failCall(disk.calls + call, fault)
      const failed = engine.log.write({ appends: [append('unknown')] })
      await expect(failed).rejects.toMatchObject({ code: 'LogReadOnly' })
      expect(engine.condition()).toContain(fault)
      const calls = disk.calls
      const later = engine.log.write({ appends: [append('refused')] })
      await expect(later).rejects.toMatchObject({ code: 'LogReadOnly' })
      expect(disk.calls).toBe(calls)
      const texts = (await readShard(engine, 'a', 0)).map(({ data }) => String(data))
      expect(texts).toEqual(['kept'])
      await engine[Symbol.asyncDispose]()
    },
  )

  test('goes read-only when the room ends within a frame', async () => {
    const disk = new SimulatedDisk(new SeededRandom(1))
    const engine = await open(disk, new SimulatedClock())
    disk.failCall(disk.calls, 'short')
    disk.failCall(disk.calls + 1, 'ENOSPC')
    const failed = engine.streams.create(streamRecord('a'))
    await expect(failed).rejects.toMatchObject({ code: 'LogReadOnly' })
    expect(engine.condition()).toContain('ENOSPC')
    await engine[Symbol.asyncDispose]()
  })

  test('finishes a write that the disk cut short', async () => {
    const disk = new SimulatedDisk(new SeededRandom(1))
    const engine = await open(disk, new SimulatedClock())
    const { incarnation } = await engine.streams.create(streamRecord('a'))
    disk.failCall(disk.calls, 'short')
    await engine.log.write({
      appends: [{ stream: 'a', incarnation, shard: 0, batch: batchOf('whole') }],
    })
    disk.crash()
    const again = await open(disk, new SimulatedClock())
    expect((await readShard(again, 'a', 0)).map(({ data }) => String(data))).toEqual(['whole'])
    await again[Symbol.asyncDispose]()
  })

  test('refuses more than the queue holds, and says when to come again', async () => {
    const disk = new SimulatedDisk(new SeededRandom(1))
    const clock = new SimulatedClock()
    const random = new SeededRandom(3)
    const engine = await openDiskEngine({ directory: '/data', clock, random, disk })
    const { incarnation } = await engine.streams.create(streamRecord('a'))
    const release = disk.holdSyncs()
    const large = batchOf(...Array.from({ length: 20 }, () => 'x'.repeat(2 * 1024 * 1024)))
    const set = { appends: [{ stream: 'a', incarnation, shard: 0, batch: large }] }
    const first = engine.log.write(set)
    await expect(engine.log.write(set)).rejects.toMatchObject({
      code: 'BackPressure',
      retryAfterMs: expect.any(Number),
    })
    release()
    await first
    await engine.log.write(set)
    await engine[Symbol.asyncDispose]()
  })
})
