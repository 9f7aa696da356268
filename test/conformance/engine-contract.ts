/** What every engine promises, as tests: each sentence of the ports' comments that a caller can see. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '../../engine/engine.ts'
import type { ErrorCode } from '../../engine/error-codes.ts'
import { BATCH_HEADER_BYTES, decodeRecords, encodeBatch } from '../../engine/log/batch.ts'
import type { Append, Position, WriteSet } from '../../engine/log/log.ts'
import type { LogRecord } from '../../engine/log/record.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import { GROUP_OFFSETS_KEPT_MS } from '../../engine/streams/groups.ts'
import {
  SHARDS_MAX,
  type StreamDescription,
  type StreamRecord,
} from '../../engine/streams/streams.ts'

export type OpenEngine = (clock: SimulatedClock) => Promise<Engine>

export function streamRecord(name: string, changes: Partial<StreamRecord> = {}): StreamRecord {
  return {
    name,
    id: name,
    uid: `uid-${name}`,
    owner: 'test',
    digest: 'digest',
    type: undefined,
    shards: 1,
    durability: 'durable',
    retention: { ageMs: undefined, bytes: undefined },
    deletionPolicy: 'Retain',
    protected: false,
    retainForMs: undefined,
    sealed: undefined,
    ...changes,
  }
}

export function batchOf(...texts: readonly string[]): Buffer {
  return encodeBatch(texts.map((text) => ({ data: Buffer.from(text) })))
}

export async function rejection(promise: Promise<unknown>): Promise<ErrorCode | string> {
  try {
    await promise
    return 'no error'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

function thrown(call: () => unknown): ErrorCode | string {
  try {
    call()
    return 'no error'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

/** Everything that a shard holds, through a reader. */
export async function readShard(
  engine: Engine,
  stream: string,
  shard: number,
): Promise<LogRecord[]> {
  const [description] = engine.streams.describe([stream])
  const incarnation = description?.incarnation ?? 0
  const at = await engine.log.resolve({ stream, incarnation, shard }, { kind: 'earliest' })
  await using reader = engine.log.open(at)
  const records: LogRecord[] = []
  for (;;) {
    const read = await reader.next(1_000_000, 0)
    if (read === undefined) return records
    records.push(...decodeRecords(read.bytes, read.from))
  }
}

