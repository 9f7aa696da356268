/**
 * Reads one shard for a `stream` input, from where its group stands, one read ahead of who takes it.
 *
 * A lane is one unbroken hold on a shard: when the shard goes to another member the lane is drained, and then lost for
 * good, with whatever work is still under way; a shard that comes back gets a new lane at what is committed then.
 */
import { setImmediate } from 'node:timers/promises'
import { asHeadgateError, type HeadgateError } from '../error.ts'
import { RecordCursor } from '../log/batch.ts'
import type { Log, OffsetCommit, Position, Reader, ReadResult, ShardRef } from '../log/log.ts'
import type { Clock } from '../ports/clock.ts'
import type { Logger } from '../ports/logger.ts'
import type { InputBatch, OffsetMark } from './component.ts'
import type { Batch, Message } from './message.ts'
import { messageOfRecord, type RecordOrigin } from './record-message.ts'

export const READ_BYTES: number = 512 * 1024
export const READ_WAIT_MS = 30_000
/** A batch of small records is parted here, or it would hold the event loop too long. */
export const STREAM_BATCH_RECORDS_MAX = 512
const RETRY_MS = 500

export interface LaneOwner {
  /** `take` gives something now. */
  ready(lane: StreamLane): void
  failed(error: HeadgateError): void
  /** The group's commit for this shard under the generation of now. */
  offsetOf(lane: StreamLane, next: number): OffsetCommit
  refresh(): Promise<void>
}

export interface LaneOptions {
  readonly log: Log
  readonly clock: Clock
  readonly logger: Logger
  readonly ref: ShardRef
  readonly origin: RecordOrigin
  /** What the group committed; without it the lane begins at the first record that there is. */
  readonly committed: number | undefined
}

export class StreamLane {
  readonly shard: number
  readonly #options: LaneOptions
  readonly #owner: LaneOwner
  readonly #lost = new AbortController()
  /** Through this lane, or before it. */
  #committed: number | undefined
  #cursor: RecordCursor | undefined
  #next = 0
  #exhausted = true
  #taken: (() => void) | undefined
  /** Up to where batches were taken; undefined before the first. */
  #reached: number | undefined
  #drained: PromiseWithResolvers<void> | undefined

  constructor(options: LaneOptions, owner: LaneOwner) {
    this.shard = options.ref.shard
    this.#options = options
    this.#owner = owner
    this.#committed = options.committed
  }

  get lost(): boolean {
    return this.#lost.signal.aborted
  }

  /** Reads until the lane is lost. Never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#lost
    while (!signal.aborted) {
      try {
        await this.#readFrom(await this.#position())
      } catch (thrown) {
        const error = asHeadgateError(thrown)
        if (signal.aborted) return
        if (error.code !== 'PositionInvalid') {
          this.#owner.failed(error)
          await this.#options.clock.sleep(RETRY_MS, signal).catch(() => {})
        }
      }
    }
  }

  lose(): void {
    this.#lost.abort()
    this.#taken?.()
    this.#drained?.resolve()
  }

  /** Gives no more batches; resolves once those that were taken are committed, or the lane is lost. */
  drain(): Promise<void> {
    this.#drained ??= Promise.withResolvers<void>()
    if (this.lost || this.#isThrough) this.#drained.resolve()
    return this.#drained.promise
  }

  get #isThrough(): boolean {
    return this.#reached === undefined || this.#reached === this.#committed
  }

  /** The next batch of what was read; undefined when all of it was taken. */
  take(): InputBatch | undefined {
    const cursor = this.#cursor
    if (cursor === undefined || this.lost || this.#drained !== undefined) return undefined
    const messages: Message[] = []
    const arrivedUsFirst = cursor.arrivalUs
    let arrivedUsLast = arrivedUsFirst
    let last = 0
    let more = !this.#exhausted
    while (more && messages.length < STREAM_BATCH_RECORDS_MAX) {
      messages.push(messageOfRecord(cursor, this.#options.origin))
      last = cursor.sequence
      arrivedUsLast = cursor.arrivalUs
      more = cursor.next()
    }
    if (!more) {
      this.#cursor = undefined
      this.#taken?.()
    }
    if (messages.length === 0) return undefined
    this.#reached = more ? last + 1 : this.#next
    const mark = this.#mark(messages, this.#reached)
    return { messages, mark, arrivedUsFirst, arrivedUsLast }
  }

  get hasMore(): boolean {
    return this.#cursor !== undefined && !this.lost && this.#drained === undefined
  }

  #mark(messages: Batch, next: number): OffsetMark {
    const after = (reached: number): number =>
      reached < messages.length ? Number(messages[reached]?.metadata('headgate_sequence')) : next
    return {
      lane: this,
      offset: (reached = messages.length) =>
        this.lost ? undefined : this.#owner.offsetOf(this, after(reached)),
      committed: (reached) => {
        this.#committed = after(reached)
        if (this.#isThrough) this.#drained?.resolve()
      },
      refresh: () => this.#owner.refresh(),
    }
  }

  async #readFrom(position: Position): Promise<void> {
    const { signal } = this.#lost
    await using reader: Reader = this.#options.log.open(position)
    while (!signal.aborted) {
      const result = await reader.next(READ_BYTES, READ_WAIT_MS, signal)
      // Under a clock that stands still a wait may end at once; others have to get their turn.
      if (result === undefined) await setImmediate()
      else await this.#offer(result)
    }
  }

  /** Until everything of the result was taken. */
  async #offer(result: ReadResult): Promise<void> {
    const cursor = new RecordCursor(result.bytes, result.from)
    this.#next = result.next
    this.#at = result.next
    if (!cursor.next()) return
    this.#cursor = cursor
    this.#exhausted = false
    await new Promise<void>((resolve) => {
      this.#taken = resolve
      this.#owner.ready(this)
    })
  }

  /** Where to read on after an error; the first time, where the group stands. */
  #at: number | undefined

  async #position(): Promise<Position> {
    const { log, ref } = this.#options
    const earliest = await log.resolve(ref, { kind: 'earliest' })
    const from = this.#at ?? this.#committed ?? earliest.sequence
    if (from >= earliest.sequence) return { ...ref, sequence: from }
    this.#options.logger.warn('records expired before they were read', {
      stream: this.#options.origin.stream,
      shard: this.shard,
      expected: from,
      earliest: earliest.sequence,
      missedAtMost: earliest.sequence - from,
    })
    this.#at = earliest.sequence
    return earliest
  }
}

/** The stream is away: connect again, and wait for it there. */
export function isStreamGone(error: HeadgateError): boolean {
  return error.code === 'StreamNotFound' || error.code === 'ShardOutOfRange'
}
