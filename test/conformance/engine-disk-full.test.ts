import { describe, expect, test } from 'vitest'
import { openDiskEngine } from '../../engine/log/disk-engine.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import { SimulatedDisk } from '../../engine/ports/simulated-disk.ts'
import { batchOf, readShard, rejection, streamRecord } from './engine-under-test.ts'

async function setUp(journalFileBytes = 1_000_000, durability: 'durable' | 'relaxed' = 'durable') {
  const disk = new SimulatedDisk(new SeededRandom(1))
  const clock = new SimulatedClock()
  const open = () =>
    openDiskEngine({
      directory: '/data',
      clock,
      random: new SeededRandom(2),
      disk,
      journalFileBytes,
    })
  const engine = await open()
  const { incarnation } = await engine.streams.create(streamRecord('a', { durability }))
  const at = { stream: 'a', incarnation, shard: 0 }
  const write = (text: string, of = engine) =>
    of.log.write({ appends: [{ ...at, batch: batchOf(text) }] })
  const texts = async (of = engine) =>
    (await readShard(of, 'a', 0)).map(({ sequence, data }) => `${sequence} ${String(data)}`)
  return { disk, clock, open, engine, at, write, texts }
}

describe('the disk engine on a full disk', () => {
  test('refuses what there is no room for, changes nothing, and goes on once there is room', async () => {
    const { disk, open, engine, at, write, texts } = await setUp()
    await write('one')
    await engine.log.write({
      appends: [],
      offsets: [{ group: 'g', generation: 0, ...at, next: 2 }],
    })
    disk.full = true
    const refused = [
      write('two'),
      engine.log.write({
        appends: [{ ...at, batch: batchOf('keyed') }],
        offsets: [{ group: 'g', generation: 0, ...at, next: 1 }],
        idempotencyKey: 'k',
      }),
      engine.streams.create(streamRecord('b')),
      engine.streams.alter(at.incarnation, streamRecord('a', { shards: 2 })),
      engine.groups.reset('g', []),
      engine.streams.delete('a', at.incarnation),
    ]
    expect(new Set(await Promise.all(refused.map(rejection)))).toEqual(new Set(['DiskFull']))
    await expect(write('two')).rejects.toMatchObject({
      message: expect.stringContaining('ENOSPC'),
      hint: expect.stringContaining('room'),
      class: { retry: 'backoff', status: 507 },
    })
    expect(engine.condition()).toBeUndefined()
    expect(await texts()).toEqual(['1 one'])
    expect(engine.groups.offsets('g')).toEqual([{ ...at, next: 2 }])
    expect(engine.streams.describe().map(({ name, shards }) => [name, shards])).toEqual([['a', 1]])
    disk.full = false
    await write('two')
    const keyed = { appends: [{ ...at, batch: batchOf('other') }], idempotencyKey: 'k' }
    await engine.log.write(keyed)
    const { incarnation } = await engine.streams.create(streamRecord('b'))
    expect(incarnation).toBe(at.incarnation + 1)
    expect(await texts()).toEqual(['1 one', '2 two', '3 other'])
    disk.crash()
    const again = await open()
    expect(again.condition()).toBeUndefined()
    expect(await texts(again)).toEqual(['1 one', '2 two', '3 other'])
    await again[Symbol.asyncDispose]()
  })

  test('still judges what it refuses', async () => {
    const { disk, engine, at } = await setUp()
    disk.full = true
    const wrong = engine.log.write({ appends: [{ ...at, shard: 9, batch: batchOf('x') }] })
    expect(await rejection(wrong)).toBe('ShardOutOfRange')
    await engine[Symbol.asyncDispose]()
  })

  test('keeps the file that is full while there is no room for another', async () => {
    // Snapshot, opening and creation fill the file: the next write starts another.
    const { disk, open, write, texts } = await setUp(2 * 4096)
    const second = '/data/journal/00000002.journal'
    const before = [...disk.paths]
    disk.full = true
    for (let time = 0; time < 3; time++) expect(await rejection(write('x'))).toBe('DiskFull')
    expect(disk.paths).toEqual(before)
    disk.full = false
    await write('one')
    expect(disk.paths).toContain(second)
    await write('two')
    disk.crash()
    const again = await open()
    expect(await texts(again)).toEqual(['1 one', '2 two'])
    await again[Symbol.asyncDispose]()
  })

  test('removes a file whose first frame found no room, in part or at all', async () => {
    for (const faults of [['ENOSPC'], ['short', 'ENOSPC']] as const) {
      const { disk, open, write, texts } = await setUp(2 * 4096)
      const before = [...disk.paths]
      // Sync of the full file and creation of the next come first.
      for (const [index, fault] of faults.entries()) disk.failCall(disk.calls + 2 + index, fault)
      expect(await rejection(write('x'))).toBe('DiskFull')
      expect(disk.paths).toEqual(before)
      await write('one')
      disk.crash()
      const again = await open()
      expect(await texts(again)).toEqual(['1 one'])
      await again[Symbol.asyncDispose]()
    }
  })

  test('keeps relaxed records that were acknowledged before it was full', async () => {
    const { disk, open, engine, write, texts } = await setUp(1_000_000, 'relaxed')
    await write('one')
    await write('two')
    disk.full = true
    expect(await rejection(write('three'))).toBe('DiskFull')
    expect(await texts()).toEqual(['1 one', '2 two'])
    disk.full = false
    await write('four')
    await engine.log.write({ appends: [] })
    expect(await texts()).toEqual(['1 one', '2 two', '3 four'])
    disk.full = true
    await engine[Symbol.asyncDispose]()
    disk.full = false
    const again = await open()
    expect(await texts(again)).toEqual(['1 one', '2 two', '3 four'])
    await again[Symbol.asyncDispose]()
  })

  test('cannot be opened, says why, and can be once there is room', async () => {
    const { disk, open, engine, write, texts } = await setUp()
    await write('one')
    await engine[Symbol.asyncDispose]()
    disk.full = true
    expect(await rejection(open())).toBe('DiskFull')
    disk.full = false
    const again = await open()
    expect(await texts(again)).toEqual(['1 one'])
    await again[Symbol.asyncDispose]()
  })
})
