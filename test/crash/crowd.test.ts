/** Many at once: readers against retention and streams made anew, producers against streams that grow, any clock. */
import { expect, test } from 'vitest'
import type { Engine } from '../../engine/engine.ts'
import { HeadgateError } from '../../engine/error.ts'
import { decodeRecords, encodeBatch } from '../../engine/log/batch.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { batchOf, readShard, rejection, streamRecord } from '../conformance/engine-under-test.ts'
import { World } from './world.ts'

const CURSORS = 50
const PRODUCERS = 64
const SWEEP_MS = 10_000

const text = (data: Uint8Array): string => Buffer.from(data).toString()

async function incarnationOf(engine: Engine, name: string): Promise<number> {
  return engine.streams.describe([name])[0]?.incarnation ?? 0
}

test(`${CURSORS} slow readers get what was written or are told that it is gone, never another stream's`, async () => {
  const world = new World(new SeededRandom(1), { segmentBytes: 8_192 })
  const engine = await world.open()
  const retention = { ageMs: 60_000, bytes: undefined }
  const make = () => engine.streams.create(streamRecord('a', { retention }))
  let { incarnation } = await make()
  const cursors = Array.from({ length: CURSORS }, () => ({
    at: { stream: 'a', incarnation, shard: 0, sequence: 1 },
    told: [] as string[],
  }))
  const told = new Set<string>()
  for (let round = 0; round < 40; round++) {
    for (let count = 0; count < 5; count++) {
      const batch = batchOf(`${incarnation} ${round}-${count} ${'x'.repeat(700)}`)
      await engine.log.write({ appends: [{ stream: 'a', incarnation, shard: 0, batch }] })
    }
    if (round === 25) {
      await engine.streams.delete('a', incarnation)
      incarnation = (await make()).incarnation
    }
    const moved = cursors.filter((_, index) => (index + round) % 7 === 0)
    const clock = world.clock.advance(SWEEP_MS)
    await Promise.all(
      moved.map(async (cursor) => {
        try {
          await using reader = engine.log.open(cursor.at)
          const read = await reader.next(2_000, 0)
          for (const record of read === undefined ? [] : decodeRecords(read.bytes, read.from)) {
            expect(text(record.data).split(' ')[0]).toBe(String(cursor.at.incarnation))
          }
          cursor.at = { ...cursor.at, sequence: reader.position.sequence }
        } catch (error) {
          if (!(error instanceof HeadgateError)) throw error
          expect(['PositionInvalid', 'StreamNotFound']).toContain(error.code)
          told.add(error.code)
          const { first = 1 } = engine.streams.describe(['a'])[0]?.shardStates[0] ?? {}
          cursor.at = { stream: 'a', incarnation, shard: 0, sequence: first }
        }
      }),
    )
    await clock
  }
  expect(told).toContain('PositionInvalid')
  expect(engine.condition()).toBeUndefined()
  await engine[Symbol.asyncDispose]()
  // What nobody reads any more is gone: at most the files of one minute, and those that are used again.
  const segments = world.disk.paths.filter((path) => path.includes('/streams/'))
  expect(segments.length).toBeLessThan(15)
  expect(world.disk.openPaths).toEqual([])
})

test(`a stream grows while ${PRODUCERS} producers write: keys stay in order, and stay or move to new shards`, async () => {
  for (const cut of [undefined, 0, 1, 2, 3]) {
    const world = new World(new SeededRandom(2), { segmentBytes: 65_536 })
    let engine = await world.open()
    await engine.streams.create(streamRecord('a', { shards: 8 }))
    const counts = new Map<string, number>()
    const produce = async (): Promise<void> => {
      const incarnation = await incarnationOf(engine, 'a')
      await Promise.all(
        Array.from({ length: PRODUCERS }, async (_, producer) => {
          const key = `key ${producer}`
          const count = counts.get(key) ?? 0
          counts.set(key, count + 1)
          const batch = encodeBatch([{ key: Buffer.from(key), data: Buffer.from(String(count)) }])
          await rejection(engine.log.write({ appends: [{ stream: 'a', incarnation, batch }] }))
        }),
      )
    }
    const places = new Map<string, number>()
    let shardsBefore = 0
    for (const shards of [8, 12, 4_096]) {
      for (let round = 0; round < 3; round++) await produce()
      const alter = async () =>
        engine.streams.alter(await incarnationOf(engine, 'a'), streamRecord('a', { shards }))
      if (cut !== undefined) world.disk.cutPowerAt(world.disk.calls + cut)
      await Promise.all([rejection(alter()), produce()])
      if (cut !== undefined) {
        world.restart({ survivors: 'random', names: 'random' })
        engine = await world.open()
        // All of it or nothing.
        const { shards: seen = 0 } = engine.streams.describe(['a'])[0] ?? {}
        expect([shardsBefore || 8, shards]).toContain(seen)
        if (seen < shards) await alter()
      }
      shardsBefore = shards
      await produce()
      await expectOrdered(engine, places)
    }
    await engine[Symbol.asyncDispose]()
  }
})

/** Per shard, each key's counts rise; where a key was last before, it is still, or in a shard that is new since. */
async function expectOrdered(engine: Engine, places: Map<string, number>): Promise<void> {
  const [stream] = engine.streams.describe(['a'])
  const last = new Map<string, { shard: number; count: number }>()
  for (const { shard, records } of stream?.shardStates ?? []) {
    if (records === 0) continue
    const counts = new Map<string, number>()
    for (const { key, data } of await readShard(engine, 'a', shard)) {
      const name = text(key ?? Buffer.alloc(0))
      const count = Number(text(data))
      expect(count).toBeGreaterThan(counts.get(name) ?? -1)
      counts.set(name, count)
      if (count >= (last.get(name)?.count ?? 0)) last.set(name, { shard, count })
    }
  }
  for (const [key, { shard }] of last) {
    const before = places.get(key) ?? shard
    expect(shard).toBeGreaterThanOrEqual(before)
    places.set(key, shard)
  }
}

test('whatever the clock does, arrival never goes back, times are found, and nothing young is lost', async () => {
  const world = new World(new SeededRandom(3))
  let engine = await world.open()
  const retention = { ageMs: 3_600_000, bytes: undefined }
  const { incarnation } = await engine.streams.create(streamRecord('a', { retention }))
  const at = { stream: 'a', incarnation, shard: 0 }
  const YEAR_US = 365 * 24 * 3_600_000_000
  const jumps = [0, -3_600_000_000, YEAR_US, -YEAR_US, 0]
  for (const [index, jump] of jumps.entries()) {
    world.clock.jumpWall(jump)
    await engine.log.write({ appends: [{ ...at, batch: batchOf(`record ${index}`) }] })
    await world.clock.advance(SWEEP_MS)
    if (index % 2 === 1) {
      world.restart({ survivors: 'none', names: 'none' })
      engine = await world.open()
    }
  }
  const records = await readShard(engine, 'a', 0)
  expect(records.map(({ data }) => text(data))).toEqual(jumps.map((_, index) => `record ${index}`))
  const arrivals = records.map(({ arrivalUs }) => arrivalUs)
  expect(arrivals).toEqual(arrivals.toSorted((left, right) => left - right))
  for (const arrivalUs of arrivals) {
    const found = await engine.log.resolve(at, { kind: 'time', arrivalUs })
    expect(found.sequence).toBe(arrivals.indexOf(arrivalUs) + 1)
  }
  await engine[Symbol.asyncDispose]()
})
