/**
 * What a caller of the engine may rely on, whatever happened to the disk: it is told of everything that is asked and
 * answered, and compares that with all that can be seen.
 *
 * 1. What was acknowledged is at its place with equal bytes, unless a trim, retention or a delete took it.
 * 2. No record is there twice, and no place is ever given to another record, also where a relaxed one was lost.
 * 3. A set is there as a whole or not at all; what was refused, or was absent once, never comes back.
 * 4. Offsets, streams and idempotency keys are as last acknowledged, or as asked for since with an unknown outcome.
 * 5. What was trimmed stays so, arrival never goes back, and ends of shards never shrink.
 *
 * Once something of unknown outcome was looked at, its outcome is known, and must stay so.
 */
import assert from 'node:assert/strict'
import type { Engine } from '../../engine/engine.ts'
import { HeadgateError } from '../../engine/error.ts'
import type { WriteResult } from '../../engine/log/log.ts'
import type { LogRecord } from '../../engine/log/record.ts'
import type { StreamDescription, StreamRecord } from '../../engine/streams/streams.ts'
import { readShard } from '../conformance/engine-under-test.ts'

export type Fate = 'unknown' | 'done' | 'refused'

/** Something that was asked for; the outcome may never be told. */
export interface Attempt {
  fate: Fate
  readonly order: number
}

export interface RecordFact {
  readonly id: string
  readonly data: Buffer
  readonly stream: StreamFact
  readonly shard: number | undefined
}

interface Place {
  readonly shard: number
  readonly sequence: number
}

export interface SetFact extends Attempt {
  readonly records: readonly RecordFact[]
  /** Acknowledged before it is durable. */
  readonly relaxed: boolean
  readonly submittedUs: number
  /** In the order of the records, once they were told or seen. */
  places: readonly Place[] | undefined
  /** When it was acknowledged, in the order of all events. */
  acknowledgedAt: number
}

interface ShardFact {
  /** Which record a place was given to, in this life or an earlier one. */
  readonly given: Map<number, string>
  readonly arrivals: Map<number, number>
  readonly trims: { readonly attempt: Attempt; readonly first: number }[]
  nextLeast: number
  firstLeast: number
}

/** One life of a stream, known by its uid. */
export interface StreamFact {
  readonly uid: string
  readonly name: string
  incarnation: number | undefined
  /** What its record was to become, in order; undefined where it was to be deleted. */
  readonly states: { readonly attempt: Attempt; readonly record: StreamRecord | undefined }[]
  readonly shards: Map<number, ShardFact>
  everRelaxed: boolean
  everBounded: boolean
  /** The shortest that it ever kept records. */
  ageMsLeast: number
}

interface OffsetState {
  readonly attempt: Attempt
  /** Undefined where the offset was to be forgotten. */
  readonly next: number | undefined
}

export class Oracle {
  readonly streams: StreamFact[] = []
  readonly sets: SetFact[] = []
  readonly #records = new Map<string, { readonly fact: RecordFact; readonly set: SetFact }>()
  readonly #offsets = new Map<string, OffsetState[]>()
  #order = 0
  /** The latest that the clock ever showed. */
  wallUsMost = 0

