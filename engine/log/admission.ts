/**
 * Judges each request against the heads, in the order of submission, and says what it changes: the one place that
 * gives out sequences and arrivals. It does no input or output, and a request that it refuses leaves nothing behind.
 */
import { HeadgateError } from '../error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import { GroupCoordinator } from '../streams/group-coordinator.ts'
import type { GroupOffset } from '../streams/groups.ts'
import { type BatchPart, partitionBatch } from '../streams/partition-batch.ts'
import { PARTITIONER_ID } from '../streams/partitioner.ts'
import type { StreamRecord } from '../streams/streams.ts'
import { countFresh } from './batch-header.ts'
import type { Change, RememberChange, StreamChange } from './change.ts'
import { requireKeys } from './compaction/require-keys.ts'
import { digestSet, IdempotencyTable, runsOf } from './idempotency.ts'
import type { Append, AppendResult, Trim, WriteResult, WriteSet } from './log.ts'
import type { LogView } from './log-view.ts'
import { requireShard, type ShardHead, type StreamHead, StreamHeads } from './stream-heads.ts'
import type { AppendPart, WriteGate } from './write-gate.ts'

/** A relaxed shard reserves this many sequences at once, so that few of its writes wait for a sync. */
export const RELAXED_SEQUENCES_AHEAD = 65_536

export interface Judgement<Result> {
  readonly changes: readonly Change[]
  readonly result: Result
}

export interface AdmissionOptions {
  readonly clock: Clock
  readonly random: Random
  /** Above every generation that was given out before. */
  readonly generationBase: number
  /** Asked last, when a set fits all that is judged here. */
  readonly gate?: WriteGate | undefined
}

export class Admission {
  readonly groups: GroupCoordinator
  readonly #streams = new StreamHeads()
  readonly #idempotency = new IdempotencyTable()
  readonly #clock: Clock
  readonly #gate: WriteGate | undefined
  #rotation: number

  constructor({ clock, random, generationBase, gate }: AdmissionOptions) {
    this.#clock = clock
    this.#gate = gate
    this.#rotation = Math.floor(random.next() * 65_536)
    const shardCount = (stream: string, incarnation: number): number =>
      this.#streams.require(stream, incarnation).shards.length
    this.groups = new GroupCoordinator(clock, shardCount, generationBase)
  }

  /** Judges from now on by what can be seen, be it what recovery found or what is left after a refused commit. */
  load(view: LogView): void {
    this.#streams.load(view)
    this.#idempotency.clear()
    for (const change of view.idempotency.entries()) this.#idempotency.remember(change)
    this.#gate?.load(view.describe())
  }

