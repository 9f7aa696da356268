import { afterEach, describe, expect, test } from 'vitest'
import type { Where } from '../../engine/log/log.ts'
import type { PipelineReset } from '../pipeline-runs.ts'
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

const EARLIEST: Where = { kind: 'earliest' }
const worlds: ResetWorld[] = []
afterEach(async () => {
  for (const { plane } of worlds.splice(0)) await plane[Symbol.asyncDispose]()
})

async function started(...given: Parameters<typeof startWorld>): Promise<ResetWorld> {
  const world = await startWorld(...given)
  worlds.push(world)
  return world
}

const reset = (
  { plane }: ResetWorld,
  to: Where,
  wish: { stream?: string; shards?: readonly number[]; dryRun?: boolean; name?: string } = {},
): Promise<PipelineReset> =>
  plane.runs.reset(
    { kind: 'Pipeline', namespace: 'default', name: wish.name ?? 'copy' },
    { to, stream: wish.stream, shards: wish.shards, dryRun: wish.dryRun ?? false },
  )

const totals = ({ moves }: PipelineReset) =>
  moves.flatMap(({ shards }) =>
    shards.map(({ shard, from, to, readAgain, skipped }) => ({
      shard,
      from,
      to,
      again: readAgain.records,
      skipped: skipped.records,
    })),
  )

