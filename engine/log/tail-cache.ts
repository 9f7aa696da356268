/**
 * Keeps the newest frames in memory, so that readers who keep up cause no read at all. A frame whose batches are not
 * all in the segments stays, however much there is: the commit path holds back before that is too much.
 */
import type { DiskShard } from './disk-shard.ts'
import type { FrameBuffers } from './frame-buffers.ts'
import type { TailFrame } from './tail.ts'

export const TAIL_CACHE_BYTES_MAX: number = 32 * 1024 * 1024
const KEPT_SHARE = 3 / 4

interface CachedFrame {
  readonly frame: TailFrame
  readonly shards: ReadonlySet<DiskShard>
}

export class TailCache {
  readonly #bytesMax: number
  readonly #buffers: FrameBuffers
  #frames: CachedFrame[] = []
  #flushedSequence = 0
  #bytes = 0
  #unflushedBytes = 0

  /** What nobody reads any more goes to the buffers. */
  constructor(bytesMax: number, buffers: FrameBuffers) {
    this.#bytesMax = bytesMax
    this.#buffers = buffers
  }

  /** Of frames that only memory holds. */
  get unflushedBytes(): number {
    return this.#unflushedBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  add(frame: TailFrame, shards: ReadonlySet<DiskShard>): void {
    this.#frames.push({ frame, shards })
    this.#bytes += frame.bytes.length
    this.#unflushedBytes += frame.bytes.length
    this.#evict()
  }

  /** The segments hold every batch up to this frame. */
  flushed(sequence: number): void {
    this.#flushedSequence = sequence
    this.#unflushedBytes = this.#frames
      .filter(({ frame }) => frame.sequence > sequence)
      .reduce((sum, { frame }) => sum + frame.bytes.length, 0)
    this.#evict()
  }

  #evict(): void {
    if (this.#bytes <= this.#bytesMax) return
    // Many at once: each shard's list is cut as a whole.
    const bytesLeft = this.#bytesMax * KEPT_SHARE
    let count = 0
    const shards = new Set<DiskShard>()
    while (this.#bytes > bytesLeft) {
      const oldest = this.#frames[count]
      if (oldest === undefined || oldest.frame.sequence > this.#flushedSequence) break
      this.#bytes -= oldest.frame.bytes.length
      for (const shard of oldest.shards) shards.add(shard)
      count++
    }
    const last = this.#frames[count - 1]
    if (last === undefined) return
    const evicted = this.#frames.slice(0, count)
    this.#frames = this.#frames.slice(count)
    for (const shard of shards) shard.evict(last.frame.sequence)
    for (const { frame } of evicted) if (!frame.isShared) this.#buffers.give(frame.bytes)
  }
}
