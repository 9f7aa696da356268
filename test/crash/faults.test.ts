/** Faults of the disk while it stays powered: calls that fail, come back short, or find no descriptor. */
import { describe, expect, test } from 'vitest'
import { openDiskEngine } from '../../engine/log/disk-engine.ts'
import { SMALL_SIZES } from '../../engine/log/testing.ts'
import type { Disk } from '../../engine/ports/disk.ts'
import { diskFailure, type Intercept } from '../../engine/ports/disk-calls.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import { SimulatedDisk } from '../../engine/ports/simulated-disk.ts'
import { batchOf, readShard, rejection, streamRecord } from '../conformance/engine-under-test.ts'

const CHECKPOINT_MS = 10_000

async function setUp(options: { intercept?: Intercept; wrap?: (disk: Disk) => Disk } = {}) {
  const { intercept, wrap = (disk: Disk) => disk } = options
  const disk = new SimulatedDisk(new SeededRandom(1), { intercept, lostDirectories: true })
  const clock = new SimulatedClock()
  const open = () =>
    openDiskEngine({
      directory: '/data',
      clock,
      random: new SeededRandom(2),
      disk: wrap(disk),
      sizes: SMALL_SIZES,
    })
  const engine = await open()
  const { incarnation } = await engine.streams.create(streamRecord('a'))
  const write = (text: string, of = engine) =>
    of.log.write({ appends: [{ stream: 'a', incarnation, shard: 0, batch: batchOf(text) }] })
  const texts = async (of = engine) => (await readShard(of, 'a', 0)).map(({ data }) => String(data))
  return { disk, clock, open, engine, incarnation, write, texts }
}

describe('a sync of the journal that fails once and then succeeds', () => {
  test('is not believed: its writers are not told, nothing is asked of the file again', async () => {
    let failures = 1
    let isArmed = false
    const { disk, open, engine, write, texts } = await setUp({
      intercept: (op, path) =>
        isArmed && op === 'sync' && path.endsWith('.journal') && failures-- > 0 ? 'EIO' : undefined,
    })
    await write('kept')
    isArmed = true
    expect(await rejection(write('unknown'))).toBe('LogReadOnly')
    const { calls } = disk
    for (let time = 0; time < 5; time++) expect(await rejection(write('no'))).toBe('LogReadOnly')
    expect(disk.calls).toBe(calls)
    expect(await texts()).toEqual(['kept'])
    await engine[Symbol.asyncDispose]()
    disk.crash({ survivors: 'none', names: 'none' })
    const again = await open()
    expect(again.condition()).toBeUndefined()
    expect((await texts(again)).slice(0, 1)).toEqual(['kept'])
    await again[Symbol.asyncDispose]()
  })
})

test('short writes at every chance leave the very bytes that whole ones leave', async () => {
  const run = async (isShort: boolean): Promise<Map<string, string>> => {
    const random = new SeededRandom(5)
    const { disk, clock, engine, write } = await setUp({
      intercept: (op) => (isShort && op === 'write' && random.next() < 0.5 ? 'short' : undefined),
    })
    for (let count = 0; count < 40; count++) await write(`${count} ${'x'.repeat(count * 50)}`)
    await clock.advance(CHECKPOINT_MS)
    await engine[Symbol.asyncDispose]()
    return new Map(
      disk.paths.map((path) => [path, Buffer.from(disk.bytesOf(path) ?? []).toString('hex')]),
    )
  }
  expect(await run(true)).toEqual(await run(false))
})

