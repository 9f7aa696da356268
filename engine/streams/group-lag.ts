/**
 * How far a group is behind, per shard: in records, in bytes, and in the age of the first record that it has not read.
 *
 * It only reads. Records are counted by sequences, and by what the shard keeps where that is less. Bytes are those
 * records' share of what the shard keeps: exact where the group has read nothing or everything, else as exact as records
 * are of one size. The age is that of the first unread record's batch; it needs one read where retention has kept
 * records that the group has read, and what does not move is not read again.
 */
import type { Log, ShardRef } from '../log/log.ts'
import type { Clock } from '../ports/clock.ts'
import { arrivalAt } from './arrival-at.ts'
import type { GroupDescription } from './groups.ts'
import type { ShardState, StreamDescription, Streams } from './streams.ts'

export interface ShardLag extends ShardRef {
  /** The sequence that the group reads next; undefined where it has committed none, and begins at the first record. */
  readonly offset: number | undefined
  /** The shard's next sequence. */
  readonly end: number
  readonly records: number
  readonly bytes: number
  /** Since the first unread record arrived; 0 when there is none, undefined when it cannot be told. */
  readonly seconds: number | undefined
}

export interface MeasuredGroup {
  readonly group: string
  readonly shards: readonly ShardLag[]
}

export interface GroupLagOptions {
  readonly log: Pick<Log, 'open'>
  readonly streams: Pick<Streams, 'describe'>
  readonly clock: Pick<Clock, 'wallUs'>
}

/** One more arrival than this is remembered in the place of the oldest. */
export const ARRIVALS_MAX = 65_536
/** Reads that are under way at once: a scrape must not stand in the way of those who work. */
const READS_MAX = 8

export class GroupLag {
  readonly #options: GroupLagOptions
  /** By shard and sequence: what the log has given once does not change. */
  readonly #arrivals = new Map<string, number>()

  constructor(options: GroupLagOptions) {
    this.#options = options
  }

  /** Of each shard that the group reads, or shall read; by stream, then by shard. */
  async measure(group: GroupDescription): Promise<readonly ShardLag[]> {
    const shards = this.#shardsOf(group)
    const lags: ShardLag[] = []
    for (let at = 0; at < shards.length; at += READS_MAX) {
      const some = shards.slice(at, at + READS_MAX)
      lags.push(...(await Promise.all(some.map((shard) => this.#measureShard(shard)))))
    }
    return lags
  }

  async measureAll(groups: readonly GroupDescription[]): Promise<readonly MeasuredGroup[]> {
    const measured: MeasuredGroup[] = []
    for (const group of groups) {
      measured.push({ group: group.group, shards: await this.measure(group) })
    }
    return measured
  }

  /** All shards of a stream count, but where every member names the ones that it reads. */
  #shardsOf({ members, offsets }: GroupDescription): readonly Reading[] {
    const names = new Set([...members, ...offsets].map(({ stream }) => stream))
    return this.#options.streams.describe([...names].sort()).flatMap((stream) => {
      const ofStream = <T extends { readonly incarnation: number }>(
        all: readonly T[],
      ): readonly T[] => all.filter(({ incarnation }) => incarnation === stream.incarnation)
      const committed = new Map(ofStream(offsets).map(({ shard, next }) => [shard, next]))
      const readers = ofStream(members)
      if (readers.length === 0 && committed.size === 0) return []
      const pinned = readers.flatMap((member) => member.pinned ?? [])
      const isShared = readers.length === 0 || readers.some((member) => member.pinned === undefined)
      return stream.shardStates
        .filter(({ shard }) => isShared || committed.has(shard) || pinned.includes(shard))
        .map((state) => ({ stream, state, offset: committed.get(state.shard) }))
    })
  }

  async #measureShard({ stream, state, offset }: Reading): Promise<ShardLag> {
    const from = Math.max(offset ?? state.first, state.first)
    const records = Math.max(0, Math.min(state.next - from, state.records))
    const part = state.records === 0 ? 0 : records / state.records
    return {
      stream: stream.name,
      incarnation: stream.incarnation,
      shard: state.shard,
      offset,
      end: state.next,
      records,
      bytes: Math.round(state.bytes * part),
      seconds: await this.#seconds(stream, state, from),
    }
  }

  async #seconds(
    stream: StreamDescription,
    state: ShardState,
    from: number,
  ): Promise<number | undefined> {
    if (from >= state.next) return 0
    const arrivalUs =
      from <= state.first ? state.oldestUs : await this.#arrivalUs(stream, state.shard, from)
    if (arrivalUs === undefined) return undefined
    // The wall may have been set back since.
    return Math.max(0, this.#options.clock.wallUs() - arrivalUs) / 1_000_000
  }

  async #arrivalUs(
    { name, incarnation }: StreamDescription,
    shard: number,
    sequence: number,
  ): Promise<number | undefined> {
    const key = `${incarnation}/${shard}/${sequence}`
    const known = this.#arrivals.get(key)
    if (known !== undefined) return known
    const arrivalUs = await arrivalAt(this.#options.log, {
      stream: name,
      incarnation,
      shard,
      sequence,
    })
    if (arrivalUs === undefined) return undefined
    const [oldest] = this.#arrivals.keys()
    if (this.#arrivals.size >= ARRIVALS_MAX && oldest !== undefined) this.#arrivals.delete(oldest)
    this.#arrivals.set(key, arrivalUs)
    return arrivalUs
  }
}

interface Reading {
  readonly stream: StreamDescription
  readonly state: ShardState
  readonly offset: number | undefined
}

export interface LagTotal {
  readonly records: number
  readonly bytes: number
  /** The longest of all shards. */
  readonly seconds: number
}

export function totalLag(lags: readonly ShardLag[]): LagTotal {
  return {
    records: lags.reduce((sum, { records }) => sum + records, 0),
    bytes: lags.reduce((sum, { bytes }) => sum + bytes, 0),
    seconds: Math.max(0, ...lags.map(({ seconds }) => seconds ?? 0)),
  }
}