  attempt(): Attempt {
    return { fate: 'unknown', order: ++this.#order }
  }

  /** Retention may go by any time that there ever was. */
  noteTime(wallUs: number): void {
    this.wallUsMost = Math.max(this.wallUsMost, wallUs)
  }

  creating(record: StreamRecord): { readonly stream: StreamFact; readonly attempt: Attempt } {
    const stream: StreamFact = {
      uid: record.uid,
      name: record.name,
      incarnation: undefined,
      states: [],
      shards: new Map(),
      everRelaxed: false,
      everBounded: false,
      ageMsLeast: Number.POSITIVE_INFINITY,
    }
    this.streams.push(stream)
    return { stream, attempt: this.changing(stream, record) }
  }

  /** Without a record the stream is to be deleted. */
  changing(stream: StreamFact, record: StreamRecord | undefined): Attempt {
    const attempt = this.attempt()
    stream.states.push({ attempt, record })
    if (record !== undefined) {
      stream.everRelaxed ||= record.durability === 'relaxed'
      stream.everBounded ||= record.retention.bytes !== undefined
      stream.ageMsLeast = Math.min(stream.ageMsLeast, record.retention.ageMs ?? Infinity)
    }
    return attempt
  }

  writing(records: readonly RecordFact[], relaxed: boolean, submittedUs: number): SetFact {
    const set: SetFact = {
      ...this.attempt(),
      records,
      relaxed,
      submittedUs,
      places: undefined,
      acknowledgedAt: 0,
    }
    this.sets.push(set)
    for (const fact of records) this.#records.set(fact.id, { fact, set })
    return set
  }

  committing(
    attempt: Attempt,
    group: string,
    stream: StreamFact,
    shard: number,
    next: number | undefined,
  ): void {
    this.#offsetStates(group, stream, shard).push({ attempt, next })
  }

  forgetting(attempt: Attempt, group: string): void {
    for (const [key, states] of this.#offsets) {
      if (key.startsWith(`${group} `)) states.push({ attempt, next: undefined })
    }
  }

  trimming(attempt: Attempt, stream: StreamFact, shard: number, first: number): void {
    shardOf(stream, shard).trims.push({ attempt, first })
  }

  /** Durable work that is told makes all durable that was told before it was asked for. */
  done(attempt: Attempt): void {
    attempt.fate = 'done'
    for (const set of this.sets) {
      if (set.acknowledgedAt > 0 && set.acknowledgedAt < attempt.order) set.acknowledgedAt = 0
    }
  }

  /** The answer to a write, or to the same one when it was sent again. */
  written(set: SetFact, { appends }: WriteResult): void {
    const places = appends.flatMap(({ shards, sequences }) =>
      [...sequences].map((sequence, index): Place => ({ shard: shards[index] ?? -1, sequence })),
    )
    assert.equal(places.length, set.records.length, 'every record has an answer')
    if (set.places !== undefined) assert.deepEqual(places, set.places, 'the first answer again')
    for (const [index, fact] of set.records.entries()) this.#give(fact, places[index])
    set.places = places
    if (!set.relaxed) {
      this.done(set)
      return
    }
    set.fate = 'done'
    set.acknowledgedAt = ++this.#order
  }

  /** What is refused is refused for good, but for a log that ended: then nobody knows. */
  failed(attempt: Attempt, error: unknown): void {
    const known = error instanceof HeadgateError && error.code !== 'LogReadOnly'
    if (known && attempt.fate === 'unknown') attempt.fate = 'refused'
  }

  /** The process or the power went: what was told before it was durable may be gone. */
  died(): void {
    for (const set of this.sets) {
      if (set.acknowledgedAt > 0) set.fate = 'unknown'
      set.acknowledgedAt = 0
    }
  }

  /** Throws where a promise is broken. Nothing must be under way, and all that was acknowledged be durable. */
  async check(engine: Engine): Promise<void> {
    assert.equal(engine.condition(), undefined, 'the engine takes writes')
    const descriptions = engine.streams.describe()
    this.#checkStreams(descriptions)
    const found = new Map<string, Place>()
    const firsts = new Map<StreamFact, Map<number, number>>()
    for (const description of descriptions) {
      const stream = this.#present(description)
      const ofStream = new Map<number, number>()
      firsts.set(stream, ofStream)
      for (const { shard, first } of description.shardStates) ofStream.set(shard, first)
      for (let shard = 0; shard < description.shards; shard++) {
        await this.#checkShard(engine, description, shard, found)
      }
    }
    for (const set of this.sets) this.#checkSet(set, found, firsts)
    this.#checkOffsets(engine, descriptions)
  }

  #checkStreams(descriptions: readonly StreamDescription[]): void {
    const byUid = new Map(descriptions.map((description) => [description.uid, description]))
    for (const stream of this.streams) {
      const seen = byUid.get(stream.uid)
      byUid.delete(stream.uid)
      const possible = candidates(stream.states, undefined, ({ record }) => record)
      const record = seen && recordOf(seen)
      const fits = possible.some((candidate) => isEqual(candidate, record))
      assert.ok(fits, `stream ${stream.uid} is ${JSON.stringify(record)}, not ${show(possible)}`)
      stream.states.splice(0, Infinity, { attempt: { fate: 'done', order: 0 }, record })
      if (seen === undefined) continue
      stream.incarnation ??= seen.incarnation
      assert.equal(seen.incarnation, stream.incarnation, `incarnation of ${stream.uid}`)
    }
    assert.deepEqual([...byUid.keys()], [], 'streams that nobody made')
  }