export function describeEngineContract(name: string, open: OpenEngine): void {
  describe(`the ${name} engine`, () => {
    let clock: SimulatedClock
    let engine: Engine
    let stream: StreamDescription

    beforeEach(async () => {
      clock = new SimulatedClock()
      engine = await open(clock)
      stream = await engine.streams.create(streamRecord('a', { shards: 3 }))
    })
    afterEach(() => engine[Symbol.asyncDispose]())

    const append = (batch: Uint8Array, changes: Partial<Append> = {}): Append => ({
      stream: 'a',
      incarnation: stream.incarnation,
      shard: 0,
      batch,
      ...changes,
    })
    const write = (...texts: string[]) => engine.log.write({ appends: [append(batchOf(...texts))] })
    const at = (sequence: number, shard = 0): Position => ({
      stream: 'a',
      incarnation: stream.incarnation,
      shard,
      sequence,
    })
    const texts = async (shard = 0, of = 'a') =>
      (await readShard(engine, of, shard)).map(({ data }) => Buffer.from(data).toString())
    /** What the engine had begun by itself is through once a write that came later is. */
    const settled = () => engine.log.write({ appends: [] })
    const commit = (generation: number, next: number): WriteSet => ({
      appends: [],
      offsets: [{ group: 'g', generation, ...at(0), next }],
    })
    const join = (member: string, pinned?: readonly number[]) =>
      engine.groups.join({
        group: 'g',
        member,
        stream: 'a',
        incarnation: stream.incarnation,
        sessionMs: 10_000,
        ...(pinned === undefined ? {} : { pinned }),
      })

    describe('write', () => {
      test('gives shard and sequence per record, from 1, and makes them readable', async () => {
        const { appends } = await write('x', 'y')
        expect([...(appends[0]?.sequences ?? [])]).toEqual([1, 2])
        expect([...(appends[0]?.shards ?? [])]).toEqual([0, 0])
        expect(await texts()).toEqual(['x', 'y'])
      })

      test('keeps key, headers, client info and data of a record', async () => {
        const record = {
          key: Buffer.from('k'),
          headers: [
            { name: 'h', value: Buffer.from('1') },
            { name: 'h', value: Buffer.from('') },
          ],
          clientInfo: Buffer.from('info'),
          data: Buffer.from('d'),
        }
        await engine.log.write({ appends: [append(encodeBatch([record]))] })
        const [read] = await readShard(engine, 'a', 0)
        expect(read).toEqual({ ...record, sequence: 1, arrivalUs: clock.wallUs() })
      })

      test('applies sets in the order of submission', async () => {
        await Promise.all(['1', '2', '3', '4'].map((text) => write(text)))
        expect(await texts()).toEqual(['1', '2', '3', '4'])
      })

      test('does not change the bytes that it was given', async () => {
        const batch = batchOf('x')
        const before = Buffer.from(batch)
        await engine.log.write({ appends: [append(batch), append(batch, { shard: 1 })] })
        expect(batch.equals(before)).toBe(true)
        expect([await texts(0), await texts(1)]).toEqual([['x'], ['x']])
      })

      test('changes nothing when any part of the set is refused', async () => {
        await write('x')
        const bad: WriteSet[] = [
          { appends: [append(batchOf('y')), append(batchOf('z'), { shard: 3 })] },
          { appends: [append(batchOf('y')), append(batchOf('z'), { stream: 'none' })] },
          { appends: [append(batchOf('y')), append(batchOf('z'), { shard: 1, expectNext: 9 })] },
          { ...commit(7, 1), appends: [append(batchOf('y'))] },
          { ...commit(0, 99), appends: [append(batchOf('y'))] },
          { appends: [append(batchOf('y'))], trims: [{ ...at(0, 9), first: 2 }] },
        ]
        const codes = await Promise.all(bad.map((set) => rejection(engine.log.write(set))))
        expect(codes).toEqual([
          'ShardOutOfRange',
          'StreamNotFound',
          'ExpectedNextMismatch',
          'GenerationStale',
          'PositionInvalid',
          'ShardOutOfRange',
        ])
        expect(await texts()).toEqual(['x'])
        expect(engine.groups.offsets('g')).toEqual([])
        expect([...((await write('y')).appends[0]?.sequences ?? [])]).toEqual([2])
      })

      test('refuses another incarnation, and bytes that are no batch', async () => {
        const other = append(batchOf('x'), { incarnation: stream.incarnation + 1 })
        expect(await rejection(engine.log.write({ appends: [other] }))).toBe('StreamNotFound')
        const noise = append(Buffer.alloc(100, 7))
        expect(await rejection(engine.log.write({ appends: [noise] }))).toBe('LogCorrupt')
        const two = append(Buffer.concat([batchOf('x'), batchOf('y')]))
        expect(await rejection(engine.log.write({ appends: [two] }))).toBe('LogCorrupt')
      })

      test('takes expectNext only where the shard ends there', async () => {
        await engine.log.write({ appends: [append(batchOf('x'), { expectNext: 1 })] })
        const again = engine.log.write({ appends: [append(batchOf('y'), { expectNext: 1 })] })
        expect(await rejection(again)).toBe('ExpectedNextMismatch')
        await engine.log.write({ appends: [append(batchOf('z'), { expectNext: 2 })] })
        expect(await texts()).toEqual(['x', 'z'])
      })

      test('sends equal keys to one shard and keyless records round', async () => {
        const keyed = ['a', 'b', 'c', 'd', 'e', 'f', 'a', 'b', 'c', 'd', 'e', 'f'].map((key) => ({
          key: Buffer.from(key),
          data: Buffer.from('x'),
        }))
        const { stream: name, incarnation, batch } = append(encodeBatch(keyed))
        const first = await engine.log.write({ appends: [{ stream: name, incarnation, batch }] })
        const shards = [...(first.appends[0]?.shards ?? [])]
        expect(shards.slice(0, 6)).toEqual(shards.slice(6))
        const keyless = batchOf('1', '2', '3')
        const second = await engine.log.write({
          appends: [{ stream: name, incarnation, batch: keyless }],
        })
        expect([...(second.appends[0]?.shards ?? [])].sort()).toEqual([0, 1, 2])
        for (const [index, shard] of shards.entries()) {
          const sequence = first.appends[0]?.sequences[index]
          const records = await readShard(engine, 'a', shard)
          const found = records.find((record) => record.sequence === sequence)
          expect(Buffer.from(found?.key ?? []).toString()).toBe(String(keyed[index]?.key))
        }
      })

      test('answers an idempotent set that comes again with its first result', async () => {
        const set = { appends: [append(batchOf('x', 'y'))], idempotencyKey: 'once' }
        const [first, same] = await Promise.all([engine.log.write(set), engine.log.write(set)])
        expect(same).toEqual(first)
        expect(await engine.log.write(set)).toEqual(first)
        expect(await texts()).toEqual(['x', 'y'])
        const other = { appends: [append(batchOf('z'))], idempotencyKey: 'once' }
        expect(await rejection(engine.log.write(other))).toBe('IdempotencyKeyReused')
        expect(await texts()).toEqual(['x', 'y'])
      })

      test('leaves a set out that was aborted before its turn', async () => {
        const reason = new Error('no longer wanted')
        const aborted = engine.log.write(
          { appends: [append(batchOf('x'))] },
          AbortSignal.abort(reason),
        )
        await expect(aborted).rejects.toBe(reason)
        expect(await texts()).toEqual([])
      })

      test('takes an empty batch and gives no sequence', async () => {
        const { appends } = await write()
        expect(appends[0]?.sequences.length).toBe(0)
        expect((await write('x')).appends[0]?.sequences[0]).toBe(1)
      })

      test('never lets arrivals of a shard go back', async () => {
        await write('x')
        clock.jumpWall(-3_600_000_000)
        await write('y')
        const [first, second] = await readShard(engine, 'a', 0)
        expect(second?.arrivalUs).toBe(first?.arrivalUs)
      })

      test('trims what lies below, and what was dropped stays dropped', async () => {
        for (const text of ['1', '2', '3']) await write(text)
        await engine.log.write({ appends: [], trims: [{ ...at(0), first: 3 }] })
        await engine.log.write({ appends: [], trims: [{ ...at(0), first: 2 }] })
        expect(await texts()).toEqual(['3'])
        await engine.log.write({ appends: [], trims: [{ ...at(0), first: 99 }] })
        const [shard] = engine.streams.describe(['a'])[0]?.shardStates ?? []
        expect(shard).toMatchObject({ first: 4, next: 4, records: 0, bytes: 0 })
        expect((await write('4')).appends[0]?.sequences[0]).toBe(4)
      })

      test('refuses a sealed stream, which can still be read', async () => {
        await write('x')
        const seal = { sinceUs: clock.wallUs(), by: 'test' }
        const record = streamRecord('a', { shards: 3, sealed: seal })
        await engine.streams.alter(stream.incarnation, record)
        expect(await rejection(write('y'))).toBe('StreamSealed')
        expect(await texts()).toEqual(['x'])
      })
    })

    describe('read', () => {
      test('gives whole batches, as many as fit and at least one', async () => {
        for (const text of ['1', '2', '3']) await write(text)
        await using reader = engine.log.open(at(1))
        const one = await reader.next(1, 0)
        expect([one?.from, one?.next]).toEqual([1, 2])
        const size = BATCH_HEADER_BYTES + 3
        expect((await reader.next(2 * size, 0))?.next).toBe(4)
        expect(reader.position.sequence).toBe(4)
        expect(await reader.next(1, 0)).toBeUndefined()
      })

      test('may begin a batch before the position, and says where to start', async () => {
        await write('1', '2', '3')
        await using reader = engine.log.open(at(2))
        const read = await reader.next(100, 0)
        expect(read?.from).toBe(2)
        const records = decodeRecords(read?.bytes ?? Buffer.alloc(0), read?.from)
        expect(records.map(({ sequence }) => sequence)).toEqual([2, 3])
      })

      test('waits for an append, and ends the wait after its time', async () => {
        await using reader = engine.log.open(at(1))
        const found = reader.next(100, 1000)
        await write('x')
        expect((await found)?.next).toBe(2)
        const nothing = reader.next(100, 1000)
        await clock.advance(1000)
        expect(await nothing).toBeUndefined()
      })

      test('ends a wait when the signal aborts or the reader is disposed', async () => {
        const reader = engine.log.open(at(1))
        const abort = new AbortController()
        const aborted = reader.next(100, 1e9, abort.signal)
        abort.abort()
        expect(await aborted).toBeUndefined()
        const disposed = reader.next(100, 1e9)
        await reader[Symbol.asyncDispose]()
        expect(await disposed).toBeUndefined()
        expect(await reader.next(100, 0)).toBeUndefined()
      })

      test('refuses another incarnation and what retention has passed', async () => {
        for (const text of ['1', '2']) await write(text)
        await using reader = engine.log.open(at(1))
        await engine.log.write({ appends: [], trims: [{ ...at(0), first: 2 }] })
        expect(thrown(() => engine.log.open(at(1)))).toBe('PositionInvalid')
        expect(await rejection(reader.next(100, 0))).toBe('PositionInvalid')
        const other = { ...at(2), incarnation: stream.incarnation + 1 }
        expect(thrown(() => engine.log.open(other))).toBe('PositionInvalid')
      })

      test('resolves earliest, latest, sequence and time', async () => {
        await write('1')
        await clock.advance(10)
        const laterUs = clock.wallUs()
        await write('2')
        const resolve = async (where: Parameters<typeof engine.log.resolve>[1]) =>
          (await engine.log.resolve(at(0), where)).sequence
        expect(await resolve({ kind: 'earliest' })).toBe(1)
        expect(await resolve({ kind: 'latest' })).toBe(3)
        expect(await resolve({ kind: 'sequence', sequence: 2 })).toBe(2)
        expect(await resolve({ kind: 'sequence', sequence: 3 })).toBe(3)
        expect(await resolve({ kind: 'time', arrivalUs: laterUs })).toBe(2)
        expect(await resolve({ kind: 'time', arrivalUs: laterUs + 1 })).toBe(3)
        const beyond = engine.log.resolve(at(0), { kind: 'sequence', sequence: 4 })
        expect(await rejection(beyond)).toBe('PositionInvalid')
        await engine.log.write({ appends: [], trims: [{ ...at(0), first: 2 }] })
        const gone = engine.log.resolve(at(0), { kind: 'sequence', sequence: 1 })
        expect(await rejection(gone)).toBe('PositionInvalid')
      })

      test('resolves nothing where the reference is wrong', async () => {
        const latest = { kind: 'latest' } as const
        const wrong = [
          { ...at(0), stream: 'none' },
          { ...at(0), incarnation: 99 },
          { ...at(0), shard: 3 },
        ]
        const codes = wrong.map((ref) => rejection(engine.log.resolve(ref, latest)))
        const expected = ['StreamNotFound', 'StreamNotFound', 'ShardOutOfRange']
        expect(await Promise.all(codes)).toEqual(expected)
      })
    })

    describe('streams', () => {
      test('refuses a name that is taken, sealed ones included', async () => {
        expect(await rejection(engine.streams.create(streamRecord('a')))).toBe('StreamExists')
        const seal = { sinceUs: 1, by: 'test' }
        const record = streamRecord('a', { shards: 3, sealed: seal })
        await engine.streams.alter(stream.incarnation, record)
        expect(await rejection(engine.streams.create(streamRecord('a')))).toBe('StreamExists')
      })

      test('describes the named ones that exist, or all, with what they hold', async () => {
        await engine.streams.create(streamRecord('b'))
        await write('x', 'y')
        expect(engine.streams.describe().map(({ name }) => name)).toEqual(['a', 'b'])
        const [described, ...others] = engine.streams.describe(['none', 'a'])
        expect(others).toEqual([])
        expect(described).toMatchObject({ ...streamRecord('a', { shards: 3 }), records: 2 })
        const nowUs = clock.wallUs()
        const [first, second] = described?.shardStates ?? []
        expect(first).toMatchObject({ shard: 0, first: 1, next: 3, records: 2, oldestUs: nowUs })
        expect(second).toMatchObject({ shard: 1, first: 1, next: 1, records: 0, bytes: 0 })
        expect(described?.bytes).toBe(first?.bytes)
      })

      test('replaces the record whole, and lets shards only grow', async () => {
        const changed = streamRecord('a', { shards: 5, protected: true, owner: undefined })
        const altered = await engine.streams.alter(stream.incarnation, changed)
        expect(altered).toMatchObject({ protected: true, shards: 5 })
        expect(altered.owner).toBeUndefined()
        await engine.log.write({ appends: [append(batchOf('x'), { shard: 4 })] })
        const fewer = engine.streams.alter(stream.incarnation, streamRecord('a', { shards: 4 }))
        expect(await rejection(fewer)).toBe('ShardOutOfRange')
        const other = engine.streams.alter(99, streamRecord('a', { shards: 5 }))
        expect(await rejection(other)).toBe('StreamNotFound')
      })

      test('takes up to the most shards and not one more', async () => {
        const most = await engine.streams.create(streamRecord('most', { shards: SHARDS_MAX }))
        expect(most.shardStates.length).toBe(SHARDS_MAX)
        for (const shards of [SHARDS_MAX + 1, 0, 1.5]) {
          const refused = engine.streams.create(streamRecord('more', { shards }))
          expect(await rejection(refused)).toBe('ShardOutOfRange')
        }
        expect(engine.streams.describe(['more'])).toEqual([])
      })

      test('makes another incarnation after delete, to which old positions do not lead', async () => {
        await write('x')
        await engine.log.write(commit(0, 2))
        await using reader = engine.log.open(at(2))
        const waiting = rejection(reader.next(100, 1e9))
        await engine.streams.delete('a', stream.incarnation)
        expect(await waiting).toBe('PositionInvalid')
        expect(engine.streams.describe(['a'])).toEqual([])
        expect(thrown(() => engine.log.open(at(1)))).toBe('StreamNotFound')
        expect(engine.groups.offsets('g')).toEqual([])
        const again = await engine.streams.create(streamRecord('a'))
        expect(again.incarnation).toBeGreaterThan(stream.incarnation)
        expect(await texts()).toEqual([])
        expect(thrown(() => engine.log.open(at(1)))).toBe('PositionInvalid')
        expect(await rejection(write('y'))).toBe('StreamNotFound')
        const twice = engine.streams.delete('a', stream.incarnation)
        expect(await rejection(twice)).toBe('StreamNotFound')
      })

      test('tells watchers after each create, alter and delete, until they are disposed', async () => {
        const told: string[] = []
        const watch = engine.streams.watch((changed) => told.push(changed))
        const { incarnation } = await engine.streams.create(streamRecord('b'))
        await engine.streams.alter(incarnation, streamRecord('b', { shards: 2 }))
        await engine.streams.delete('b', incarnation)
        watch[Symbol.dispose]()
        await engine.streams.create(streamRecord('c'))
        expect(told).toEqual(['b', 'b', 'b'])
      })
    })

    describe('retention', () => {
      const keep = (retention: StreamRecord['retention'], more: Partial<StreamRecord> = {}) =>
        engine.streams.alter(
          stream.incarnation,
          streamRecord('a', { shards: 3, retention, ...more }),
        )
      const hour = 3_600_000

      test('drops what is older than the age, and nothing younger', async () => {
        await keep({ ageMs: hour, bytes: undefined })
        await write('old')
        await clock.advance(hour / 2)
        await write('young')
        await clock.advance(hour / 2 + 20_000)
        await settled()
        expect(await texts()).toEqual(['young'])
      })

      test('keeps at least the size', async () => {
        const size = BATCH_HEADER_BYTES + 3
        await keep({ ageMs: undefined, bytes: 2 * size })
        for (const text of ['1', '2', '3', '4']) await write(text)
        await clock.advance(20_000)
        await settled()
        expect(await texts()).toEqual(['3', '4'])
      })

      test('expires nothing of a sealed stream', async () => {
        await write('x')
        await keep({ ageMs: hour, bytes: 1 }, { sealed: { sinceUs: 1, by: 'test' } })
        await clock.advance(2 * hour)
        await settled()
        expect(await texts()).toEqual(['x'])
      })

      test('expires nothing early when the clock jumps, forwards or backwards', async () => {
        await keep({ ageMs: 24 * hour, bytes: undefined })
        await write('x')
        clock.jumpWall(-48 * hour * 1000)
        await clock.advance(20_000)
        await settled()
        expect(await texts()).toEqual(['x'])
        clock.jumpWall(96 * hour * 1000)
        await clock.advance(20_000)
        await settled()
        expect(await texts()).toEqual(['x'])
      })
    })

    describe('groups', () => {
      test('give all shards to the first member and share them with the second', async () => {
        const first = await join('m1')
        expect(first.shards).toEqual([0, 1, 2])
        const second = await join('m2')
        const beat = await engine.groups.heartbeat('g', 'm1')
        expect(second.generation).toBeGreaterThan(first.generation)
        expect(beat.generation).toBe(second.generation)
        expect([...beat.shards, ...second.shards].sort()).toEqual([0, 1, 2])
        expect(beat.shards.every((shard) => first.shards.includes(shard))).toBe(true)
        await engine.groups.leave('g', 'm1')
        expect((await engine.groups.heartbeat('g', 'm2')).shards).toEqual([0, 1, 2])
      })

      test('give a member just the shards that it pins', async () => {
        expect((await join('m1', [1])).shards).toEqual([1])
        expect((await join('m2')).shards).toEqual([0, 2])
        expect((await join('m3', [2])).shards).toEqual([2])
        expect((await engine.groups.heartbeat('g', 'm2')).shards).toEqual([0])
        expect(await rejection(join('m4', [3]))).toBe('ShardOutOfRange')
      })

      test('refuse an offset under an older generation, with all of its write', async () => {
        const first = await join('m1')
        await write('x')
        await engine.log.write(commit(first.generation, 1))
        const second = await join('m2')
        const stale = { ...commit(first.generation, 2), appends: [append(batchOf('y'))] }
        expect(await rejection(engine.log.write(stale))).toBe('GenerationStale')
        expect(await texts()).toEqual(['x'])
        await engine.log.write(commit(second.generation, 2))
        expect(engine.groups.offsets('g').map(({ next }) => next)).toEqual([2])
      })

      test('fence the former self of a member that joins again', async () => {
        const former = await join('m1')
        const again = await join('m1')
        expect(again.shards).toEqual(former.shards)
        expect(await rejection(engine.log.write(commit(former.generation, 1)))).toBe(
          'GenerationStale',
        )
      })

      test('end a session on the monotonic clock, whatever the wall does', async () => {
        const first = await join('m1')
        clock.jumpWall(1e15)
        await clock.advance(9_999)
        expect((await engine.groups.heartbeat('g', 'm1')).generation).toBe(first.generation)
        await clock.advance(10_000)
        expect(await rejection(engine.groups.heartbeat('g', 'm1'))).toBe('GenerationStale')
        expect(await rejection(engine.log.write(commit(first.generation, 1)))).toBe(
          'GenerationStale',
        )
        expect((await join('m2')).shards).toEqual([0, 1, 2])
      })

      test('hand out the shards of a stream that grew', async () => {
        const first = await join('m1')
        await engine.streams.alter(stream.incarnation, streamRecord('a', { shards: 4 }))
        const beat = await engine.groups.heartbeat('g', 'm1')
        expect(beat.shards).toEqual([0, 1, 2, 3])
        expect(beat.generation).toBeGreaterThan(first.generation)
      })

      test('take generation 0 while nobody is joined, and only then', async () => {
        await write('x')
        await engine.log.write(commit(0, 2))
        await join('m1')
        expect(await rejection(engine.log.write(commit(0, 1)))).toBe('GenerationStale')
        await engine.groups.leave('g', 'm1')
        await engine.log.write(commit(0, 1))
        expect(engine.groups.offsets('g').map(({ next }) => next)).toEqual([1])
      })

      test('reset replaces the offsets, fences members, and forgets with an empty list', async () => {
        for (const text of ['1', '2']) await write(text)
        const member = await join('m1')
        await engine.log.write(commit(member.generation, 3))
        const { sequence: _, ...shard } = at(0)
        await engine.groups.reset('g', [{ ...shard, next: 2 }])
        expect(engine.groups.offsets('g')).toEqual([{ ...shard, next: 2 }])
        expect(await rejection(engine.log.write(commit(member.generation, 3)))).toBe(
          'GenerationStale',
        )
        const beyond = engine.groups.reset('g', [{ ...shard, next: 4 }])
        expect(await rejection(beyond)).toBe('PositionInvalid')
        await engine.groups.reset('g', [])
        expect(engine.groups.offsets('g')).toEqual([])
      })

      test('keep offsets for their days after the last member, and no longer', async () => {
        await engine.log.write(commit(0, 1))
        await clock.advance(GROUP_OFFSETS_KEPT_MS - 60_000)
        expect(engine.groups.offsets('g').length).toBe(1)
        await clock.advance(120_000)
        await settled()
        expect(engine.groups.offsets('g')).toEqual([])
      })
    })

    test('takes nothing more once it was disposed, however often', async () => {
      const pending = write('x')
      await Promise.all([engine[Symbol.asyncDispose](), engine[Symbol.asyncDispose]()])
      expect((await pending).appends.length).toBe(1)
      expect(await rejection(write('y'))).toBe('LogReadOnly')
      expect(engine.condition()).toContain('closed')
    })
  })
}
