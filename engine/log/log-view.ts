/**
 * What is durable and can be seen: streams, the index of their batches, group offsets. Changes are applied to it in
 * the order of their commits, once they are durable; it judges nothing and does no input or output.
 */
import type { GroupOffset } from '../streams/groups.ts'
import type { ShardState, StreamDescription, StreamRecord } from '../streams/streams.ts'
import type { ControlChange, StreamChange, TrimChange } from './change.ts'
import { IdempotencyTable } from './idempotency.ts'
import { type IndexEntry, ShardIndex } from './shard-index.ts'

export interface StreamView<Place> {
  readonly incarnation: number
  readonly createdUs: number
  readonly partitioner: string
  record: StreamRecord
  readonly shards: ShardView<Place>[]
}

export interface ShardView<Place> {
  readonly index: ShardIndex<Place>
  /** As of the last reserve change; zero without one. */
  reserved: number
  /** Called, and forgotten, when the shard changes. */
  readonly waiting: Set<() => void>
}

export interface GroupView {
  readonly offsets: Map<string, GroupOffset>
  idleSinceUs: number | undefined
}

export interface ViewListener<Place> {
  /** A batch is no longer needed. */
  dropped(entries: readonly IndexEntry<Place>[]): void
  /** A stream was created, altered or deleted. */
  streamChanged(name: string): void
}

export class LogView<Place> {
  readonly streams: Map<string, StreamView<Place>> = new Map()
  readonly groups: Map<string, GroupView> = new Map()
  readonly idempotency: IdempotencyTable = new IdempotencyTable()
  incarnationLast = 0
  /** No shard's next arrival lies below it, whatever the clock says after a restart. */
  arrivalLastUs = 0
  readonly #byIncarnation = new Map<number, StreamView<Place>>()
  readonly #listener: ViewListener<Place>

  constructor(listener: ViewListener<Place>) {
    this.#listener = listener
  }

  stream(incarnation: number): StreamView<Place> | undefined {
    return this.#byIncarnation.get(incarnation)
  }

  shard(incarnation: number, shard: number): ShardView<Place> | undefined {
    return this.#byIncarnation.get(incarnation)?.shards[shard]
  }

  /** Makes a batch readable. One of a stream that is gone since is dropped at once. */
  append(incarnation: number, shard: number, entry: IndexEntry<Place>): void {
    const view = this.shard(incarnation, shard)
    if (view === undefined) {
      this.#listener.dropped([entry])
      return
    }
    this.arrivalLastUs = Math.max(this.arrivalLastUs, entry.arrivalUs)
    view.index.append(entry)
    wake(view)
  }

  apply(change: ControlChange): void {
    switch (change.kind) {
      case 'stream':
        this.#putStream(change)
        break
      case 'delete':
        this.#deleteStream(change.incarnation)
        break
      case 'trim':
        this.#trim(change)
        break
      case 'offset':
        this.#putOffset(change.group, change)
        break
      case 'reset':
        this.#resetGroup(change.group, change.offsets)
        break
      case 'idle': {
        const group = this.groups.get(change.group)
        if (group !== undefined) group.idleSinceUs = change.sinceUs ?? undefined
        break
      }
      case 'reserve': {
        const view = this.shard(change.incarnation, change.shard)
        if (view !== undefined) view.reserved = change.next
        break
      }
      case 'remember':
        this.idempotency.remember(change)
        break
      case 'closed':
        break
      default:
        change satisfies never
    }
  }

  describe(names?: readonly string[]): readonly StreamDescription[] {
    const wanted = names?.map((name) => this.streams.get(name)) ?? [...this.streams.values()]
    return wanted.filter((stream) => stream !== undefined).map(describeStream)
  }

  /** Ends every wait: the engine closes. */
  wakeAll(): void {
    for (const stream of this.streams.values()) for (const shard of stream.shards) wake(shard)
  }

  #putStream(change: StreamChange): void {
    const { incarnation, record } = change
    let stream = this.#byIncarnation.get(incarnation)
    if (stream === undefined) {
      stream = { ...change, shards: [] }
      this.#byIncarnation.set(incarnation, stream)
    } else {
      stream.record = record
    }
    this.streams.set(record.name, stream)
    this.incarnationLast = Math.max(this.incarnationLast, incarnation)
    while (stream.shards.length < record.shards) {
      stream.shards.push({ index: new ShardIndex(), reserved: 0, waiting: new Set() })
    }
    this.#listener.streamChanged(record.name)
  }

  #deleteStream(incarnation: number): void {
    const stream = this.#byIncarnation.get(incarnation)
    if (stream === undefined) return
    this.#byIncarnation.delete(incarnation)
    this.streams.delete(stream.record.name)
    for (const shard of stream.shards) {
      this.#listener.dropped(shard.index.trim(Number.MAX_SAFE_INTEGER))
      wake(shard)
    }
    for (const [name, group] of this.groups) {
      for (const [key, offset] of group.offsets) {
        if (offset.incarnation === incarnation) group.offsets.delete(key)
      }
      this.#forgetEmpty(name)
    }
    this.#listener.streamChanged(stream.record.name)
  }

  #trim({ incarnation, shard, first }: TrimChange): void {
    const view = this.shard(incarnation, shard)
    if (view === undefined) return
    this.#listener.dropped(view.index.trim(first))
    wake(view)
  }

  #resetGroup(name: string, offsets: readonly GroupOffset[]): void {
    this.groups.get(name)?.offsets.clear()
    for (const offset of offsets) this.#putOffset(name, offset)
    this.#forgetEmpty(name)
  }

  #putOffset(name: string, { stream, incarnation, shard, next }: GroupOffset): void {
    if (!this.#byIncarnation.has(incarnation)) return
    let group = this.groups.get(name)
    if (group === undefined) {
      group = { offsets: new Map(), idleSinceUs: undefined }
      this.groups.set(name, group)
    }
    group.offsets.set(`${incarnation}/${shard}`, { stream, incarnation, shard, next })
  }

  #forgetEmpty(name: string): void {
    if (this.groups.get(name)?.offsets.size === 0) this.groups.delete(name)
  }
}

function wake<Place>(shard: ShardView<Place>): void {
  if (shard.waiting.size === 0) return
  for (const waiting of shard.waiting) waiting()
  shard.waiting.clear()
}

function describeStream<Place>(stream: StreamView<Place>): StreamDescription {
  const shardStates = stream.shards.map(({ index }, shard): ShardState => {
    const { first, next, records, bytes } = index
    const oldestUs = index.oldest?.arrivalUs
    return { shard, first, next, records, bytes, oldestUs, newestUs: index.newest?.arrivalUs }
  })
  return {
    ...stream.record,
    incarnation: stream.incarnation,
    createdUs: stream.createdUs,
    records: shardStates.reduce((sum, state) => sum + state.records, 0),
    bytes: shardStates.reduce((sum, state) => sum + state.bytes, 0),
    shardStates,
  }
}