  async #checkShard(
    engine: Engine,
    description: StreamDescription,
    shard: number,
    found: Map<string, Place>,
  ): Promise<void> {
    const stream = this.#present(description)
    const fact = shardOf(stream, shard)
    const state = description.shardStates[shard]
    assert.ok(state !== undefined)
    const at = `shard ${shard} of ${stream.uid}`
    const { first, next } = state
    assert.ok(next >= fact.nextLeast, `${at} ends at ${next}, after ${fact.nextLeast}`)
    fact.nextLeast = next
    const trimmed = fact.trims.filter(({ attempt }) => attempt.fate === 'done')
    const least = Math.max(fact.firstLeast, ...trimmed.map((trim) => trim.first))
    assert.ok(first >= least, `${at} begins at ${first}, after it was trimmed to ${least}`)
    fact.firstLeast = first
    const records = await readShard(engine, stream.name, shard)
    if (!stream.everRelaxed) {
      const sequences = records.map(({ sequence }) => sequence)
      const expected = Array.from({ length: next - first }, (_, index) => first + index)
      assert.deepEqual(sequences, expected, `sequences of ${at}`)
      assert.equal(state.records, records.length, `count of ${at}`)
    }
    let before: LogRecord | undefined
    for (const record of records) {
      this.#checkRecord(stream, shard, record, found)
      const { sequence, arrivalUs } = record
      if (before !== undefined) {
        assert.ok(sequence > before.sequence, `${at} goes on from ${before.sequence}`)
        assert.ok(arrivalUs >= before.arrivalUs, `arrival goes back in ${at} at ${sequence}`)
      }
      before = record
    }
    await checkTime(engine, description, shard, records)
  }

  #checkRecord(
    stream: StreamFact,
    shard: number,
    { sequence, arrivalUs, data }: LogRecord,
    found: Map<string, Place>,
  ): void {
    const id = idOf(data)
    const at = `${id} at ${stream.uid}/${shard}/${sequence}`
    const known = this.#records.get(id)
    assert.ok(known !== undefined, `${at}: a record that nobody wrote`)
    assert.equal(known.fact.stream.uid, stream.uid, `${at} belongs to another stream`)
    assert.equal(known.fact.data.compare(data), 0, `${at} has other bytes`)
    assert.notEqual(known.set.fate, 'refused', `${at} was refused or absent before`)
    assert.ok(!found.has(id), `${at} is there twice`)
    if (known.fact.shard !== undefined) assert.equal(shard, known.fact.shard, `${at}: shard`)
    const place = { shard, sequence }
    found.set(id, place)
    const told = known.set.places?.[known.set.records.indexOf(known.fact)]
    if (told !== undefined) assert.deepEqual(place, told, `${at} moved`)
    this.#give(known.fact, place)
    const { arrivals } = shardOf(stream, shard)
    assert.equal(arrivals.get(sequence) ?? arrivalUs, arrivalUs, `${at}: arrival changed`)
    arrivals.set(sequence, arrivalUs)
  }

  #checkSet(
    set: SetFact,
    found: ReadonlyMap<string, Place>,
    firsts: ReadonlyMap<StreamFact, ReadonlyMap<number, number>>,
  ): void {
    if (set.fate === 'refused' || set.records.length === 0) return
    const missing = set.records.filter(({ id }) => !found.has(id))
    const some = missing.length < set.records.length
    const lost = missing.filter((fact) => !this.#mayBeGone(set, fact, firsts))
    const ids = lost.map(({ id }) => id).join(', ')
    if (set.fate === 'done') assert.equal(ids, '', 'acknowledged, and not there')
    else if (some) assert.equal(ids, '', 'not there, though others of its set are')
    if (some && missing.length === 0) {
      set.places = set.records.map(({ id }) => found.get(id) as Place)
    }
    // Where all of it may have gone since, nobody can tell.
    if (set.fate === 'unknown' && some) set.fate = 'done'
    else if (set.fate === 'unknown' && lost.length > 0) set.fate = 'refused'
  }

  #mayBeGone(
    set: SetFact,
    { id, stream, shard }: RecordFact,
    firsts: ReadonlyMap<StreamFact, ReadonlyMap<number, number>>,
  ): boolean {
    const ofStream = firsts.get(stream)
    if (ofStream === undefined) return true
    const expiresUs = set.submittedUs + stream.ageMsLeast * 1000
    const expired = stream.everBounded || expiresUs < this.wallUsMost
    const place = set.places?.[set.records.findIndex((fact) => fact.id === id)]
    if (place === undefined) return expired
    const first = ofStream.get(place.shard) ?? shard ?? 0
    const trims = stream.shards.get(place.shard)?.trims ?? []
    const trimmed = trims.some(
      (trim) => trim.attempt.fate !== 'refused' && trim.first > place.sequence,
    )
    return place.sequence < first && (expired || trimmed)
  }

  #checkOffsets(engine: Engine, descriptions: readonly StreamDescription[]): void {
    const seen = new Map<string, number>()
    for (const group of new Set([...this.#offsets.keys()].map((key) => key.split(' ')[0] ?? ''))) {
      for (const { stream, incarnation, shard, next } of engine.groups.offsets(group)) {
        const description = descriptions.find(({ name }) => name === stream)
        const at = `offset ${next} of ${group} in shard ${shard} of ${stream}`
        assert.equal(incarnation, description?.incarnation, `${at}: incarnation`)
        assert.ok(next <= (description?.shardStates[shard]?.next ?? 0), `${at} is ahead`)
        seen.set(`${group} ${description?.uid} ${shard}`, next)
      }
    }
    const present = new Set(descriptions.map(({ uid }) => uid))
    for (const [key, states] of this.#offsets) {
      const next = seen.get(key)
      seen.delete(key)
      const possible = present.has(key.split(' ')[1] ?? '')
        ? candidates(states, undefined, (state) => state.next)
        : [undefined]
      assert.ok(possible.includes(next), `offset ${key} is ${next}, not ${show(possible)}`)
      states.splice(0, Infinity, { attempt: { fate: 'done', order: 0 }, next })
    }
    assert.deepEqual([...seen], [], 'offsets that nobody committed')
  }

  #present({ uid }: StreamDescription): StreamFact {
    const stream = this.streams.find((fact) => fact.uid === uid)
    assert.ok(stream !== undefined, `stream ${uid}, which nobody made`)
    return stream
  }

  #give({ id, stream }: RecordFact, place: Place | undefined): void {
    assert.ok(place !== undefined)
    const { shard, sequence } = place
    const fact = shardOf(stream, shard)
    const holder = fact.given.get(sequence) ?? id
    assert.equal(id, holder, `place ${stream.uid}/${shard}/${sequence} was given out twice`)
    fact.given.set(sequence, id)
    fact.nextLeast = Math.max(fact.nextLeast, sequence + 1)
  }

  #offsetStates(group: string, { uid }: StreamFact, shard: number): OffsetState[] {
    const key = `${group} ${uid} ${shard}`
    const states = this.#offsets.get(key) ?? []
    this.#offsets.set(key, states)
    return states
  }
}