describe('a reset of a pipeline', () => {
  test('that runs reads again exactly the records that it told', async () => {
    const world = await started([...streams(2), copying()])
    await append(world.engine, ['a', 'b', 'c'])
    await append(world.engine, ['d', 'e'], { shard: 1 })
    await until(world, () => countOf(world.engine) === 5)
    await quiet(world)
    const planned = await reset(world, EARLIEST, { dryRun: true })
    expect(totals(planned)).toEqual([
      { shard: 0, from: 4, to: 1, again: 3, skipped: 0 },
      { shard: 1, from: 3, to: 1, again: 2, skipped: 0 },
    ])
    await quiet(world)
    expect(countOf(world.engine)).toBe(5)
    const done = await reset(world, EARLIEST)
    expect(totals(done)).toEqual(totals(planned))
    expect(done.runs).toBe(true)
    await until(world, () => countOf(world.engine) === 10)
    await quiet(world)
    expect(countOf(world.engine)).toBe(10)
  })

  test('goes to a sequence or a time in the shards that are named, and says what is the oldest', async () => {
    const world = await started([...streams(2), copying()])
    await append(world.engine, ['a', 'b'])
    await append(world.engine, ['x'], { shard: 1 })
    await world.clock.advance(60_000)
    const arrivedUs = world.clock.wallUs()
    await append(world.engine, ['c', 'd'])
    await until(world, () => countOf(world.engine) === 5)
    await quiet(world)
    const time: Where = { kind: 'time', arrivalUs: arrivedUs - 1_000_000 }
    const done = await reset(world, time)
    expect(totals(done)).toEqual([
      { shard: 0, from: 5, to: 3, again: 2, skipped: 0 },
      { shard: 1, from: 2, to: 2, again: 0, skipped: 0 },
    ])
    expect(done.moves[0]?.shards[0]?.readAgain.oldestUs).toBe(arrivedUs)
    await until(world, () => countOf(world.engine) === 7)
    await reset(world, { kind: 'sequence', sequence: 4 }, { shards: [0] })
    await until(world, () => countOf(world.engine) === 8)
    await quiet(world)
    expect(countOf(world.engine)).toBe(8)
  })

  test('that skips tells how many records are never read, and reads what comes after', async () => {
    const world = await started([...streams(), copying({ paused: true })])
    await append(world.engine, ['a', 'b', 'c'])
    const done = await reset(world, { kind: 'latest' })
    expect(totals(done)).toEqual([{ shard: 0, from: 1, to: 4, again: 0, skipped: 3 }])
    expect(done.runs).toBe(false)
    world.source.say(setOf([...streams(), copying()]))
    await quiet(world)
    await append(world.engine, ['d'])
    await until(world, () => countOf(world.engine) === 1)
    await quiet(world)
    expect(countOf(world.engine)).toBe(1)
  })

  test('goes to the earliest where retention has deleted what is wanted, and says so', async () => {
    const world = await started([...streams(), copying()])
    await append(world.engine, ['a', 'b'])
    await append(world.engine, ['c'])
    await until(world, () => countOf(world.engine) === 3)
    await quiet(world)
    const [stream] = world.engine.streams.describe(['default/orders'])
    const trim = { stream: 'default/orders', incarnation: stream?.incarnation ?? 0, shard: 0 }
    await world.engine.log.write({ appends: [], trims: [{ ...trim, first: 3 }] })
    const done = await reset(world, { kind: 'sequence', sequence: 1 })
    expect(done.moves[0]?.shards[0]).toMatchObject({ from: 4, to: 3, gone: 1 })
    await until(world, () => countOf(world.engine) === 4)
  })

  test('is refused beyond the end, with the range, and nothing stops', async () => {
    const world = await started([...streams(), copying()])
    await append(world.engine, ['a', 'b'])
    await until(world, () => countOf(world.engine) === 2)
    await expect(reset(world, { kind: 'sequence', sequence: 9 })).rejects.toMatchObject({
      code: 'PositionInvalid',
      message: 'expected a sequence from 1 to 3 in shard 0 of default/orders, got 9',
    })
    await expect(reset(world, EARLIEST, { shards: [4] })).rejects.toMatchObject({
      code: 'ShardOutOfRange',
    })
    await expect(reset(world, EARLIEST, { stream: 'order' })).rejects.toMatchObject({
      code: 'NotFound',
      hint: 'Did you mean orders?',
    })
    await expect(reset(world, EARLIEST, { name: 'cpy' })).rejects.toMatchObject({
      code: 'NotFound',
      hint: 'Did you mean copy?',
    })
  })

  test('of one that reads no stream says what to do instead', async () => {
    const spec = { input: { generate: { mapping: 'root = 1', count: 1 } } }
    const member = withReading(copying(spec), [], 'copied')
    const world = await started([...streams(), member])
    await expect(reset(world, EARLIEST)).rejects.toMatchObject({
      code: 'BadRequest',
      message: 'Pipeline default/copy reads no stream of Headgate.',
      hint: expect.stringContaining('kafka-consumer-groups.sh --reset-offsets'),
    })
  })

  test('of several streams wants one of them named for a shard or a sequence', async () => {
    const inputs = ['orders', 'copied'].map((name) => ({ stream: { name } }))
    const spec = { input: { broker: { inputs } }, output: { drop: {} } }
    const world = await started([...streams(), copying(spec)])
    await append(world.engine, ['a'])
    await quiet(world)
    await expect(reset(world, { kind: 'sequence', sequence: 1 })).rejects.toMatchObject({
      message:
        'Pipeline default/copy reads orders and copied: expected one of them beside a sequence',
    })
    const done = await reset(world, EARLIEST)
    expect(done.moves.map(({ stream }) => stream)).toEqual(['orders', 'copied'])
    const one = await reset(world, { kind: 'sequence', sequence: 2 }, { stream: 'orders' })
    expect(one.moves.map(({ stream }) => stream)).toEqual(['orders'])
  })

  test('of a sink moves its group', async () => {
    const spec = {
      from: { stream: 'orders', start: 'earliest' },
      endpoint: { type: 'standard', url: 'http://127.0.0.1:1/' },
      active: false,
    }
    const sink = withReading(declare('Sink', 'out', spec), ['from', 'stream'])
    const world = await started([...streams(), sink])
    await append(world.engine, ['a', 'b'])
    const identity = { kind: 'Sink', namespace: 'default', name: 'out' } as const
    const wish = { stream: undefined, shards: undefined, dryRun: false }
    const { moves } = await world.plane.runs.reset(identity, { ...wish, to: { kind: 'latest' } })
    expect(moves[0]).toMatchObject({ stream: 'orders', group: 'sink.out' })
    expect(world.engine.groups.offsets('sink.out').map(({ next }) => next)).toEqual([3])
  })

  test('while batches are under way loses none and gives none of them twice but what was told', async () => {
    const world = await started([...streams(), copying()])
    for (let batch = 0; batch < 20; batch += 1)
      await append(
        world.engine,
        Array.from({ length: 50 }, (_, index) => `${batch}/${index}`),
      )
    // Nobody waits for it to be through.
    const { moves } = await reset(world, EARLIEST)
    const again = moves[0]?.shards[0]?.readAgain.records ?? -1
    await until(world, () => countOf(world.engine) >= 1000 + again)
    await quiet(world)
    expect(countOf(world.engine)).toBe(1000 + again)
  })
})
