import { describe, expect, test } from 'vitest'
import type { Engine } from '../../engine/engine.ts'
import { openDiskEngine } from '../../engine/log/disk-engine.ts'
import { SMALL_SIZES } from '../../engine/log/testing.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import { SimulatedDisk } from '../../engine/ports/simulated-disk.ts'
import { batchOf, readShard, rejection, streamRecord } from './engine-under-test.ts'

const TEXT = 'x'.repeat(3_000)
const RETENTION_SWEEP_MS = 10_000

/** Nothing is kept in reserve: the disk itself says when it is full. */
async function setUp(durability: 'durable' | 'relaxed' = 'durable', ageMs?: number) {
  const disk = new SimulatedDisk(new SeededRandom(1))
  const clock = new SimulatedClock()
  const open = () =>
    openDiskEngine({
      directory: '/data',
      clock,
      random: new SeededRandom(2),
      disk,
      sizes: { ...SMALL_SIZES, reserveBytes: 0 },
    })
  const engine = await open()
  const retention = { ageMs, bytes: undefined }
  const { incarnation } = await engine.streams.create(streamRecord('a', { durability, retention }))
  const at = { stream: 'a', incarnation, shard: 0 }
  const write = (text: string, of = engine) =>
    of.log.write({ appends: [{ ...at, batch: batchOf(text) }] })
  const texts = async (of: Engine = engine) =>
    (await readShard(of, 'a', 0)).map(({ sequence, data }) => `${sequence} ${String(data)}`)
  /** Writes until there is no room; gives how many were acknowledged. */
  const fill = async (): Promise<number> => {
    let count = 0
    for (; count < 500; count++) {
      const refused = await rejection(write(TEXT))
      if (refused === 'DiskFull') return count
      expect(refused).toBe('no error')
    }
    throw new Error('the disk never got full')
  }
  return { disk, clock, open, engine, at, write, texts, fill }
}

