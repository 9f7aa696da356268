/**
 * Asks an engine for anything that can be asked of it, as chance chooses, many things at once, and tells the oracle
 * of each and of its answer. The same seed asks for the same.
 */
import type { Engine } from '../../engine/engine.ts'
import { encodeBatch } from '../../engine/log/batch.ts'
import type { WriteSet } from '../../engine/log/log.ts'
import type { Random } from '../../engine/ports/random.ts'
import type { SimulatedClock } from '../../engine/ports/simulated-clock.ts'
import type { StreamRecord } from '../../engine/streams/streams.ts'
import { streamRecord } from '../conformance/engine-under-test.ts'
import {
  type Oracle,
  type RecordFact,
  recordData,
  type SetFact,
  type StreamFact,
  shardOf,
} from './oracle.ts'

const NAMES = ['orders', 'clicks', 'audit', 'beat']
const GROUPS = ['left', 'right']
const SHARDS_MAX = 5
const RECORDS_MAX = 6
const BURST_MAX = 12
const LARGE_BYTES = 40_000
/** Within what the engine remembers idempotency keys for. */
const AGAIN_WITHIN_US = 10 * 60_000_000

interface Sent {
  readonly set: WriteSet
  readonly fact: SetFact
}

interface Draft {
  readonly appends: WriteSet['appends'][number][]
  readonly records: RecordFact[]
}

export class Workload {
  readonly #oracle: Oracle
  readonly #random: Random
  readonly #keyed: Sent[] = []
  #names = 0

  constructor(oracle: Oracle, random: Random) {
    this.#oracle = oracle
    this.#random = random
  }

  /** Bursts of requests, with time passing between them; ends early when the engine does. */
  async run(engine: Engine, clock: SimulatedClock, bursts: number): Promise<void> {
    for (let burst = 0; burst < bursts && engine.condition() === undefined; burst++) {
      await this.#burst(() => this.#ask(engine, clock))
      await this.#passTime(clock)
    }
    // Of a burst of nothing but relaxed writes, none is synced by another.
    const relaxed = this.#live().filter(({ states }) => isRelaxed(states.at(-1)?.record))
    if (relaxed.length === 0 || this.#random.next() < 0.5) return
    await this.#burst(() => this.#write(engine, clock, relaxed, true))
  }

  async #burst(ask: () => Promise<void>): Promise<void> {
    await Promise.all(Array.from({ length: 1 + this.#below(BURST_MAX) }, ask))
  }

  /** Resolves when all that was told before is durable and can be read. */
  async barrier(engine: Engine): Promise<void> {
    await this.#told(this.#oracle.attempt(), engine.log.write({ appends: [] }))
  }

  async #passTime(clock: SimulatedClock): Promise<void> {
    const chance = this.#random.next()
    if (chance < 0.25) await clock.advance(this.#below(200))
    else if (chance < 0.35) await clock.advance(this.#below(12_000))
    else if (chance < 0.37) clock.jumpWall(-3_600_000_000)
    else if (chance < 0.39) clock.jumpWall(this.#below(7_200) * 1_000_000)
    else if (chance < 0.41) await clock.advance(30_000)
    this.#oracle.noteTime(clock.wallUs())
  }

  #ask(engine: Engine, clock: SimulatedClock): Promise<void> {
    const live = this.#live()
    const chance = this.#random.next()
    if (live.length === 0 || chance < 0.03) return this.#create(engine)
    if (chance < 0.05) return this.#alter(engine, this.#pick(live))
    if (chance < 0.06) return this.#delete(engine, this.#pick(live))
    if (chance < 0.08) return this.#reset(engine, this.#pick(live))
    if (chance < 0.12) return this.#trim(engine, this.#pick(live))
    if (chance < 0.18) return this.#commitOffset(engine, this.#pick(live))
    if (chance < 0.24) return this.#sendAgain(engine, clock)
    return this.#write(engine, clock, live)
  }

  async #create(engine: Engine): Promise<void> {
    const name = this.#pick(NAMES)
    const uid = `${name}-${++this.#names}`
    const { stream, attempt } = this.#oracle.creating(this.#record(name, uid, 1))
    const record = stream.states[0]?.record as StreamRecord
    const created = await this.#told(attempt, engine.streams.create(record))
    if (created !== undefined) stream.incarnation = created.incarnation
  }

  async #alter(engine: Engine, stream: StreamFact): Promise<void> {
    const shards = stream.states.at(-1)?.record?.shards ?? 1
    const record = this.#record(stream.name, stream.uid, shards)
    const attempt = this.#oracle.changing(stream, record)
    await this.#told(attempt, engine.streams.alter(stream.incarnation ?? 0, record))
  }

  async #delete(engine: Engine, stream: StreamFact): Promise<void> {
    const attempt = this.#oracle.changing(stream, undefined)
    await this.#told(attempt, engine.streams.delete(stream.name, stream.incarnation ?? 0))
  }

  async #reset(engine: Engine, stream: StreamFact): Promise<void> {
    const group = this.#pick(GROUPS)
    const attempt = this.#oracle.attempt()
    const offset = this.#offset(stream)
    const forget = this.#random.next() < 0.3
    if (forget) this.#oracle.forgetting(attempt, group)
    else this.#oracle.committing(attempt, group, stream, offset.shard, offset.next)
    await this.#told(attempt, engine.groups.reset(group, forget ? [] : [offset]))
  }