export function recordData(id: string, length: number): Buffer {
  return Buffer.from(`${id} ${id.padEnd(length, `${id}.`)}`)
}

function idOf(data: Uint8Array): string {
  return Buffer.from(data).toString().split(' ')[0] ?? ''
}

export function shardOf(stream: StreamFact, shard: number): ShardFact {
  const fact = stream.shards.get(shard) ?? {
    given: new Map(),
    arrivals: new Map(),
    trims: [],
    nextLeast: 1,
    firstLeast: 1,
  }
  stream.shards.set(shard, fact)
  return fact
}

/** What may be now: the last that was done, and all of unknown outcome since. */
function candidates<State extends { readonly attempt: Attempt }, Value>(
  states: readonly State[],
  before: Value,
  pick: (state: State) => Value,
): readonly Value[] {
  const possible: Value[] = []
  for (const state of states.toReversed()) {
    const { fate } = state.attempt
    if (fate !== 'refused') possible.push(pick(state))
    if (fate === 'done') return possible
  }
  return [...possible, before]
}

async function checkTime(
  engine: Engine,
  { name, incarnation }: StreamDescription,
  shard: number,
  records: readonly LogRecord[],
): Promise<void> {
  const middle = records[records.length >>> 1]
  if (middle === undefined) return
  const { arrivalUs } = middle
  const at = { stream: name, incarnation, shard }
  const index = records.findIndex((record) => record.arrivalUs >= arrivalUs)
  const { sequence } = await engine.log.resolve(at, { kind: 'time', arrivalUs })
  // Anywhere in the gap before it leads to it.
  const isThere =
    sequence <= (records[index]?.sequence ?? 0) && sequence > (records[index - 1]?.sequence ?? 0)
  assert.ok(isThere, `time ${arrivalUs} in shard ${shard} of ${name} gives ${sequence}`)
}

function recordOf(description: StreamDescription): StreamRecord {
  const { incarnation, createdUs, records, bytes, shardStates, ...record } = description
  return record
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function show(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value) ?? 'absent').join(' or ')
}
