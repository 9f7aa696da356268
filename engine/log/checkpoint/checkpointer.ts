/**
 * Moves what only the journal holds into the segments, writes down what there is, and lets the journal go on in the
 * files that are free thereby. It runs behind the commits, never on the way of one.
 *
 * 1. The state as of the frame that was shown last is taken at once, in memory.
 * 2. The batches up to there go to the segments, which are synced.
 * 3. The checkpoint is written into the slot that does not count, then the superblock, which makes it count.
 * 4. The journal's files up to there are free, and what no checkpoint names any more is removed.
 *
 * A crash between any two steps leaves the checkpoint before, with everything that it names.
 */
import type { Clock, Timer } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import { isDiskFull } from '../disk-full.ts'
import type { DiskShard, SegmentRoll } from '../disk-shard.ts'
import { Histogram } from '../histogram.ts'
import type { Journal, JournalPoint } from '../journal/journal.ts'
import type { LogView } from '../log-view.ts'
import type { SegmentFileName, SegmentStore } from '../segments/segment-store.ts'
import type { TailCache } from '../tail-cache.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { CheckpointFiles } from './checkpoint-files.ts'
import { markOf, type Snapshot, takeSnapshot } from './snapshot.ts'
import type { Superblocks } from './superblock.ts'

export const CHECKPOINT_BYTES: number = 64 * 1024 * 1024
/** A journal that is so full, and did not grow, is relieved. */
const JOURNAL_SHARE = 0.8
/** More than that of the next checkpoint is there before this one is through: commits come fast. */
const BUSY_SHARE = 1 / 8
export const CHECKPOINT_AFTER_MS = 10_000
/** How old the superblock's word may be on what is durable, while there are commits. */
export const DURABLE_MARK_MS = 1_000

export interface CheckpointerOptions {
  readonly clock: Clock
  readonly logger: Logger | undefined
  readonly view: LogView<DiskShard>
  readonly journal: Journal
  readonly segments: SegmentStore
  readonly tail: TailCache
  readonly files: CheckpointFiles
  readonly superblocks: Superblocks
  readonly checkpointBytes: number
  /** When a segment of the stream rolls before it is full. */
  readonly rollOf: (shard: DiskShard) => SegmentRoll
  /** Throws where the directory is not the one any more that was opened. */
  readonly checkPlace: () => Promise<void>
  /** Something failed that makes it unsafe to go on. */
  readonly onFailure: (error: unknown) => void
}

/** A checkpoint that counted, with everything that it names. */
export interface HeldCheckpoint extends Disposable {
  readonly checkpoint: Checkpoint
}

export class Checkpointer implements Disposable {
  readonly seconds: Histogram = new Histogram()
  /** Why the last one found no room; undefined when it was whole. */
  full: unknown
  readonly #options: CheckpointerOptions
  /** Behind the frame that was shown last. */
  #shown: JournalPoint
  #bytes = 0
  #discards: SegmentFileName[] = []
  #timer: Timer | undefined
  #markTimer: Timer | undefined
  #running: Promise<void> | undefined
  #isDisposed = false
  #holds = 0
  #captures: ((checkpoint: Checkpoint) => void)[] = []

  constructor(options: CheckpointerOptions, shown: JournalPoint) {
    this.#options = options
    this.#shown = shown
  }

