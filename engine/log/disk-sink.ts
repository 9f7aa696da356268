/** Where judged changes go on a disk: into frames of the journal, and into the view once they are durable. */
import type { Change } from './change.ts'
import type { Checkpointer } from './checkpoint/checkpointer.ts'
import type { CommitGroup, CommitSink } from './commit-pipeline.ts'
import { diskFull } from './disk-full.ts'
import type { DiskShard } from './disk-shard.ts'
import type { FrameBuilder, Journal, JournalPoint } from './journal/journal.ts'
import type { LogView } from './log-view.ts'
import type { TailFrame } from './tail.ts'
import type { TailCache } from './tail-cache.ts'

/** What waits for the segments in memory; above it commits wait for a checkpoint. */
export const UNFLUSHED_BYTES_MAX: number = 192 * 1024 * 1024

export interface DiskSinkOptions {
  readonly view: LogView<DiskShard>
  readonly journal: Journal
  readonly tail: TailCache
  readonly checkpointer: Pick<Checkpointer, 'run' | 'full' | 'noteShown'>
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

  hasRoom({ frame }: DiskGroup): boolean {
    const { tail, journal } = this.#options
    return frame.isEmpty || (tail.unflushedBytes <= UNFLUSHED_BYTES_MAX && journal.fits(frame))
  }

  async makeRoom(group: DiskGroup): Promise<void> {
    const { journal, checkpointer } = this.#options
    await checkpointer.run()
    // The one that was under way began before all could be seen.
    if (!this.hasRoom(group)) await checkpointer.run()
    if (checkpointer.full !== undefined && !journal.fits(group.frame)) {
      throw diskFull(checkpointer.full)
    }
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
    const { view, tail, checkpointer } = this.#options
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
    checkpointer.noteShown(end, written.length)
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
