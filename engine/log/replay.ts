/** Brings a view from its checkpoint to where the journal ends, and notices what is missing on the way. */

import { type BatchHeader, nextSequence } from './batch-header.ts'
import type { ControlChange } from './change.ts'
import type { Damage } from './damage.ts'
import type { DiskShard } from './disk-shard.ts'
import type { FrameBatch, FrameContent } from './journal/frame.ts'
import type { LogView, StreamView } from './log-view.ts'
import { standInStream } from './rebuild.ts'
import type { TailFrame } from './tail.ts'
import type { TailCache } from './tail-cache.ts'

/** Batches do not say what their stream is called. */
const UNKNOWN_STREAM = 'default/unknown'

export class Replay {
  readonly #view: LogView<DiskShard>
  readonly #tail: Pick<TailCache, 'add'>
  readonly #damage: Damage
  /** The checkpoint is not there: a stream that is not known need not be one that was deleted. */
  readonly #isRebuilt: boolean

  constructor(
    view: LogView<DiskShard>,
    tail: Pick<TailCache, 'add'>,
    damage: Damage,
    isRebuilt: boolean,
  ) {
    this.#view = view
    this.#tail = tail
    this.#damage = damage
    this.#isRebuilt = isRebuilt
  }

  /** Applies what a frame says, in its order. */
  apply({ entries, batches }: FrameContent, frame: TailFrame): void {
    const shards = new Set<DiskShard>()
    const left = batches.values()
    for (const entry of entries) {
      if (typeof entry !== 'number') this.#control(entry)
      else for (const batch of left.take(entry)) this.#append(batch, frame, shards)
    }
    this.#tail.add(frame, shards)
  }

  #control(change: ControlChange): void {
    this.#view.apply(change)
  }

  #append({ header, start, byteLength }: FrameBatch, frame: TailFrame, shards: Set<DiskShard>) {
    const { incarnation, shard, baseSequence, count, arrivalUs } = header
    const stream = this.#streamOf(header)
    const log = stream?.shards[shard]?.log
    if (stream === undefined || log === undefined) return
    if (baseSequence > log.next) {
      const lost = { from: log.next, to: baseSequence - 1 }
      log.markLost(lost)
      this.#damage.lose({ stream: stream.record.name, shard, ...lost })
    }
    this.#view.append(incarnation, shard, {
      baseSequence,
      nextSequence: nextSequence(header),
      count,
      arrivalUs,
      frame,
      at: start,
      byteLength,
    })
    shards.add(log)
  }

  /** One whose creation, or growth, is lost is made up, so that its records are not. */
  #streamOf({ incarnation, shard, arrivalUs }: BatchHeader): StreamView<DiskShard> | undefined {
    const found = this.#view.stream(incarnation)
    if (found?.shards[shard] !== undefined) return found
    if (found !== undefined) {
      this.#damage.note(`the growth of ${found.record.name} to ${shard + 1} shards`)
      const { createdUs, partitioner, record } = found
      const grown = { ...record, shards: shard + 1 }
      this.#view.apply({ kind: 'stream', incarnation, createdUs, partitioner, record: grown })
      return found
    }
    // One that was deleted is known by its number; of this one the creation is damaged.
    if (incarnation <= this.#view.incarnationLast && !this.#isRebuilt) return undefined
    this.#damage.note(`the creation of stream number ${incarnation}, whose records are there`)
    const times = { oldestUs: arrivalUs, newestUs: arrivalUs }
    this.#view.apply(standInStream(UNKNOWN_STREAM, { incarnation, shards: shard + 1, ...times }))
    return this.#view.stream(incarnation)
  }
}