describe('when descriptors run out', () => {
  test('a thousand shards are written and read, and none stays open for good', async () => {
    const limit = 64
    let isLimited = false
    const holder: { disk?: SimulatedDisk } = {}
    const wrap = (disk: Disk): Disk => ({
      directories: disk.directories,
      files: {
        rename: (from, to) => disk.files.rename(from, to),
        remove: (path) => disk.files.remove(path),
        open: async (path, mode) => {
          const open = holder.disk?.openHandles ?? 0
          if (isLimited && open >= limit) throw diskFailure('EMFILE', path)
          return disk.files.open(path, mode)
        },
      },
    })
    const { disk, clock, engine } = await setUp({ wrap })
    holder.disk = disk
    const shards = 1_000
    const { incarnation } = await engine.streams.create(streamRecord('wide', { shards }))
    isLimited = true
    const append = (shard: number) => ({
      stream: 'wide',
      incarnation,
      shard,
      batch: batchOf(`shard ${shard}`),
    })
    for (let round = 0; round < 2; round++) {
      const all = Array.from({ length: shards }, (_, shard) => append(shard))
      await engine.log.write({ appends: all })
      await clock.advance(CHECKPOINT_MS)
    }
    expect(engine.condition()).toBeUndefined()
    for (let shard = 0; shard < shards; shard += 37) {
      expect((await readShard(engine, 'wide', shard)).length).toBe(2)
    }
    expect(disk.openHandles).toBeLessThanOrEqual(limit)
    await engine[Symbol.asyncDispose]()
    expect(disk.openPaths).toEqual([])
  })

  test('no descriptor is lost in many openings, failed ones included', async () => {
    const { disk, open, engine, write } = await setUp()
    await write('one')
    await engine[Symbol.asyncDispose]()
    for (let time = 0; time < 200; time++) {
      if (time % 2 === 0) disk.failCall(disk.calls + time, 'EIO')
      const again = await open().catch(() => undefined)
      await Promise.resolve(again?.[Symbol.asyncDispose]()).catch(() => undefined)
      expect(disk.openPaths).toEqual([])
    }
  })
})

test('a checkpoint that fails rejects the writes that wait for it to free the journal', async () => {
  let isBroken = false
  const { engine, write } = await setUp({
    intercept: (op, path) =>
      isBroken && op === 'write' && path.includes('/checkpoint/') ? 'EIO' : undefined,
  })
  await write('kept')
  isBroken = true
  const outcomes = new Set<string>()
  for (let count = 0; count < 100; count++) outcomes.add(await rejection(write('x'.repeat(3_000))))
  expect([...outcomes]).toEqual(['no error', 'LogReadOnly'])
  expect(engine.condition()).toContain('checkpoint')
  await engine[Symbol.asyncDispose]()
})

test('relaxed writes that fill the journal wait for no sync that waits for them', async () => {
  const { engine } = await setUp()
  const { incarnation } = await engine.streams.create(
    streamRecord('fast', { durability: 'relaxed' }),
  )
  for (let count = 0; count < 100; count++) {
    const batch = batchOf('x'.repeat(3_000))
    await engine.log.write({ appends: [{ stream: 'fast', incarnation, shard: 0, batch }] })
  }
  expect((await readShard(engine, 'fast', 0)).length).toBeGreaterThan(0)
  await engine[Symbol.asyncDispose]()
})

test('what a killed process only half dropped is there again when the power goes next', async () => {
  const { disk, clock, open, engine, incarnation, write, texts } = await setUp()
  await write('one')
  await write('two')
  await clock.advance(CHECKPOINT_MS)
  // The trim is written and never synced: the next opening sees it, and may be cut off too.
  disk.failCall(disk.calls + 1, 'EIO')
  const trims = [{ stream: 'a', incarnation, shard: 0, first: 3 }]
  expect(await rejection(engine.log.write({ appends: [], trims }))).toBe('LogReadOnly')
  disk.kill()
  for (let call = 0; call < 60; call++) {
    const cut = disk.clone(new SeededRandom(1), { lostDirectories: true })
    cut.cutPowerAt(cut.calls + call)
    await openOn(cut).catch(() => undefined)
    const after = cut.clone(new SeededRandom(1), { lostDirectories: true })
    after.crash({ survivors: 'none', names: 'all' })
    const again = await openOn(after)
    expect(again.condition()).toBeUndefined()
    expect([[], ['one', 'two']]).toContainEqual(await texts(again))
    await again[Symbol.asyncDispose]()
  }
  await (await open())[Symbol.asyncDispose]()
})

