/** What every engine promises of compacted streams, whether and when it compacts them or not. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Engine } from '../../engine/engine.ts'
import { encodeBatch } from '../../engine/log/batch.ts'
import type { FoundRecord } from '../../engine/log/log.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import type { StreamRecord } from '../../engine/streams/streams.ts'
import {
  batchOf,
  type OpenEngine,
  rejection,
  streamRecord,
  useEngine,
} from './engine-under-test.ts'
import { foldByKey } from './fold-by-key.ts'

const compacted = (changes: Partial<StreamRecord> = {}): StreamRecord =>
  streamRecord('k', { compaction: 'key', ...changes })

const keyed = (...records: readonly (readonly [key: string, data: string])[]): Buffer =>
  encodeBatch(records.map(([key, data]) => ({ key: Buffer.from(key), data: Buffer.from(data) })))

export function describeCompactionContract(open: OpenEngine): void {
  describe('a compacted stream', () => {
    const under = useEngine(open)
    const create = async (changes: Partial<StreamRecord> = {}): Promise<number> =>
      (await under.engine.streams.create(compacted(changes))).incarnation
    const put = (incarnation: number, batch: Uint8Array, shard?: number) =>
      under.engine.log.write({
        appends: [{ stream: 'k', incarnation, batch, ...(shard === undefined ? {} : { shard }) }],
      })
    const latest = (incarnation: number, key: string): Promise<FoundRecord | undefined> =>
      under.engine.log.latest('k', incarnation, Buffer.from(key))
    const text = async (incarnation: number, key: string): Promise<string | undefined> => {
      const found = await latest(incarnation, key)
      return found === undefined ? undefined : Buffer.from(found.data).toString()
    }

    test('refuses a record without a key, and with it the whole set', async () => {
      const incarnation = await create()
      const mixed = encodeBatch([
        { key: Buffer.from('a'), data: Buffer.from('1') },
        { data: Buffer.from('2') },
      ])
      expect(await rejection(put(incarnation, mixed))).toBe('KeyMissing')
      expect(under.engine.streams.describe(['k'])[0]?.records).toBe(0)
      await put(incarnation, keyed(['', 'an empty key is a key']))
      expect(await text(incarnation, '')).toBe('an empty key is a key')
      await under.engine.streams.alter(incarnation, compacted({ compaction: 'none' }))
      await put(incarnation, batchOf('x'))
    })

    test('gives the latest record of a key, with all that came with it', async () => {
      const incarnation = await create({ shards: 3 })
      await put(incarnation, keyed(['a', '1'], ['b', '1']))
      expect(await text(incarnation, 'a')).toBe('1')
      const headers = [{ name: 'h', value: Buffer.from('v') }]
      const record = { key: Buffer.from('a'), headers, data: Buffer.from('2') }
      const { appends } = await put(incarnation, encodeBatch([record]))
      expect(await latest(incarnation, 'a')).toEqual({
        ...record,
        clientInfo: undefined,
        shard: appends[0]?.shards[0],
        sequence: appends[0]?.sequences[0],
        arrivalUs: under.clock.wallUs(),
      })
      expect(await text(incarnation, 'b')).toBe('1')
      expect(await text(incarnation, 'c')).toBeUndefined()
    })

    test('knows no key that an empty record removed, until it comes again', async () => {
      const incarnation = await create()
      await put(incarnation, keyed(['a', '1'], ['a', '']))
      expect(await text(incarnation, 'a')).toBeUndefined()
      await put(incarnation, keyed(['a', '2'], ['b', '1']))
      expect(await text(incarnation, 'a')).toBe('2')
      await put(incarnation, keyed(['a', '']))
      expect(await text(incarnation, 'a')).toBeUndefined()
    })

    test('finds a key where it was and where it is, when the stream grows', async () => {
      const incarnation = await create()
      const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`)
      await put(incarnation, keyed(...keys.map((key) => [key, 'old'] as const)))
      expect(await text(incarnation, 'key-7')).toBe('old')
      await under.engine.streams.alter(incarnation, compacted({ shards: 8 }))
      const some = keys.filter((_, index) => index % 2 === 0)
      await put(incarnation, keyed(...some.map((key) => [key, 'new'] as const)))
      await put(incarnation, keyed(['key-4', '']))
      for (const key of keys) {
        const isNew = some.includes(key) && key !== 'key-4'
        expect(await text(incarnation, key)).toBe(
          key === 'key-4' ? undefined : isNew ? 'new' : 'old',
        )
      }
    })

    test('takes of several shards what was committed last, though the clock was set back', async () => {
      const incarnation = await create({ shards: 3 })
      await put(incarnation, keyed(['a', 'first']), 2)
      under.clock.jumpWall(-3_600_000_000)
      await put(incarnation, keyed(['a', 'second']), 0)
      expect(await text(incarnation, 'a')).toBe('second')
      await put(incarnation, keyed(['a', '']), 1)
      expect(await text(incarnation, 'a')).toBeUndefined()
    })

    test('forgets with a trim, and with the stream', async () => {
      const incarnation = await create()
      await put(incarnation, keyed(['a', '1']))
      await put(incarnation, keyed(['b', '1']))
      expect(await text(incarnation, 'a')).toBe('1')
      const trim = { stream: 'k', incarnation, shard: 0, first: 2 }
      await under.engine.log.write({ appends: [], trims: [trim] })
      expect(await text(incarnation, 'a')).toBeUndefined()
      expect(await text(incarnation, 'b')).toBe('1')
      await under.engine.streams.delete('k', incarnation)
      expect(await rejection(latest(incarnation, 'b'))).toBe('StreamNotFound')
      const again = await create()
      expect(await text(again, 'b')).toBeUndefined()
      expect(await rejection(latest(incarnation, 'b'))).toBe('StreamNotFound')
    })

    test('is the only kind that is read by key', async () => {
      const asked = under.engine.log.latest('a', under.stream.incarnation, Buffer.from('x'))
      expect(await rejection(asked)).toBe('BadRequest')
      await under.write('no key')
      await under.engine.streams.alter(
        under.stream.incarnation,
        streamRecord('a', { shards: 3, compaction: 'key' }),
      )
      const found = under.engine.log.latest('a', under.stream.incarnation, Buffer.from('x'))
      expect(await found).toBeUndefined()
    })
  })

  describe('a read by key', () => {
    test('gives what reading all and keeping the latest of each key gives', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          const clock = new SimulatedClock()
          await using engine = await open(clock)
          const { incarnation } = await engine.streams.create(compacted({ shards: 2 }))
          for (const taken of steps) {
            await take(engine, clock, incarnation, taken)
            await expectFold(engine, incarnation)
          }
        }),
        { numRuns: 25 },
      )
    })
  })
}

const KEYS = ['', 'a', 'b', 'c', 'd']

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      shard: fc.option(fc.nat(1), { nil: undefined }),
      records: fc.array(fc.tuple(fc.constantFrom(...KEYS), fc.constantFrom('', 'x', 'y')), {
        maxLength: 4,
      }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('trim' as const),
      shard: fc.nat(1),
      first: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 20_000, 3_600_000, 90_000_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('grow' as const) }) },
)

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

async function take(
  engine: Engine,
  clock: SimulatedClock,
  incarnation: number,
  taken: Step,
): Promise<void> {
  const stream = 'k'
  if (taken.kind === 'write') {
    const { shard } = taken
    const append = { stream, incarnation, batch: keyed(...taken.records) }
    await engine.log.write({ appends: [{ ...append, ...(shard === undefined ? {} : { shard }) }] })
  } else if (taken.kind === 'trim') {
    const { shard, first } = taken
    await engine.log.write({ appends: [], trims: [{ stream, incarnation, shard, first }] })
  } else if (taken.kind === 'wait') {
    await clock.advance(taken.ms)
    await engine.log.write({ appends: [] })
  } else {
    const shards = (engine.streams.describe(['k'])[0]?.shards ?? 0) + 1
    await engine.streams.alter(incarnation, compacted({ shards }))
  }
}

async function expectFold(engine: Engine, incarnation: number): Promise<void> {
  const fold = await foldByKey(engine, 'k')
  for (const key of KEYS) {
    const found = await engine.log.latest('k', incarnation, Buffer.from(key))
    expect(found).toEqual(fold.get(Buffer.from(key).toString('base64')))
  }
}
