/**
 * One partition as long as this member reads it without a break: what was fetched of it and not yet taken, and how far
 * it is done. It fetches nothing by itself.
 */
import { type CheckpointTicket, OffsetCheckpoint } from './offset-checkpoint.ts'

/** One message as it was fetched; `offset` is its own. */
export interface Fetched<T> {
  readonly offset: bigint
  readonly message: T
}

export interface LaneLimits {
  /** Messages that may be under way at once. */
  readonly checkpointLimit: number
  /** Messages that wait here before more are fetched. */
  readonly bufferMax: number
}

export interface LaneOptions {
  readonly topic: string
  readonly partition: number
  /** Where the first fetch begins. */
  readonly start: bigint
  readonly limits: LaneLimits
  /** Called when so many were taken that more are wanted again. */
  readonly wanting: () => void
}

export class PartitionLane<T> {
  readonly topic: string
  readonly partition: number
  readonly #limits: LaneLimits
  readonly #wanting: () => void
  readonly #checkpoint = new OffsetCheckpoint()
  #waiting: Fetched<T>[] = []
  #first = 0
  /** Where the next fetch begins. */
  fetchOffset: bigint
  committed: bigint | undefined
  /** Another member has the partition, or will: what is under way counts no more. */
  lost = false

  constructor({ topic, partition, start, limits, wanting }: LaneOptions) {
    this.topic = topic
    this.partition = partition
    this.fetchOffset = start
    this.#limits = limits
    this.#wanting = wanting
  }

  get wantsMore(): boolean {
    return this.#waiting.length - this.#first < this.#limits.bufferMax
  }

  get isReady(): boolean {
    return this.#first < this.#waiting.length && !this.isFull
  }

  get isFull(): boolean {
    return this.#checkpoint.pending >= this.#limits.checkpointLimit
  }

  /** The offset to commit, where there is one that was not. */
  get toCommit(): bigint | undefined {
    const { reached } = this.#checkpoint
    return reached === this.committed ? undefined : reached
  }

  /** `next` is where the following fetch begins, beyond what holds no messages too. */
  put(fetched: readonly Fetched<T>[], next: bigint): void {
    this.#waiting = [...this.#waiting.slice(this.#first), ...fetched]
    this.#first = 0
    this.fetchOffset = next
  }

  /** Only when it is ready. */
  shift(): Fetched<T> {
    const fetched = this.#waiting[this.#first]
    if (fetched === undefined) throw new Error('a lane that is not ready has nothing to give')
    this.#first += 1
    // Once, when it falls beneath the mark: a fetch that ends looks again by itself.
    if (this.#waiting.length - this.#first === this.#limits.bufferMax - 1) this.#wanting()
    return fetched
  }

  /** A batch that was handed out; `last` is the offset of its last message. */
  track(last: bigint, count: number): CheckpointTicket {
    return this.#checkpoint.take(last + 1n, count)
  }

  resolve(ticket: CheckpointTicket): void {
    this.#checkpoint.resolve(ticket)
  }
}
