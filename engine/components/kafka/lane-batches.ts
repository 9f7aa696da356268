/** Makes batches of the messages of each partition as a batching policy says; without one, each message is a batch. */
import { Batcher, type BatchTriggers } from '../../pipelines/batch-policy.ts'
import type { Message } from '../../pipelines/message.ts'
import type { Clock } from '../../ports/clock.ts'
import type { PartitionLane } from './partition-lane.ts'

export interface LaneBatch {
  readonly lane: PartitionLane<Message>
  readonly messages: readonly Message[]
  /** The offset of its last message. */
  readonly last: bigint
}

export class LaneBatches {
  readonly #triggers: BatchTriggers | undefined
  readonly #clock: Clock
  readonly #made: () => void
  readonly #batchers = new Map<PartitionLane<Message>, Batcher<bigint>>()
  #ready: LaneBatch[] = []

  /** `made` is called when time alone completed a batch. */
  constructor(triggers: BatchTriggers | undefined, clock: Clock, made: () => void) {
    this.#triggers = triggers
    this.#clock = clock
    this.#made = made
  }

  /** Takes what the lanes have; those that were lost are forgotten. */
  next(lanes: Iterable<PartitionLane<Message>>): LaneBatch | undefined {
    this.#ready = this.#ready.filter(({ lane }) => !lane.lost)
    if (this.#ready.length === 0) this.#gather(lanes)
    return this.#ready.shift()
  }

  close(): void {
    for (const batcher of this.#batchers.values()) batcher.close()
    this.#batchers.clear()
  }

  #gather(lanes: Iterable<PartitionLane<Message>>): void {
    for (const lane of lanes) {
      if (this.#triggers === undefined) {
        if (!lane.isReady) continue
        const { offset, message } = lane.shift()
        this.#ready.push({ lane, messages: [message], last: offset })
      } else {
        const batcher = this.#batcherOf(lane, this.#triggers)
        while (lane.isReady && this.#ready.length === 0) {
          const { offset, message } = lane.shift()
          batcher.add([message], offset)
        }
      }
    }
    for (const [lane, batcher] of this.#batchers) {
      if (!lane.lost) continue
      batcher.close()
      this.#batchers.delete(lane)
    }
  }

  #batcherOf(lane: PartitionLane<Message>, triggers: BatchTriggers): Batcher<bigint> {
    const known = this.#batchers.get(lane)
    if (known !== undefined) return known
    const batcher = new Batcher<bigint>(triggers, this.#clock, (messages, offsets) => {
      this.#ready.push({ lane, messages, last: offsets.at(-1) ?? 0n })
      this.#made()
    })
    this.#batchers.set(lane, batcher)
    return batcher
  }
}
