/** Brings a view from its checkpoint to where the journal ends, and notices what is missing on the way. */

import { nextSequence } from './batch-header.ts'
import type { ControlChange } from './change.ts'
import type { Damage } from './damage.ts'
import type { DiskShard } from './disk-shard.ts'
import type { FrameBatch, FrameContent } from './journal/frame.ts'
import type { LogView } from './log-view.ts'
import type { TailFrame } from './tail.ts'
import type { TailCache } from './tail-cache.ts'

export class Replay {
  readonly #view: LogView<DiskShard>
  readonly #tail: Pick<TailCache, 'add'>
  readonly #damage: Damage

  constructor(view: LogView<DiskShard>, tail: Pick<TailCache, 'add'>, damage: Damage) {
    this.#view = view
    this.#tail = tail
    this.#damage = damage
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
    const stream = this.#view.stream(incarnation)
    const log = stream?.shards[shard]?.log
    if (stream === undefined || log === undefined) {
      // One that was deleted is known by its number; of this one the creation is damaged.
      if (incarnation <= this.#view.incarnationLast) return
      this.#damage.note(`records of stream number ${incarnation}, whose creation is lost`)
      return
    }
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
}
