/** Compaction changes what is stored and nothing of what it means, whenever it comes and wherever it is cut short. */
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Engine } from '../../engine/engine.ts'
import { encodeBatch } from '../../engine/log/batch.ts'
import { COMPACTION_LOOK_MS, COMPACTION_RETRY_MS } from '../../engine/log/compaction/compactor.ts'
import { openDiskEngine } from '../../engine/log/disk-engine.ts'
import type { FoundRecord } from '../../engine/log/log.ts'
import type { LogRecord } from '../../engine/log/record.ts'
import { SMALL_SIZES } from '../../engine/log/testing.ts'
import { verifyDirectory } from '../../engine/log/verify/verify-directory.ts'
import { SeededRandom } from '../../engine/ports/seeded-random.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import { SimulatedDisk } from '../../engine/ports/simulated-disk.ts'
import type { StreamRecord } from '../../engine/streams/streams.ts'
import { readShard, rejection, streamRecord } from './engine-under-test.ts'
import { foldByKey } from './fold-by-key.ts'

const HOUR_MS = 3_600_000
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f']

const compacted = (changes: Partial<StreamRecord> = {}): StreamRecord =>
  streamRecord('k', { compaction: 'key', ...changes })

/** One engine on one disk, that can lose its power and be opened again. */
class Bench {
  readonly clock = new SimulatedClock()
  readonly disk: SimulatedDisk
  readonly #segmentBytes: number
  engine!: Engine
  incarnation = 0

  constructor(seed: number, segmentBytes: number) {
    this.disk = new SimulatedDisk(new SeededRandom(seed))
    this.#segmentBytes = segmentBytes
  }

