/**
 * Compacts the streams that are declared so, in the background: it looks now and then, and takes one shard after the
 * other, so that it never holds more than one shard's keys.
 */
import { HeadgateError } from '../../error.ts'
import type { Clock, Timer } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import type { DiskShard, SegmentRoll } from '../disk-shard.ts'
import type { LogView, StreamView } from '../log-view.ts'
import { RetentionTime } from '../retention-time.ts'
import type { SegmentMeta, SegmentStore } from '../segments/segment-store.ts'
import { type CompactionState, isDue, newCompactionState, sealedOf } from './compaction-rule.ts'
import type { KeyIndexes } from './key-indexes.ts'
import {
  COMPACTION_KEYS_BYTES_MAX,
  CompactionStopped,
  ShardCompaction,
} from './shard-compaction.ts'

export const COMPACTION_LOOK_MS = 10_000
/** After a shard could not be compacted. */
export const COMPACTION_RETRY_MS = 600_000
/** What is replaced is on the disk twice until a checkpoint; so much of it is no reason for one. */
const REPLACED_BYTES_MAX: number = 256 * 1024 * 1024

export interface CompactorOptions {
  readonly clock: Clock
  readonly logger: Logger | undefined
  readonly view: LogView<DiskShard>
  readonly keys: KeyIndexes
  readonly segments: SegmentStore
  readonly segmentBytes: number
  readonly rollOf: (shard: DiskShard) => SegmentRoll
  /** Why nothing can be written. */
  readonly condition: () => string | undefined
  /** Resolves when a checkpoint is through that began after the call. */
  readonly checkpoint: () => Promise<void>
  readonly released: (incarnation: number, bytes: number) => void
  readonly keysBytesMax?: number
}

export class Compactor implements Disposable {
  readonly #options: CompactorOptions
  readonly #states = new WeakMap<DiskShard, CompactionState>()
  readonly #time: RetentionTime
  #timer: Timer
  #running: Promise<void> | undefined
  #isDisposed = false
  /** Since the last checkpoint that was asked for. */
  #replacedBytes = 0

  constructor(options: CompactorOptions) {
    this.#options = options
    this.#time = new RetentionTime(options.clock, options.view.arrivalLastUs)
    this.#timer = this.#schedule()
  }

  /** What is under way stops soon; `settled` waits for it. */
  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#timer.cancel()
  }

  async settled(): Promise<void> {
    await this.#running
  }

  #schedule(): Timer {
    return this.#options.clock.schedule(COMPACTION_LOOK_MS, () => {
      this.#timer = this.#schedule()
      const nowUs = this.#time.nowUs()
      if (this.#running !== undefined) return
      this.#running = this.#look(nowUs).finally(() => {
        this.#running = undefined
      })
    })
  }

  async #look(nowUs: number | undefined): Promise<void> {
    for (const stream of [...this.#options.view.streams.values()]) {
      if (!this.#isWanted(stream)) continue
      for (const { log } of [...stream.shards]) {
        if (!this.#isWanted(stream)) break
        if (nowUs !== undefined) log.sealAged(nowUs, this.#options.rollOf(log))
        const state = this.#stateOf(log)
        if (state.retryMs > this.#options.clock.monotonicMs()) continue
        if (isDue(sealedOf(log.metas), state, nowUs)) await this.#compact(stream, log, state, nowUs)
      }
    }
  }

  async #compact(
    stream: StreamView<DiskShard>,
    log: DiskShard,
    state: CompactionState,
    nowUs: number | undefined,
  ): Promise<void> {
    const { clock, logger, segments, segmentBytes, keysBytesMax } = this.#options
    const compaction = new ShardCompaction({
      log,
      state,
      segmentBytes,
      keysBytesMax: keysBytesMax ?? COMPACTION_KEYS_BYTES_MAX,
      nowUs,
      isWanted: () => this.#isWanted(stream),
      removable: (keys) => this.#removable(stream, log, keys),
      sync: () => segments.sync(),
      discard: (file) => segments.discard([file]),
      replaced: (from, bytes) => this.#replaced(log, from, bytes),
      forget: (key, sequence) => stream.shards[log.shard]?.keys?.forget(key, sequence),
    })
    try {
      const written = await compaction.run()
      if (written > 0) await this.#checkpoint()
    } catch (error) {
      if (error instanceof CompactionStopped) return
      // Nothing is lost: what was not replaced is as it was.
      state.retryMs = clock.monotonicMs() + COMPACTION_RETRY_MS
      const { stream: name, shard } = log
      logger?.warn('A shard was not compacted; it is tried again', { stream: name, shard, error })
    }
  }

  /** Those that no other shard has a value of. Where that cannot be told, none. */
  async #removable(
    stream: StreamView<DiskShard>,
    log: DiskShard,
    keys: ReadonlySet<string>,
  ): Promise<ReadonlySet<string>> {
    if (stream.shards.length === 1) return keys
    try {
      const indexes = await this.#options.keys.of(stream, () => this.#isHeld(stream))
      const isHidden = (key: string): boolean =>
        indexes.some((index, shard) => shard !== log.shard && index.find(key)?.removed === false)
      return new Set([...keys].filter((key) => !isHidden(key)))
    } catch (error) {
      if (error instanceof HeadgateError) return new Set()
      throw error
    }
  }

  async #replaced(log: DiskShard, from: readonly SegmentMeta[], bytes: number): Promise<void> {
    if (bytes > 0) this.#options.released(log.incarnation, bytes)
    this.#replacedBytes += from.reduce((sum, meta) => sum + meta.bytes, 0)
    if (this.#replacedBytes >= REPLACED_BYTES_MAX) await this.#checkpoint()
  }

  async #checkpoint(): Promise<void> {
    this.#replacedBytes = 0
    await this.#options.checkpoint()
  }

  #isHeld({ incarnation, record }: StreamView<DiskShard>): boolean {
    return this.#options.view.stream(incarnation) !== undefined && record.compaction === 'key'
  }

  #isWanted(stream: StreamView<DiskShard>): boolean {
    if (this.#isDisposed || this.#options.condition() !== undefined) return false
    return this.#isHeld(stream) && stream.record.sealed === undefined
  }

  #stateOf(log: DiskShard): CompactionState {
    const state = this.#states.get(log) ?? newCompactionState()
    this.#states.set(log, state)
    return state
  }
}