describe('the disk engine on a full disk', () => {
  test('takes what the journal holds, then refuses appends, changes nothing, and goes on by itself', async () => {
    const { disk, clock, open, engine, at, write, texts, fill } = await setUp()
    await write('one')
    const before = await texts()
    disk.full = true
    const count = await fill()
    expect(count).toBeGreaterThan(3)
    const kept = [...before, ...Array.from({ length: count }, (_, index) => `${index + 2} ${TEXT}`)]
    expect(await texts()).toEqual(kept)
    await expect(write(TEXT)).rejects.toMatchObject({
      message: expect.stringContaining('ENOSPC'),
      hint: expect.stringContaining('room'),
      class: { retry: 'backoff', status: 507 },
    })
    expect(engine.condition()).toBeUndefined()
    disk.full = false
    await clock.advance(RETENTION_SWEEP_MS)
    await write('last')
    expect(await texts()).toEqual([...kept, `${count + 2} last`])
    disk.crash({ survivors: 'none', names: 'none' })
    const again = await open()
    expect(again.condition()).toBeUndefined()
    expect(await texts(again)).toEqual([...kept, `${count + 2} last`])
    expect(again.streams.describe([at.stream])).toHaveLength(1)
    await again[Symbol.asyncDispose]()
  })

  test('lets reads, offsets, trims, deletes and retention go on while appends are refused', async () => {
    const { disk, clock, engine, at, write, texts, fill } = await setUp()
    const other = await engine.streams.create(streamRecord('other'))
    await write('one')
    disk.full = true
    await fill()
    const { next } = engine.streams.describe(['a'])[0]?.shardStates[0] ?? { next: 0 }
    const offset = (sequence: number) => ({ group: 'g', generation: 0, ...at, next: sequence })
    for (let sequence = 1; sequence <= 5; sequence++) {
      await engine.log.write({ appends: [], offsets: [offset(sequence)] })
    }
    expect(engine.groups.offsets('g')).toEqual([{ ...at, next: 5 }])
    expect((await texts()).length).toBe(next - 1)
    await engine.log.write({ appends: [], trims: [{ ...at, first: next }] })
    expect(await texts()).toEqual([])
    await engine.groups.reset('g', [])
    await engine.streams.delete('other', other.incarnation)
    expect(engine.condition()).toBeUndefined()
    // What was dropped needs no room any more, so that there is some for what comes.
    await clock.advance(RETENTION_SWEEP_MS)
    await write('again')
    await engine[Symbol.asyncDispose]()
  })

  test('still judges what it refuses', async () => {
    const { disk, engine, at, fill } = await setUp()
    disk.full = true
    await fill()
    const wrong = engine.log.write({ appends: [{ ...at, shard: 9, batch: batchOf('x') }] })
    expect(await rejection(wrong)).toBe('ShardOutOfRange')
    await engine[Symbol.asyncDispose]()
  })

  test('remembers no key of what it refused', async () => {
    const { disk, clock, engine, at, fill } = await setUp()
    disk.full = true
    await fill()
    const set = (text: string) => ({
      appends: [{ ...at, batch: batchOf(text) }],
      idempotencyKey: 'k',
    })
    expect(await rejection(engine.log.write(set(TEXT)))).toBe('DiskFull')
    disk.full = false
    await clock.advance(RETENTION_SWEEP_MS)
    await engine.log.write(set('other'))
    await engine[Symbol.asyncDispose]()
  })

  test('keeps relaxed records that were acknowledged before it was full', async () => {
    const { disk, open, engine, write, texts, fill } = await setUp('relaxed')
    await write('one')
    disk.full = true
    const count = await fill()
    await engine.log.write({ appends: [] })
    expect((await texts()).length).toBe(count + 1)
    await engine[Symbol.asyncDispose]()
    disk.full = false
    const again = await open()
    expect((await texts(again)).length).toBe(count + 1)
    await again[Symbol.asyncDispose]()
  })

  test('can be closed while it is full, and opened once there is room, with nothing lost', async () => {
    const { disk, open, engine, write, texts, fill } = await setUp()
    await write('one')
    disk.full = true
    await fill()
    const kept = await texts()
    await engine[Symbol.asyncDispose]()
    expect(disk.openPaths).toEqual([])
    // Only the journal holds it, and would be written over.
    for (let time = 0; time < 3; time++) expect(await rejection(open())).toBe('DiskFull')
    expect(disk.openPaths).toEqual([])
    disk.full = false
    const again = await open()
    expect(await texts(again)).toEqual(kept)
    expect(again.condition()).toBeUndefined()
    await again[Symbol.asyncDispose]()
  })

  test('cannot be made new there, says why, and can be once there is room', async () => {
    const disk = new SimulatedDisk(new SeededRandom(1))
    const clock = new SimulatedClock()
    const random = new SeededRandom(2)
    const open = () =>
      openDiskEngine({ directory: '/data', clock, random, disk, sizes: SMALL_SIZES })
    disk.full = true
    await expect(open()).rejects.toMatchObject({ message: expect.stringContaining('ENOSPC') })
    disk.full = false
    await (await open())[Symbol.asyncDispose]()
  })
})

test('whatever the room ends in, what was acknowledged is kept and the engine goes on once there is some', async () => {
  // The end comes a few hundred bytes later each time: within a journal file, a segment, a checkpoint.
  for (let room = 0; room < 120_000; room += 3_700) {
    const { disk, clock, open, engine, write, texts } = await setUp()
    const usedBytes = disk.paths.reduce((sum, path) => sum + (disk.bytesOf(path) ?? []).length, 0)
    disk.capacityBytes = usedBytes + room
    let kept = 0
    for (let count = 0; count < 60; count++) {
      const refused = await rejection(write(`${count} ${TEXT}`))
      expect(['no error', 'DiskFull']).toContain(refused)
      if (refused === 'no error') kept++
      if (count % 20 === 0) await clock.advance(RETENTION_SWEEP_MS)
    }
    expect(engine.condition()).toBeUndefined()
    expect((await texts()).length).toBe(kept)
    disk.capacityBytes = 2 ** 40
    await clock.advance(RETENTION_SWEEP_MS)
    await write('last')
    disk.crash({ survivors: 'none', names: 'none' })
    const again = await open()
    expect(again.condition()).toBeUndefined()
    expect((await texts(again)).length).toBe(kept + 1)
    await again[Symbol.asyncDispose]()
  }
})