  async #trim(engine: Engine, stream: StreamFact): Promise<void> {
    const { next: first, ...at } = this.#offset(stream)
    const attempt = this.#oracle.attempt()
    this.#oracle.trimming(attempt, stream, at.shard, first)
    await this.#told(attempt, engine.log.write({ appends: [], trims: [{ ...at, first }] }))
  }

  async #commitOffset(engine: Engine, stream: StreamFact): Promise<void> {
    const group = this.#pick(GROUPS)
    const offset = this.#offset(stream)
    const attempt = this.#oracle.attempt()
    this.#oracle.committing(attempt, group, stream, offset.shard, offset.next)
    const offsets = [{ ...offset, group, generation: 0 }]
    await this.#told(attempt, engine.log.write({ appends: [], offsets }))
  }

  async #write(
    engine: Engine,
    clock: SimulatedClock,
    live: readonly StreamFact[],
    isPlain = false,
  ): Promise<void> {
    const draft: Draft = { appends: [], records: [] }
    const parts = this.#random.next() < 0.7 ? 1 : 1 + this.#below(3)
    const isLarge = this.#random.next() < 0.03
    for (let part = 0; part < parts; part++) this.#append(draft, this.#pick(live), isLarge)
    const hasKey = !isPlain && this.#random.next() < 0.1
    const hasOffset = !isPlain && this.#random.next() < 0.1
    const streams = new Set(draft.records.map(({ stream }) => stream))
    const relaxed = !hasKey && !hasOffset && [...streams].every(({ everRelaxed }) => everRelaxed)
    const fact = this.#oracle.writing(draft.records, relaxed, clock.wallUs())
    const { appends } = draft
    if (hasOffset) {
      const group = this.#pick(GROUPS)
      const stream = this.#pick(live)
      const offset = this.#offset(stream)
      this.#oracle.committing(fact, group, stream, offset.shard, offset.next)
      await this.#send(engine, {
        fact,
        set: { appends, offsets: [{ ...offset, group, generation: 0 }] },
      })
    } else if (hasKey) {
      const sent = { fact, set: { appends, idempotencyKey: `key-${this.#keyed.length}` } }
      this.#keyed.push(sent)
      await this.#send(engine, sent)
    } else {
      await this.#send(engine, { fact, set: { appends } })
    }
  }

  async #sendAgain(engine: Engine, clock: SimulatedClock): Promise<void> {
    const nowUs = Math.max(clock.wallUs(), this.#oracle.wallUsMost)
    const recent = this.#keyed.filter(
      ({ fact }) => fact.fate !== 'unknown' && nowUs - fact.submittedUs < AGAIN_WITHIN_US,
    )
    if (recent.length === 0) return
    const sent = this.#pick(recent)
    if (sent.fact.fate === 'refused') sent.fact.fate = 'unknown'
    await this.#send(engine, sent)
  }

  async #send(engine: Engine, { set, fact }: Sent): Promise<void> {
    try {
      this.#oracle.written(fact, await engine.log.write(set))
    } catch (error) {
      if (error instanceof Error && error.name === 'AssertionError') throw error
      this.#oracle.failed(fact, error)
    }
  }

  async #told<Result>(
    attempt: Parameters<Oracle['done']>[0],
    answer: Promise<Result>,
  ): Promise<Result | undefined> {
    try {
      const result = await answer
      this.#oracle.done(attempt)
      return result
    } catch (error) {
      this.#oracle.failed(attempt, error)
      return undefined
    }
  }

  #append({ appends, records }: Draft, stream: StreamFact, isLarge: boolean): void {
    const shards = stream.states.at(-1)?.record?.shards ?? 1
    const shard = this.#random.next() < 0.8 ? this.#below(shards) : undefined
    const facts = Array.from({ length: 1 + this.#below(RECORDS_MAX) }, (): RecordFact => {
      const id = `r${++this.#names}`
      const length = isLarge ? LARGE_BYTES / RECORDS_MAX : this.#below(400)
      return { id, data: recordData(id, length), stream, shard }
    })
    records.push(...facts)
    const batch = encodeBatch(
      facts.map(({ data }) => ({ data, key: Buffer.from(`key ${this.#below(9)}`) })),
    )
    const incarnation = stream.incarnation ?? 0
    appends.push({ stream: stream.name, incarnation, batch, ...(shard !== undefined && { shard }) })
  }

  #record(name: string, uid: string, shardsLeast: number): StreamRecord {
    const chance = this.#random.next()
    return streamRecord(name, {
      uid,
      shards: Math.min(SHARDS_MAX, shardsLeast + this.#below(3)),
      owner: this.#pick(['team', 'git', undefined]),
      digest: `digest ${this.#below(1_000)}`,
      protected: this.#random.next() < 0.5,
      deletionPolicy: this.#pick(['Retain', 'Delete']),
      durability: this.#random.next() < 0.3 ? 'relaxed' : 'durable',
      retention: {
        ageMs: chance < 0.15 ? 20_000 : undefined,
        bytes: chance > 0.85 ? 3_000 : undefined,
      },
    })
  }

  /** Somewhere up to what was acknowledged. */
  #offset(stream: StreamFact) {
    const shard = this.#below(stream.states.at(-1)?.record?.shards ?? 1)
    const next = 1 + this.#below(shardOf(stream, shard).nextLeast)
    return { stream: stream.name, incarnation: stream.incarnation ?? 0, shard, next }
  }

  #live(): readonly StreamFact[] {
    return this.#oracle.streams.filter(
      ({ incarnation, states }) => incarnation !== undefined && states.at(-1)?.record !== undefined,
    )
  }

  #pick<Value>(values: readonly Value[]): Value {
    return values[this.#below(values.length)] as Value
  }

  #below(count: number): number {
    return Math.floor(this.#random.next() * count)
  }
}

function isRelaxed(record: StreamRecord | undefined): boolean {
  return record?.durability === 'relaxed'
}