  async open(): Promise<void> {
    this.engine = await openDiskEngine({
      directory: '/data',
      clock: this.clock,
      random: new SeededRandom(3),
      disk: this.disk,
      sizes: { ...SMALL_SIZES, segmentBytes: this.#segmentBytes },
    })
    this.incarnation = this.engine.streams.describe(['k'])[0]?.incarnation ?? 0
  }

  async create(changes: Partial<StreamRecord> = {}): Promise<void> {
    this.incarnation = (await this.engine.streams.create(compacted(changes))).incarnation
  }

  async put(records: readonly (readonly [string, string])[], shard?: number): Promise<void> {
    const batch = encodeBatch(
      records.map(([key, data]) => ({
        key: Buffer.from(key),
        headers: [{ name: 'h', value: Buffer.from(data) }],
        data: Buffer.from(data),
      })),
    )
    const append = { stream: 'k', incarnation: this.incarnation, batch }
    await this.engine.log.write({
      appends: [shard === undefined ? append : { ...append, shard }],
    })
  }

  /** Time passes, and all that begins by itself is through. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms)
    for (let calls = -1; calls !== this.disk.calls; ) {
      calls = this.disk.calls
      for (let turn = 0; turn < 20; turn++) await setImmediate()
    }
  }

  /** What is there goes to segments, the last of which is sealed, and is compacted. */
  async compact(): Promise<void> {
    await this.pass(COMPACTION_LOOK_MS)
    await this.pass(2 * HOUR_MS)
    await this.pass(COMPACTION_LOOK_MS)
  }

  async crash(): Promise<void> {
    // Without power the engine comes to rest; with it, what is left of it would go on writing.
    this.disk.cutPowerAt(this.disk.calls)
    await this.close()
    this.disk.crash()
    await this.open()
  }

  async close(): Promise<void> {
    try {
      await this.engine[Symbol.asyncDispose]()
    } catch {}
  }

  fold(): Promise<ReadonlyMap<string, FoundRecord>> {
    return foldByKey(this.engine, 'k')
  }

  records(shard = 0): Promise<LogRecord[]> {
    return readShard(this.engine, 'k', shard)
  }

  get described() {
    const [found] = this.engine.streams.describe(['k'])
    if (found === undefined) throw new Error('expected the stream, got none')
    return found
  }

  async expectLatest(fold: ReadonlyMap<string, FoundRecord>): Promise<void> {
    for (const key of KEYS) {
      const found = await this.engine.log.latest('k', this.incarnation, Buffer.from(key))
      expect(found).toEqual(fold.get(Buffer.from(key).toString('base64')))
    }
  }
}

async function opened(segmentBytes: number, changes: Partial<StreamRecord> = {}): Promise<Bench> {
  const bench = new Bench(1, segmentBytes)
  await bench.open()
  await bench.create(changes)
  return bench
}

const shown = (records: readonly LogRecord[]): string[] =>
  records.map(({ sequence, key, data }) => `${sequence} ${key} ${data}`)

describe('compaction', () => {
  test('leaves the latest record of each key, at its sequence and as it arrived', async () => {
    const bench = await opened(1)
    for (const data of ['1', '2', '3']) {
      await bench.put([
        ['a', data],
        ['b', data],
      ])
      await bench.clock.advance(1)
    }
    await bench.put([
      ['b', '4'],
      ['c', '4'],
    ])
    const before = await bench.fold()
    await bench.compact()
    expect(shown(await bench.records())).toEqual(['5 a 3', '7 b 4', '8 c 4'])
    expect(await bench.fold()).toEqual(before)
    expect(bench.described).toMatchObject({ records: 3, shardStates: [{ first: 1, next: 9 }] })
    await bench.close()
  })

  test('keeps a quiet shard small: its last segment is sealed by age', async () => {
    const bench = await opened(64 * 1024)
    for (let count = 0; count < 50; count++) await bench.put([['a', `${count}`]])
    await bench.pass(COMPACTION_LOOK_MS)
    expect(await bench.records()).toHaveLength(50)
    await bench.compact()
    expect(shown(await bench.records())).toEqual(['50 a 49'])
    const calls = bench.disk.calls
    await bench.pass(24 * HOUR_MS)
    expect(bench.disk.calls).toBe(calls)
    await bench.close()
  })

  test('makes one segment of neighbours that fit one', async () => {
    const bench = await opened(1)
    for (let count = 0; count < 10; count++) await bench.put([[`k${count}`, 'x']])
    await bench.close()
    const large = new Bench(1, 64 * 1024)
    Object.assign(large, { disk: bench.disk, clock: bench.clock })
    await large.open()
    const before = await large.fold()
    await large.compact()
    // The one that was appended to last is new, and small.
    expect(large.disk.paths.filter((path) => path.endsWith('.segment'))).toHaveLength(2)
    await large.pass(25 * HOUR_MS)
    expect(large.disk.paths.filter((path) => path.endsWith('.segment'))).toHaveLength(1)
    expect(await large.fold()).toEqual(before)
    await large.close()
  })

  test('keeps what removes a key for a day, then lets it go with what it removed', async () => {
    const bench = await opened(1)
    await bench.put([
      ['a', '1'],
      ['b', '1'],
    ])
    await bench.put([['a', '']])
    await bench.put([['c', '1']])
    await bench.compact()
    expect(shown(await bench.records())).toEqual(['2 b 1', '3 a ', '4 c 1'])
    await bench.pass(22 * HOUR_MS - 60_000 - 2 * COMPACTION_LOOK_MS)
    expect(shown(await bench.records())).toEqual(['2 b 1', '3 a ', '4 c 1'])
    await bench.pass(2 * HOUR_MS)
    expect(shown(await bench.records())).toEqual(['2 b 1', '4 c 1'])
    await bench.close()
  })

  test('brings no key back that was removed in the shard to which it moved', async () => {
    const bench = await opened(1)
    await bench.put(KEYS.map((key) => [key, 'old'] as const))
    await bench.engine.streams.alter(bench.incarnation, compacted({ shards: 8 }))
    await bench.put(KEYS.map((key) => [key, ''] as const))
    expect((await bench.fold()).size).toBe(0)
    for (let day = 0; day < 3; day++) {
      await bench.compact()
      await bench.pass(25 * HOUR_MS)
      expect((await bench.fold()).size).toBe(0)
      await bench.expectLatest(new Map())
      await bench.crash()
    }
    await bench.close()
  })

  test('keeps every old position good, also where nothing is left around it', async () => {
    const bench = await opened(1)
    for (const data of ['1', '2', '3', '4']) await bench.put([['a', data]])
    await bench.put([['b', '']])
    await bench.pass(30 * HOUR_MS)
    await bench.compact()
    for (let round = 0; round < 2; round++) {
      const { incarnation, engine } = bench
      for (let sequence = 1; sequence <= 6; sequence++) {
        const at = { stream: 'k', incarnation, shard: 0, sequence }
        await using reader = engine.log.open(at)
        const read = await reader.next(1, 0)
        expect(read?.next).toBe(sequence <= 4 ? 5 : undefined)
        const where = { kind: 'sequence', sequence } as const
        expect((await engine.log.resolve(at, where)).sequence).toBe(sequence <= 4 ? 4 : 6)
      }
      await bench.crash()
    }
    await bench.close()
  })

  test('keeps the last removal where nothing else is left, to go on from', async () => {
    const bench = await opened(1)
    await bench.put([['a', '1']])
    await bench.put([['a', '']])
    for (let day = 0; day < 2; day++) {
      await bench.pass(60 * HOUR_MS)
      expect(shown(await bench.records())).toEqual(['2 a '])
      await expectSound(bench)
      await bench.crash()
    }
    await bench.put([['b', '1']])
    await bench.pass(60 * HOUR_MS)
    expect(shown(await bench.records())).toEqual(['3 b 1'])
    await bench.close()
  })

  test('keeps records without a key, that came before the stream was compacted', async () => {
    const bench = await opened(1, { compaction: 'none' })
    const batch = encodeBatch([{ data: Buffer.from('x') }, { data: Buffer.from('') }])
    await bench.engine.log.write({
      appends: [{ stream: 'k', incarnation: bench.incarnation, batch }],
    })
    await bench.put([['a', '1']])
    await bench.engine.streams.alter(bench.incarnation, compacted())
    await bench.put([['a', '2']])
    await bench.pass(25 * HOUR_MS)
    expect(shown(await bench.records())).toEqual(['1 undefined x', '2 undefined ', '4 a 2'])
    await bench.close()
  })

  test('touches no sealed stream, and no other', async () => {
    for (const changes of [{ sealed: { sinceUs: 1, by: 'x' } }, { compaction: 'none' }] as const) {
      const bench = await opened(1)
      await bench.put([['a', '1']])
      await bench.put([['a', '2']])
      await bench.engine.streams.alter(bench.incarnation, compacted(changes))
      await bench.compact()
      expect(await bench.records()).toHaveLength(2)
      await bench.close()
    }
  })

  test('waits for room on a full disk, and takes nothing with it', async () => {
    const bench = await opened(1)
    for (const data of ['1', '2', '3', '4']) await bench.put([['a', data]])
    await bench.pass(COMPACTION_LOOK_MS - 1)
    bench.disk.full = true
    const segments = () => bench.disk.paths.filter((path) => path.endsWith('.segment')).length
    await bench.pass(3 * COMPACTION_LOOK_MS)
    expect(await bench.records()).toHaveLength(4)
    await bench.expectLatest(await bench.fold())
    bench.disk.full = false
    await bench.pass(COMPACTION_LOOK_MS)
    await bench.pass(COMPACTION_RETRY_MS + 3 * COMPACTION_LOOK_MS)
    expect(shown(await bench.records())).toEqual(['3 a 3', '4 a 4'])
    expect(segments()).toBe(2)
    expect(bench.engine.condition()).toBeUndefined()
    await bench.put([['a', '5']])
    await bench.close()
  })

  test('leaves what is damaged alone, and the rest of the stream readable', async () => {
    const bench = await opened(1)
    for (const data of ['1', '2', '3', '4']) await bench.put([['a', data]])
    await bench.close()
    const [path] = bench.disk.paths.filter((each) => each.includes('00000000000000000002.0.seg'))
    bench.disk.rot(path ?? '', 4096 + 70)
    await bench.open()
    await bench.compact()
    const sequences: number[] = []
    for (const sequence of [1, 3, 4]) {
      const at = { stream: 'k', incarnation: bench.incarnation, shard: 0, sequence }
      await using reader = bench.engine.log.open(at)
      const read = await reader.next(1, 0)
      sequences.push(read?.from ?? 0)
    }
    expect(sequences).toEqual([1, 3, 4])
    const asked = bench.engine.log.latest('k', bench.incarnation, Buffer.from('a'))
    expect(await rejection(asked)).toBe('LogCorrupt')
    expect(bench.disk.paths).toContain(path)
    await bench.close()
  })

  test('stops when the stream is deleted, and leaves no file behind', async () => {
    for (let turns = 0; turns < 12; turns++) {
      const bench = await opened(1)
      for (const data of ['1', '2', '3', '4', '5', '6']) await bench.put([['a', data]])
      await bench.pass(COMPACTION_LOOK_MS - 1)
      await bench.clock.advance(2)
      for (let turn = 0; turn < turns; turn++) await setImmediate()
      await bench.engine.streams.delete('k', bench.incarnation)
      await bench.pass(HOUR_MS)
      expect(bench.disk.paths.filter((path) => path.endsWith('.segment'))).toEqual([])
      expect(bench.engine.condition()).toBeUndefined()
      await bench.close()
    }
  })
})

const round = fc.record({
  writes: fc.array(
    fc.record({
      shard: fc.option(fc.nat(1), { nil: undefined }),
      records: fc.array(fc.tuple(fc.constantFrom(...KEYS), fc.constantFrom('', 'x', 'y', 'z')), {
        minLength: 1,
        maxLength: 6,
      }),
    }),
    { maxLength: 6 },
  ),
  waitMs: fc.constantFrom(0, COMPACTION_LOOK_MS, HOUR_MS, 25 * HOUR_MS),
  grow: fc.boolean(),
  /** The power goes at so many calls of the disk after time began to pass. */
  cut: fc.option(fc.nat(80), { nil: undefined }),
})

describe('the meaning of a compacted stream', () => {
  test.each([
    ['a batch a segment', 1],
    ['some batches a segment', 400],
    ['large segments', 16 * 1024],
  ])('is the same after any compaction and any loss of power: %s', async (_, segmentBytes) => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.array(round, { maxLength: 4 }), async (seed, rounds) => {
        const bench = new Bench(seed, segmentBytes)
        await bench.open()
        await bench.create({ shards: 2 })
        for (const { writes, waitMs, grow, cut } of rounds) {
          if (grow) {
            const shards = bench.described.shards + 1
            await bench.engine.streams.alter(bench.incarnation, compacted({ shards }))
          }
          for (const { shard, records } of writes) await bench.put(records, shard)
          const before = await bench.fold()
          if (cut !== undefined) bench.disk.cutPowerAt(bench.disk.calls + cut)
          await bench.pass(waitMs)
          await bench.pass(COMPACTION_LOOK_MS)
          if (cut !== undefined) await bench.crash()
          expect(bench.engine.condition()).toBeUndefined()
          expect(await bench.fold()).toEqual(before)
          await bench.expectLatest(before)
          await expectSound(bench)
        }
        // After a start it looks at all; by now every removal has had its time.
        await bench.pass(30 * HOUR_MS)
        await bench.crash()
        await bench.compact()
        const once = await all(bench)
        await bench.crash()
        expect(await all(bench)).toEqual(once)
        await bench.pass(COMPACTION_LOOK_MS)
        expect(await all(bench)).toEqual(once)
        await bench.close()
        expect(bench.disk.paths.filter((path) => path.includes('quarantine/'))).toEqual([])
        expect((await verifyDirectory(bench.disk, '/data')).findings).toEqual([])
      }),
      { numRuns: 20 },
    )
  })
})

async function all(bench: Bench): Promise<unknown> {
  const shards = bench.described.shardStates.map(({ shard }) => bench.records(shard))
  return Promise.all(shards)
}

/** Order, and figures that are what can be read. */
async function expectSound(bench: Bench): Promise<void> {
  for (const { shard, first, next, records } of bench.described.shardStates) {
    const read = await bench.records(shard)
    expect(read).toHaveLength(records)
    let sequence = first - 1
    let arrivalUs = 0
    for (const record of read) {
      expect(record.sequence).toBeGreaterThan(sequence)
      expect(record.arrivalUs).toBeGreaterThanOrEqual(arrivalUs)
      sequence = record.sequence
      arrivalUs = record.arrivalUs
    }
    expect(sequence).toBeLessThan(next)
  }
}
