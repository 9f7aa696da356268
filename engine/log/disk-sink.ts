/** Where judged changes go on a disk: into frames of the journal, and into the view once they are durable. */
import type { Change } from './change.ts'
import type { CommitGroup, CommitSink } from './commit-pipeline.ts'
import type { DiskShard } from './disk-shard.ts'
import type { FrameBuilder, Journal, JournalPoint } from './journal/journal.ts'
import type { LogView } from './log-view.ts'
import type { TailFrame } from './tail.ts'
import type { TailCache } from './tail-cache.ts'

/** What waits for the segments in memory; above it commits wait for a checkpoint. */
export const UNFLUSHED_BYTES_MAX: number = 192 * 1024 * 1024
/** Above it commits wait for a checkpoint too: a frame that found no file could not be released by one. */
const JOURNAL_SHARE_MAX = 0.95

export interface DiskSinkOptions {
  readonly view: LogView<DiskShard>
  readonly journal: Journal
  readonly tail: TailCache
  readonly onShown: (point: JournalPoint, bytes: number) => void
  /** Resolves when a checkpoint made room, or found none. */
  readonly makeRoom: () => Promise<void>
  readonly forget: () => void
}

export class DiskSink implements CommitSink<DiskGroup> {
  readonly #options: DiskSinkOptions

  constructor(options: DiskSinkOptions) {
    this.#options = options
  }

  begin(): DiskGroup {
    return new DiskGroup(this.#options.journal.begin())
  }

  room({ byteLength }: DiskGroup): Promise<void> | undefined {
    const { tail, journal, makeRoom } = this.#options
    const { usedBytes, capacityBytes } = journal
    const isTight = usedBytes > 0 && usedBytes + byteLength > capacityBytes * JOURNAL_SHARE_MAX
    return isTight || tail.unflushedBytes > UNFLUSHED_BYTES_MAX ? makeRoom() : undefined
  }

  async write(group: DiskGroup): Promise<void> {
    const { journal } = this.#options
    group.written = await journal.write(group.frame)
    group.end = journal.point
  }

  sync(): Promise<void> {
    return this.#options.journal.sync()
  }

  show({ changes, starts, frame, written, end }: DiskGroup): void {
    const { view, tail, onShown } = this.#options
    if (written === undefined || end === undefined) return
    const tailFrame: TailFrame = { sequence: frame.sequence, bytes: written, isShared: false }
    const shards = new Set<DiskShard>()
    let batches = 0
    for (const change of changes) {
      if (change.kind !== 'append') {
        view.apply(change)
        continue
      }
      const { incarnation, shard, baseSequence, count, arrivalUs, batch } = change
      const log = view.append(incarnation, shard, {
        baseSequence,
        nextSequence: baseSequence + count,
        count,
        arrivalUs,
        frame: tailFrame,
        at: starts[batches++] ?? 0,
        byteLength: batch.length,
      })
      if (log !== undefined) shards.add(log)
    }
    if (shards.size > 0) tail.add(tailFrame, shards)
    onShown(end, written.length)
  }

  forget(): void {
    this.#options.forget()
  }
}

export class DiskGroup implements CommitGroup {
  readonly frame: FrameBuilder
  readonly changes: Change[] = []
  /** Where each batch starts in the frame, in the order of the appends. */
  readonly starts: number[] = []
  written: Buffer | undefined
  /** Behind the frame. */
  end: JournalPoint | undefined

  constructor(frame: FrameBuilder) {
    this.frame = frame
  }

  get byteLength(): number {
    return this.frame.byteLength
  }

  get isEmpty(): boolean {
    return this.frame.isEmpty
  }

  add(change: Change): void {
    if (change.kind === 'append') this.starts.push(this.frame.append(change))
    else this.frame.control(change)
    this.changes.push(change)
  }
}