  judgeWrite(set: WriteSet): Judgement<WriteResult> {
    const content = set.idempotencyKey === undefined ? '' : digestSet(set)
    if (set.idempotencyKey !== undefined) {
      const result = this.#idempotency.recall(set.idempotencyKey, content)
      if (result !== undefined) return { changes: [], result }
    }
    const changes: Change[] = []
    const undo: HeadBefore[] = []
    try {
      const appends = set.appends.map((append) => this.#judgeAppend(append, changes, undo))
      for (const offset of set.offsets ?? []) {
        this.groups.check(offset.group, offset.generation, offset)
        changes.push({ kind: 'offset', group: offset.group, ...this.#judgeOffset(offset) })
      }
      for (const trim of set.trims ?? []) this.#judgeTrim(trim, changes, undo)
      if (this.#gate !== undefined && set.appends.length > 0) this.#gate.admit(this.#parts(changes))
      if (set.idempotencyKey !== undefined) {
        changes.push(this.#remember(set.idempotencyKey, content, appends))
      }
      return { changes, result: { appends } }
    } catch (error) {
      for (const before of undo.reverse()) restoreHead(before)
      throw error
    }
  }

  judgeCreate(record: StreamRecord): Judgement<number> {
    this.#gate?.admitStream()
    const head = this.#streams.create(record, this.#clock.wallUs(), PARTITIONER_ID)
    return { changes: [streamChange(head)], result: head.incarnation }
  }

  judgeAlter(incarnation: number, record: StreamRecord): Judgement<number> {
    const grows = record.shards > (this.#streams.find(record.name)?.shards.length ?? 0)
    if (grows) this.#gate?.admitStream()
    const head = this.#streams.alter(incarnation, record)
    return { changes: [streamChange(head)], result: incarnation }
  }

  judgeRename(name: string, incarnation: number, record: StreamRecord): Judgement<number> {
    const grows = record.shards > (this.#streams.find(name)?.shards.length ?? 0)
    if (grows) this.#gate?.admitStream()
    const head = this.#streams.rename(name, incarnation, record)
    return { changes: [streamChange(head)], result: incarnation }
  }

  judgeDelete(name: string, incarnation: number): Judgement<void> {
    this.#streams.delete(name, incarnation)
    return { changes: [{ kind: 'delete', incarnation }], result: undefined }
  }

  judgeReset(group: string, offsets: readonly GroupOffset[]): Judgement<void> {
    const changes = offsets.map(
      (offset): Change => ({ kind: 'offset', group, ...this.#judgeOffset(offset) }),
    )
    this.groups.fence(group)
    if (changes.length === 0) changes.push({ kind: 'reset', group, offsets: [] })
    return { changes, result: undefined }
  }

  /** As part of a write, but passes over what is gone meanwhile. */
  judgeTrims(trims: readonly Trim[]): readonly Change[] {
    const changes: Change[] = []
    for (const trim of trims) {
      const stream = this.#streams.find(trim.stream)
      if (stream?.incarnation !== trim.incarnation || stream.record.sealed !== undefined) continue
      this.#judgeTrim(trim, changes, [])
    }
    return changes
  }

  /** Lets relaxed streams go on without a gap after an orderly end. */
  judgeClose(view: LogView): Judgement<void> {
    const changes: Change[] = []
    for (const name of view.streams.keys()) {
      const head = this.#streams.find(name)
      head?.shards.forEach(({ next, reserved }, shard) => {
        if (reserved <= next) return
        changes.push({ kind: 'reserve', incarnation: head.incarnation, shard, next })
      })
    }
    return { changes, result: undefined }
  }

  #judgeAppend(append: Append, changes: Change[], undo: HeadBefore[]): AppendResult {
    const { batch, expectNext, shard } = append
    const stream = this.#streams.require(append.stream, append.incarnation)
    if (stream.record.sealed !== undefined) throw sealed(stream.record)
    const count = countFresh(batch)
    if (stream.record.compaction === 'key') requireKeys(batch, stream.record.name)
    if (expectNext !== undefined) {
      const next = shard === undefined ? undefined : requireShard(stream, shard).next
      if (next !== expectNext) throw mismatch(append, next)
    }
    if (shard !== undefined) {
      const head = requireShard(stream, shard)
      const base = head.next
      if (count > 0) this.#append(stream, { shard, batch }, count, changes, undo)
      return new ContiguousResult(shard, base, count)
    }
    const rotate = (): number => this.#rotation++ % stream.shards.length
    const { shards, parts } = partitionBatch(batch, count, stream.shards.length, rotate)
    const nexts = new Map<number, number>()
    for (const part of parts) nexts.set(part.shard, requireShard(stream, part.shard).next)
    const sequences = new Float64Array(count)
    for (let index = 0; index < count; index++) {
      const sequence = nexts.get(shards[index] ?? 0) ?? 0
      sequences[index] = sequence
      nexts.set(shards[index] ?? 0, sequence + 1)
    }
    for (const part of parts) {
      const records = (nexts.get(part.shard) ?? 0) - requireShard(stream, part.shard).next
      if (records > 0) this.#append(stream, part, records, changes, undo)
    }
    return { shards, sequences }
  }

  #append(
    stream: StreamHead,
    { shard, batch }: BatchPart,
    count: number,
    changes: Change[],
    undo: HeadBefore[],
  ): void {
    const head = requireShard(stream, shard)
    undo.push(rememberHead(head))
    const { incarnation } = stream
    const relaxed = stream.record.durability === 'relaxed'
    const baseSequence = head.next
    head.next += count
    head.arrivalUs = Math.max(head.arrivalUs, this.#clock.wallUs())
    if (relaxed && head.next > head.reserved) {
      head.reserved = head.next + RELAXED_SEQUENCES_AHEAD
      changes.push({ kind: 'reserve', incarnation, shard, next: head.reserved })
    }
    const { arrivalUs } = head
    changes.push({
      kind: 'append',
      stream: stream.record.name,
      incarnation,
      shard,
      batch,
      baseSequence,
      count,
      arrivalUs,
      relaxed,
    })
  }

  /** What the changes would add, as it will be stored. */
  #parts(changes: readonly Change[]): readonly AppendPart[] {
    const parts: AppendPart[] = []
    for (const change of changes) {
      if (change.kind === 'append') parts.push(change)
    }
    return parts
  }

  #judgeOffset({ stream, incarnation, shard, next }: GroupOffset): GroupOffset {
    const found = this.#streams.require(stream, incarnation)
    const head = requireShard(found, shard)
    if (Number.isSafeInteger(next) && next >= 1 && next <= head.next) {
      return { stream: found.record.name, incarnation, shard, next }
    }
    throw new HeadgateError(
      'PositionInvalid',
      `expected an offset from 1 to ${head.next} in shard ${shard} of ${stream}, got ${next}`,
    )
  }

  #judgeTrim(trim: Trim, changes: Change[], undo: HeadBefore[]): void {
    const { stream, incarnation, shard } = trim
    const head = requireShard(this.#streams.require(stream, incarnation), shard)
    const first = Math.min(trim.first, head.next)
    if (!(first > head.first)) return
    undo.push(rememberHead(head))
    head.first = first
    changes.push({ kind: 'trim', incarnation, shard, first })
  }

  #remember(key: string, content: string, appends: readonly AppendResult[]): RememberChange {
    const atUs = this.#clock.wallUs()
    const change: RememberChange = {
      kind: 'remember',
      key,
      content,
      atUs,
      runs: appends.map(runsOf),
    }
    this.#idempotency.remember(change)
    return change
  }
}

/** What a head was before a set that may yet be refused: data, for each append costs one. */
interface HeadBefore extends Readonly<ShardHead> {
  readonly head: ShardHead
}

function rememberHead(head: ShardHead): HeadBefore {
  const { first, next, arrivalUs, reserved } = head
  return { head, first, next, arrivalUs, reserved }
}

function restoreHead({ head, first, next, arrivalUs, reserved }: HeadBefore): void {
  head.first = first
  head.next = next
  head.arrivalUs = arrivalUs
  head.reserved = reserved
}

function streamChange({ incarnation, createdUs, partitioner, record }: StreamHead): StreamChange {
  return { kind: 'stream', incarnation, createdUs, partitioner, record }
}

/** Made out when somebody looks: most who append do not. */
class ContiguousResult implements AppendResult {
  readonly #shard: number
  readonly #base: number
  readonly #count: number
  #shards: Uint16Array | undefined
  #sequences: Float64Array | undefined

  constructor(shard: number, base: number, count: number) {
    this.#shard = shard
    this.#base = base
    this.#count = count
  }

  get shards(): Uint16Array {
    this.#shards ??= new Uint16Array(this.#count).fill(this.#shard)
    return this.#shards
  }

  get sequences(): Float64Array {
    if (this.#sequences !== undefined) return this.#sequences
    const sequences = new Float64Array(this.#count)
    for (let index = 0; index < this.#count; index++) sequences[index] = this.#base + index
    this.#sequences = sequences
    return sequences
  }
}

function sealed(record: StreamRecord): HeadgateError {
  return new HeadgateError('StreamSealed', `expected an open stream, got ${record.name}, sealed`, {
    hint: 'Declare the stream again to take it back, or purge it.',
  })
}

function mismatch({ stream, shard, expectNext }: Append, next: number | undefined): HeadgateError {
  return new HeadgateError(
    'ExpectedNextMismatch',
    shard === undefined
      ? `expected a shard beside expectNext in an append to ${stream}, got none`
      : `expected shard ${shard} of ${stream} to end at ${expectNext}, got ${next}`,
    { hint: 'Read the shard from there, then write again.' },
  )
}