  /** A frame was shown that ends at the point. */
  noteShown(point: JournalPoint, bytes: number): void {
    this.#shown = point
    this.#bytes += bytes
    const { clock, journal, checkpointBytes } = this.#options
    const isTight = journal.usedBytes > journal.capacityBytes * JOURNAL_SHARE
    if (isTight || this.#bytes >= checkpointBytes) {
      void this.run()
      return
    }
    this.#timer ??= clock.schedule(CHECKPOINT_AFTER_MS, () => {
      this.#timer = undefined
      void this.run()
    })
    this.#markTimer ??= clock.schedule(DURABLE_MARK_MS, () => {
      this.#markTimer = undefined
      void this.#markDurable()
    })
  }

  /** No checkpoint from the next one on names these. */
  discard(files: readonly SegmentFileName[]): void {
    this.#discards.push(...files)
  }

  /** Resolves when a checkpoint is through that began before the call, or with it. Failures are reported, not thrown. */
  run(): Promise<void> {
    this.#running ??= this.#attempt().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /**
   * A checkpoint that begins after the call. No file goes that it names until it is disposed; undefined where none came
   * to be, for want of room or because of a failure.
   */
  async hold(): Promise<HeldCheckpoint | undefined> {
    this.#holds++
    // What is under way may have begun before what the caller wants to be in it.
    await this.settled()
    let checkpoint: Checkpoint | undefined
    const capture = (captured: Checkpoint): void => {
      checkpoint = captured
    }
    this.#captures.push(capture)
    await this.run()
    this.#captures = this.#captures.filter((other) => other !== capture)
    if (checkpoint === undefined) {
      this.#holds--
      return undefined
    }
    return { checkpoint, [Symbol.dispose]: () => void this.#holds-- }
  }

  async settled(): Promise<void> {
    await this.#running
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#timer?.cancel()
    this.#markTimer?.cancel()
  }

  async #attempt(): Promise<void> {
    const { clock, logger, onFailure } = this.#options
    this.#timer?.cancel()
    this.#timer = undefined
    const startedMs = clock.monotonicMs()
    const discards = this.#discards
    this.#discards = []
    this.#bytes = 0
    try {
      await this.#checkpoint(discards)
      this.full = undefined
      this.seconds.observe((clock.monotonicMs() - startedMs) / 1000)
    } catch (error) {
      this.#discards = [...discards, ...this.#discards]
      if (!isDiskFull(error)) {
        onFailure(error)
        return
      }
      this.full = error
      logger?.warn('A checkpoint found no room; it is tried again', { error })
      if (this.#isDisposed) return
      this.#timer ??= clock.schedule(CHECKPOINT_AFTER_MS, () => {
        this.#timer = undefined
        void this.run()
      })
    }
  }

  async #checkpoint(discards: readonly SegmentFileName[]): Promise<void> {
    const { view, journal, segments, tail, files, superblocks, checkpointBytes } = this.#options
    const shown = this.#shown
    const snapshot = takeSnapshot(view)
    await segments.withDescriptor(this.#options.checkPlace)
    const full = await this.#flush(snapshot, shown.sequence - 1)
    await segments.sync()
    const { current } = superblocks
    // Without room for all of it, the journal goes on holding what it held.
    const point = full === undefined ? shown : current.point
    const slot = current.checkpoint?.slot === 0 ? 1 : 0
    const id = (current.checkpoint?.id ?? 0) + 1
    const { changes, shards, incarnationLast, arrivalLastUs } = snapshot
    const head = {
      kind: 'checkpoint' as const,
      id,
      engine: current.id,
      opens: current.opens,
      point,
      incarnationLast,
      arrivalLastUs,
    }
    const checkpoint = { head, changes, shards: shards.map(markOf) }
    await segments.withDescriptor(() => files.write(slot, checkpoint))
    // Of what was recovered a checkpoint without room for it proves nothing.
    const durableSequence = full === undefined ? journal.syncedSequence : current.durableSequence
    const changed = { checkpoint: { id, slot }, point, durableSequence }
    await segments.withDescriptor(() => superblocks.write(changed))
    if (this.#holds === 0) await segments.discard(discards)
    else this.#discards = [...discards, ...this.#discards]
    if (full !== undefined) throw full
    for (const capture of this.#captures) capture(checkpoint)
    journal.release(point)
    tail.flushed(point.sequence - 1)
    // Under load the disk has no time to spare for zeros: filling them in would be a third write of every byte.
    if (this.#bytes < checkpointBytes * BUSY_SHARE) await segments.fillAhead()
  }

  /** What there was no room for, when there was none; the shards that fitted are flushed all the same. */
  async #flush({ shards }: Snapshot, frameSequence: number): Promise<unknown> {
    let full: unknown
    for (const { log } of shards) {
      const unflushed = log.unflushedFrame
      if (unflushed === undefined || unflushed > frameSequence) continue
      try {
        await log.flush(frameSequence, this.#options.rollOf(log))
      } catch (error) {
        if (!isDiskFull(error)) throw error
        full = error
      }
    }
    return full
  }

  async #markDurable(): Promise<void> {
    const { superblocks, journal, logger } = this.#options
    const { syncedSequence: durableSequence } = journal
    if (this.#isDisposed || superblocks.current.durableSequence >= durableSequence) return
    try {
      await this.#options.checkPlace()
      await superblocks.write({ durableSequence })
    } catch (error) {
      // It only sharpens what a later recovery can tell; the next checkpoint will notice a disk that fails.
      logger?.warn('The superblock was not refreshed', { error })
    }
  }
}
