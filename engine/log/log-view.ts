/**
 * What is durable and can be seen: streams, the index of their batches, group offsets. Changes are applied to it in
 * the order of their commits, once they are durable; it judges nothing and does no input or output.
 */
import type { GroupOffset } from '../streams/groups.ts'
import type { ShardState, StreamDescription, StreamRecord } from '../streams/streams.ts'
import type { ControlChange, StreamChange, TrimChange } from './change.ts'
import type { KeyIndex } from './compaction/key-index.ts'
import { IdempotencyTable } from './idempotency.ts'
import type { ShardLog } from './shard-log.ts'
import type { TailBatch } from './tail.ts'

export interface StreamView<Shard extends ShardLog = ShardLog> {
  readonly incarnation: number
  readonly createdUs: number
  readonly partitioner: string
  record: StreamRecord
  /** By which those find it still who began before it was renamed. */
  readonly formerNames: string[]
  readonly shards: ShardView<Shard>[]
}

export interface ShardView<Shard extends ShardLog = ShardLog> {
  readonly log: Shard
  /** As of the last reserve change; zero without one. */
  reserved: number
  /** Called, and forgotten, when the shard changes; there while anyone waits, for most shards are idle. */
  waiting: Set<() => void> | undefined
  /** There once the shard of a compacted stream was asked for a key. */
  keys: KeyIndex | undefined
}

export interface GroupView {
  readonly offsets: Map<string, GroupOffset>
  idleSinceUs: number | undefined
}

export interface ViewListener<Shard extends ShardLog> {
  createShard(incarnation: number, shard: number, stream: string): Shard
  /** A trim dropped that many of the stream's bytes. */
  released?(incarnation: number, bytes: number): void
  /** The stream is gone, with all that it held. */
  removed?(incarnation: number): void
  /** A stream was created, altered or deleted. */
  streamChanged(name: string): void
}

export class LogView<Shard extends ShardLog = ShardLog> {
  readonly streams: Map<string, StreamView<Shard>> = new Map()
  readonly groups: Map<string, GroupView> = new Map()
  readonly idempotency: IdempotencyTable = new IdempotencyTable()
  incarnationLast = 0
  /** No shard's next arrival lies below it, whatever the clock says after a restart. */
  arrivalLastUs = 0
  readonly #byIncarnation = new Map<number, StreamView<Shard>>()
  readonly #listener: ViewListener<Shard>

  constructor(listener: ViewListener<Shard>) {
    this.#listener = listener
  }

  stream(incarnation: number): StreamView<Shard> | undefined {
    return this.#byIncarnation.get(incarnation)
  }

  /** By its name, or by one that it had when whoever asks began. */
  find(name: string, incarnation: number): StreamView<Shard> | undefined {
    const stream = this.#byIncarnation.get(incarnation)
    const isNamed = stream?.record.name === name || stream?.formerNames.includes(name) === true
    return isNamed ? stream : undefined
  }

  shard(incarnation: number, shard: number): ShardView<Shard> | undefined {
    return this.#byIncarnation.get(incarnation)?.shards[shard]
  }

  /** Makes a batch readable; undefined where its stream is gone since. */
  append(incarnation: number, shard: number, batch: TailBatch): Shard | undefined {
    const view = this.shard(incarnation, shard)
    if (view === undefined) return undefined
    if (batch.arrivalUs > this.arrivalLastUs) this.arrivalLastUs = batch.arrivalUs
    view.log.append(batch)
    if (view.keys !== undefined) view.keys.note(batch)
    wake(view)
    return view.log
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
      stream = { ...change, formerNames: [], shards: [] }
      this.#byIncarnation.set(incarnation, stream)
    } else {
      const former = stream.record.name
      stream.record = record
      if (former !== record.name) this.#rename(stream, former)
    }
    this.streams.set(record.name, stream)
    this.incarnationLast = Math.max(this.incarnationLast, incarnation)
    while (stream.shards.length < record.shards) {
      const log = this.#listener.createShard(incarnation, stream.shards.length, record.name)
      stream.shards.push({ log, reserved: 0, waiting: undefined, keys: undefined })
    }
    this.#listener.streamChanged(record.name)
  }

  #rename(stream: StreamView<Shard>, former: string): void {
    const { incarnation, record } = stream
    this.streams.delete(former)
    stream.formerNames.push(former)
    for (const { log } of stream.shards) log.rename?.(record.name)
    for (const { offsets } of this.groups.values())
      for (const [key, offset] of offsets)
        if (offset.incarnation === incarnation) offsets.set(key, { ...offset, stream: record.name })
    this.#listener.streamChanged(former)
  }

  #deleteStream(incarnation: number): void {
    const stream = this.#byIncarnation.get(incarnation)
    if (stream === undefined) return
    this.#byIncarnation.delete(incarnation)
    this.streams.delete(stream.record.name)
    this.#listener.removed?.(incarnation)
    for (const shard of stream.shards) {
      shard.log.trim(Number.MAX_SAFE_INTEGER)
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
    const before = view.log.bytes
    view.log.trim(first)
    const released = before - view.log.bytes
    if (released > 0) this.#listener.released?.(incarnation, released)
    wake(view)
  }

  #resetGroup(name: string, offsets: readonly GroupOffset[]): void {
    this.groups.get(name)?.offsets.clear()
    for (const offset of offsets) this.#putOffset(name, offset)
    this.#forgetEmpty(name)
  }

  #putOffset(name: string, { incarnation, shard, next }: GroupOffset): void {
    const stream = this.#byIncarnation.get(incarnation)?.record.name
    if (stream === undefined) return
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

/** Where a reader waits for the shard to change. */
export function waitersOf(shard: ShardView): Set<() => void> {
  shard.waiting ??= new Set()
  return shard.waiting
}

function wake(shard: ShardView): void {
  const { waiting } = shard
  if (waiting === undefined) return
  shard.waiting = undefined
  for (const call of waiting) call()
}

/** The last description of each, which whoever compares two looks finds to be the same object where nothing changed. */
const described = new WeakMap<
  StreamView,
  { readonly record: StreamRecord; readonly description: StreamDescription }
>()

function describeStream(stream: StreamView): StreamDescription {
  const known = described.get(stream)
  if (known?.record === stream.record && isStill(known.description, stream)) {
    return known.description
  }
  const shardStates = stream.shards.map(({ log }, shard): ShardState => {
    const { first, next, records, bytes, oldestUs, newestUs } = log
    return { shard, first, next, records, bytes, oldestUs, newestUs }
  })
  const description: StreamDescription = {
    ...stream.record,
    incarnation: stream.incarnation,
    createdUs: stream.createdUs,
    records: shardStates.reduce((sum, state) => sum + state.records, 0),
    bytes: shardStates.reduce((sum, state) => sum + state.bytes, 0),
    shardStates,
  }
  described.set(stream, { record: stream.record, description })
  return description
}

function isStill({ shardStates }: StreamDescription, { shards }: StreamView): boolean {
  if (shardStates.length !== shards.length) return false
  return shards.every(({ log }, index) => {
    const state = shardStates[index]
    return (
      state !== undefined &&
      state.next === log.next &&
      state.first === log.first &&
      state.records === log.records &&
      state.bytes === log.bytes &&
      state.oldestUs === log.oldestUs &&
      state.newestUs === log.newestUs
    )
  })
}
