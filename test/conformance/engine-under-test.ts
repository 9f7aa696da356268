/** One engine that is opened for each test, and the short words in which the contract speaks of it. */
import { afterEach, beforeEach } from 'vitest'
import type { Engine } from '../../engine/engine.ts'
import type { ErrorCode } from '../../engine/error-codes.ts'
import { decodeRecords, encodeBatch } from '../../engine/log/batch.ts'
import type { Append, Position, WriteResult, WriteSet } from '../../engine/log/log.ts'
import type { LogRecord } from '../../engine/log/record.ts'
import { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import type { Membership } from '../../engine/streams/groups.ts'
import type { StreamDescription, StreamRecord } from '../../engine/streams/streams.ts'

export type OpenEngine = (clock: SimulatedClock) => Promise<Engine>

/** Fresh for each test, with a stream `a` of three shards. */
export interface EngineUnderTest {
  readonly clock: SimulatedClock
  readonly engine: Engine
  readonly stream: StreamDescription
  /** To shard 0 of `a`, unless changed. */
  append(batch: Uint8Array, changes?: Partial<Append>): Append
  write(...texts: readonly string[]): Promise<WriteResult>
  at(sequence: number, shard?: number): Position
  texts(shard?: number, of?: string): Promise<string[]>
  /** What the engine had begun by itself is through once a write that came later is. */
  settled(): Promise<WriteResult>
  /** Moves the offset of group `g` in shard 0. */
  commit(generation: number, next: number): WriteSet
  /** Group `g`, with a session of ten seconds. */
  join(member: string, pinned?: readonly number[]): Promise<Membership>
}

/** To be called within a `describe`; what it gives can be used within its tests. */
export function useEngine(open: OpenEngine): EngineUnderTest {
  let under: EngineUnderTest | undefined
  const now = (): EngineUnderTest => {
    if (under === undefined) throw new Error('expected to be within a test, got outside of one')
    return under
  }
  beforeEach(async () => {
    const clock = new SimulatedClock()
    const engine = await open(clock)
    const stream = await engine.streams.create(streamRecord('a', { shards: 3 }))
    under = underTest(clock, engine, stream)
  })
  afterEach(() => now().engine[Symbol.asyncDispose]())
  return {
    get clock() {
      return now().clock
    },
    get engine() {
      return now().engine
    },
    get stream() {
      return now().stream
    },
    append: (batch, changes) => now().append(batch, changes),
    write: (...texts) => now().write(...texts),
    at: (sequence, shard) => now().at(sequence, shard),
    texts: (shard, of) => now().texts(shard, of),
    settled: () => now().settled(),
    commit: (generation, next) => now().commit(generation, next),
    join: (member, pinned) => now().join(member, pinned),
  }
}

function underTest(
  clock: SimulatedClock,
  engine: Engine,
  stream: StreamDescription,
): EngineUnderTest {
  const { incarnation } = stream
  const append = (batch: Uint8Array, changes: Partial<Append> = {}): Append => ({
    stream: 'a',
    incarnation,
    shard: 0,
    batch,
    ...changes,
  })
  const at = (sequence: number, shard = 0): Position => ({
    stream: 'a',
    incarnation,
    shard,
    sequence,
  })
  return {
    clock,
    engine,
    stream,
    append,
    at,
    write: (...texts) => engine.log.write({ appends: [append(batchOf(...texts))] }),
    texts: async (shard = 0, of = 'a') =>
      (await readShard(engine, of, shard)).map(({ data }) => Buffer.from(data).toString()),
    settled: () => engine.log.write({ appends: [] }),
    commit: (generation, next) => ({
      appends: [],
      offsets: [{ group: 'g', generation, ...at(0), next }],
    }),
    join: (member, pinned) =>
      engine.groups.join({
        group: 'g',
        member,
        stream: 'a',
        incarnation,
        sessionMs: 10_000,
        ...(pinned === undefined ? {} : { pinned }),
      }),
  }
}

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
    compaction: 'none',
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

/** The code with which a call is refused. */
export async function rejection(promise: Promise<unknown>): Promise<ErrorCode | string> {
  try {
    await promise
    return 'no error'
  } catch (error) {
    return codeOf(error)
  }
}

export function thrown(call: () => unknown): ErrorCode | string {
  try {
    call()
    return 'no error'
  } catch (error) {
    return codeOf(error)
  }
}

function codeOf(error: unknown): ErrorCode | string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
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