function openOn(disk: SimulatedDisk) {
  return openDiskEngine({
    directory: '/data',
    clock: new SimulatedClock(),
    random: new SeededRandom(2),
    disk,
    sizes: SMALL_SIZES,
  })
}

describe('a disk that is mounted read-only while it is in use', () => {
  test('gives a condition, and reads go on', async () => {
    let isReadOnly = false
    const refuse = (path: string): void => {
      if (isReadOnly) throw diskFailure('EROFS', path)
    }
    const wrap = (disk: Disk): Disk => ({
      directories: {
        ...disk.directories,
        make: async (path) => {
          refuse(path)
          await disk.directories.make(path)
        },
      },
      files: {
        rename: async (from, to) => {
          refuse(from)
          await disk.files.rename(from, to)
        },
        remove: async (path) => {
          refuse(path)
          await disk.files.remove(path)
        },
        open: async (path, mode) => {
          if (mode !== 'read') refuse(path)
          const file = await disk.files.open(path, mode)
          return {
            read: (into, position) => file.read(into, position),
            write: async (bytes, position) => {
              refuse(path)
              return file.write(bytes, position)
            },
            sync: () => file.sync(),
            size: () => file.size(),
            close: () => file.close(),
          }
        },
      },
    })
    const { clock, engine, write, texts } = await setUp({ wrap })
    await write('one')
    await clock.advance(CHECKPOINT_MS)
    await write('two')
    isReadOnly = true
    expect(await rejection(write('three'))).toBe('LogReadOnly')
    expect(engine.condition()).toContain('EROFS')
    expect(await texts()).toEqual(['one', 'two'])
    await engine[Symbol.asyncDispose]()
  })
})

describe('a data directory that is taken away while it is in use', () => {
  test('ends the engine by its next checkpoint, which says so', async () => {
    const { disk, clock, engine, write } = await setUp()
    await write('one')
    await disk.files.rename('/data', '/elsewhere')
    await write('into nowhere')
    await clock.advance(CHECKPOINT_MS)
    expect(engine.condition()).toContain('removed or replaced')
    expect(await rejection(write('refused'))).toBe('LogReadOnly')
    await engine[Symbol.asyncDispose]()
  })

  test('is not taken for another one that lies in its place', async () => {
    const { disk, clock, engine, write } = await setUp()
    await disk.files.rename('/data', '/elsewhere')
    await disk.directories.make('/data')
    const put = async (name: string, text: string): Promise<void> => {
      const file = await disk.files.open(`/data/${name}`, 'create')
      await file.write(Buffer.from(text), 0)
      await file.close()
    }
    await put('format.json', '{"format":2,"id":"another"}')
    await put('superblock.0', 'what another wrote')
    await put('superblock.1', 'what another wrote')
    await write('into the former one')
    await clock.advance(CHECKPOINT_MS)
    expect(engine.condition()).toContain('removed or replaced')
    await engine[Symbol.asyncDispose]()
    for (const slot of [0, 1]) {
      expect(Buffer.from(disk.bytesOf(`/data/superblock.${slot}`) ?? []).toString()).toBe(
        'what another wrote',
      )
    }
  })
})

describe('an engine that nobody uses', () => {
  test('makes no call to the disk, however long', async () => {
    const { disk, clock, engine, write } = await setUp()
    await write('one')
    await clock.advance(60_000)
    const { calls } = disk
    await clock.advance(24 * 3_600_000)
    expect(disk.calls).toBe(calls)
    await engine[Symbol.asyncDispose]()
  })

  test('of 4,096 empty shards opens with a handful of calls', async () => {
    const { disk, open, engine } = await setUp()
    await engine.streams.create(streamRecord('wide', { shards: 4_096 }))
    await engine[Symbol.asyncDispose]()
    const { calls } = disk
    const again = await open()
    expect(again.streams.describe(['wide'])[0]?.shards).toBe(4_096)
    expect(disk.calls - calls).toBeLessThan(60)
    expect(disk.openHandles).toBeLessThan(10)
    await again[Symbol.asyncDispose]()
  })
})
