import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '../engine.ts'
import { encodeBatch } from '../log/batch.ts'
import { openMemoryEngine } from '../log/memory-engine.ts'
import { createStream } from '../pipelines/stream-testing.ts'
import { SeededRandom } from '../ports/seeded-random.ts'
import { SimulatedClock } from '../ports/simulated-clock.ts'
import { GroupLag, type ShardLag, totalLag } from './group-lag.ts'

const STREAM = 'default/s'
let clock: SimulatedClock
let engine: Engine
let incarnation: number
let reads: number
let lag: GroupLag

beforeEach(async () => {
  clock = new SimulatedClock()
  engine = openMemoryEngine({ clock, random: new SeededRandom(1) })
  incarnation = await createStream(engine, 's', 2)
  reads = 0
  const open: Engine['log']['open'] = (at) => {
    reads++
    return engine.log.open(at)
  }
  lag = new GroupLag({ log: { open }, streams: engine.streams, clock })
})
afterEach(() => engine[Symbol.asyncDispose]())

async function write(records: number, shard = 0): Promise<void> {
  const batch = encodeBatch(Array.from({ length: records }, () => ({ data: Buffer.alloc(100) })))
  await engine.log.write({ appends: [{ stream: STREAM, incarnation, shard, batch }] })
}

const commit = (next: number, shard = 0): Promise<unknown> =>
  engine.groups.reset('g', [{ stream: STREAM, incarnation, shard, next }])

async function measured(): Promise<readonly ShardLag[]> {
  const [group] = engine.groups.describe(['g'])
  return group === undefined ? [] : lag.measure(group)
}

const join = (member: string, pinned?: readonly number[]): Promise<unknown> =>
  engine.groups.join({
    group: 'g',
    member,
    stream: STREAM,
    incarnation,
    sessionMs: 10_000,
    ...(pinned === undefined ? {} : { pinned }),
  })

describe('the lag of a group', () => {
  test('is nothing where it has read everything, and nothing is read to tell it', async () => {
    await write(3)
    await commit(4)
    await clock.advance(5_000)
    const [first, second] = await measured()
    expect(first).toEqual({
      stream: STREAM,
      incarnation,
      shard: 0,
      offset: 4,
      end: 4,
      records: 0,
      bytes: 0,
      seconds: 0,
    })
    expect(second).toMatchObject({ shard: 1, offset: undefined, end: 1, records: 0, seconds: 0 })
    expect(reads).toBe(0)
  })

  test('is counted in records and bytes, and in the age of the first record not read', async () => {
    for (let n = 0; n < 4; n++) {
      await write(10)
      await clock.advance(1_000)
    }
    await commit(21)
    const bytes = engine.streams.describe([STREAM])[0]?.bytes ?? 0
    const [behind] = await measured()
    expect(behind).toMatchObject({ records: 20, bytes: bytes / 2, seconds: 2 })
    await commit(25)
    const [within] = await measured()
    expect(within).toMatchObject({ records: 16, bytes: Math.round(bytes * 0.4), seconds: 2 })
  })

  test('reads what does not move just once', async () => {
    await write(10)
    await write(10)
    await commit(11)
    await measured()
    expect(reads).toBe(1)
    await clock.advance(3_000)
    const [behind] = await measured()
    expect([reads, behind?.seconds]).toEqual([1, 3])
    await commit(12)
    await measured()
    expect(reads).toBe(2)
  })

  test('begins at the first record that is kept, whatever was committed', async () => {
    await write(10)
    await clock.advance(1_000)
    await write(10)
    await commit(1)
    await engine.log.write({
      appends: [],
      trims: [{ stream: STREAM, incarnation, shard: 0, first: 11 }],
    })
    const [behind] = await measured()
    expect(behind).toMatchObject({ offset: 1, records: 10, seconds: 0 })
    expect(reads).toBe(0)
  })

  test('is never less than nothing, though the wall is set back', async () => {
    await write(1)
    await commit(1)
    clock.jumpWall(-1e12)
    expect((await measured())[0]).toMatchObject({ records: 1, seconds: 0 })
  })

  test('takes in shards without an offset, but where all members pin others', async () => {
    await write(2, 1)
    await join('a', [0])
    expect((await measured()).map(({ shard }) => shard)).toEqual([0])
    await join('b')
    expect(totalLag(await measured())).toEqual({
      records: 2,
      bytes: expect.any(Number),
      seconds: 0,
    })
  })

  test('is that of the stream of now: offsets of a former one do not count', async () => {
    await write(2)
    await commit(1)
    await engine.streams.delete(STREAM, incarnation)
    await createStream(engine, 's', 2)
    expect(await measured()).toEqual([])
  })
})
