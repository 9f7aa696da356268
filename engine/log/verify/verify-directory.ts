/**
 * Walks every byte of a data directory that nobody has open, and says which invariants are broken. It changes nothing.
 *
 * 1. The marker and the superblocks.
 * 2. The checkpoint that counts, both copies.
 * 3. The journal behind it, applied as a start would: the very code that recovers.
 * 4. Every segment that the checkpoint names, batch by batch and record by record.
 * 5. Files that nothing names.
 */
import { HeadgateError } from '../../error.ts'
import type { Disk } from '../../ports/disk.ts'
import { checkpointCopies } from '../checkpoint/checkpoint-files.ts'
import type { Superblock } from '../checkpoint/superblock.ts'
import { dataPaths } from '../data-directory.ts'
import type { DiskShard } from '../disk-shard.ts'
import { type RecoveredStore, recoverStore } from '../recover-store.ts'
import { openSegmentStore } from '../segments/open-segment-store.ts'
import type { Segment } from '../segments/segment.ts'
import { segmentPath } from '../segments/segment-file.ts'
import { type WalkedSegment, walkSegment } from '../segments/walk-segment.ts'
import { StreamListeners } from '../stream-listeners.ts'
import { CHECKPOINT_INVARIANTS, readCheckpoints, readCopy } from './checkpoint-invariants.ts'
import { findingsOf, type Invariant } from './invariant.ts'
import { surveyJournal } from './journal-survey.ts'
import { ROOT_INVARIANTS, type RootFacts, readRoot } from './root-invariants.ts'
import { FILES_INVARIANTS, SEGMENT_INVARIANTS } from './segment-invariants.ts'
import { STATE_INVARIANTS } from './state-invariants.ts'
import type { Finding, Verification, VerifiedCounts } from './verification.ts'

/** All of them, in the order in which they are looked at. */
export const INVARIANTS: readonly Pick<Invariant<never>, 'name' | 'sentence'>[] = [
  ...ROOT_INVARIANTS,
  ...CHECKPOINT_INVARIANTS,
  ...STATE_INVARIANTS,
  ...SEGMENT_INVARIANTS,
  ...FILES_INVARIANTS,
]

/** The caller holds the lock, or knows that nobody writes there. Throws what the disk throws for its root. */
export async function verifyDirectory(disk: Disk, directory: string): Promise<Verification> {
  return await new Verifier(disk, directory).verify()
}

class Verifier {
  readonly #disk: Disk
  readonly #directory: string
  readonly #findings: Finding[] = []
  readonly #notes: string[] = []
  readonly #counts = {
    streams: 0,
    shards: 0,
    segments: 0,
    batches: 0,
    records: 0,
    frames: 0,
    bytes: 0,
  }

  constructor(disk: Disk, directory: string) {
    this.#disk = disk
    this.#directory = directory
  }

  async verify(): Promise<Verification> {
    const paths = dataPaths(this.#directory)
    const root = await readRoot(this.#disk, paths)
    this.#judge(ROOT_INVARIANTS, root)
    const superblock = newest(root)
    if (superblock !== undefined) await this.#checkpoints(paths.checkpoint, superblock)
    const { id } = root.marker
    if (id !== undefined && !this.#findings.some(({ invariant }) => invariant === 'layout')) {
      await this.#recovered(id)
    }
    return {
      directory: this.#directory,
      id,
      findings: this.#findings,
      notes: this.#notes,
      counts: this.#counts satisfies VerifiedCounts,
    }
  }

  #judge<Subject>(invariants: readonly Invariant<Subject>[], subject: Subject): void {
    this.#findings.push(...findingsOf(invariants, subject))
  }

  async #checkpoints(directory: string, superblock: Superblock): Promise<void> {
    const { checkpoint: ref } = superblock
    if (ref !== undefined) {
      this.#judge(
        CHECKPOINT_INVARIANTS,
        await readCheckpoints(this.#disk, directory, superblock, ref),
      )
    }
    if (ref === undefined || ref.id < 2) return
    for (const path of checkpointCopies(directory, ref.slot === 0 ? 1 : 0)) {
      if ((await readCopy(this.#disk, path)) !== undefined) continue
      this.#notes.push(
        `${path} does not count and is not whole: a crash in the middle of a checkpoint leaves it so, and the next one writes it anew`,
      )
    }
  }

  async #recovered(id: string): Promise<void> {
    const disk = this.#disk
    const paths = dataPaths(this.#directory)
    await using segments = await openSegmentStore({
      disk,
      directory: paths.streams,
      recycled: paths.recycled,
    })
    const recovered = await this.#recover(id, segments)
    if (recovered === undefined) return
    const { view, damage, end, superblock, leftOver, unexplained } = recovered
    this.#counts.frames = end.frames
    this.#counts.bytes += end.bytes
    if (end.torn) {
      this.#notes.push(
        'The journal ends in a frame that was begun and never durable, as a crash leaves it: nobody was told that it happened.',
      )
    }
    const { stale, sound } = await surveyJournal(disk, paths.journal, superblock.point.sequence)
    this.#notes.push(
      `The journal holds ${sound} frames behind the checkpoint and ${stale} stale ones before it.`,
    )
    const { journal, checkpoint, streams } = paths
    this.#judge(STATE_INVARIANTS, { journal, checkpoint, view, damage })
    for (const { shards } of view.streams.values()) {
      this.#counts.streams++
      for (const { log } of shards) await this.#shard(log, streams)
    }
    for (const name of leftOver) {
      this.#notes.push(
        `${segmentPath(streams, name)} is left over by a crash; the next start removes it`,
      )
    }
    this.#judge(FILES_INVARIANTS, { streams, unexplained })
  }

  async #recover(
    id: string,
    segments: Awaited<ReturnType<typeof openSegmentStore>>,
  ): Promise<RecoveredStore | undefined> {
    const paths = dataPaths(this.#directory)
    try {
      return await recoverStore({
        disk: this.#disk,
        directory: { paths, id, lock: { [Symbol.dispose]: () => {} } },
        segments,
        // Nobody reads from it.
        tail: { add: () => {} },
        listeners: new StreamListeners(undefined),
        logger: undefined,
        onDiscard: () => {},
        gate: undefined,
      })
    } catch (error) {
      // What a format of another version means is told by the invariants of the root.
      if (error instanceof HeadgateError && error.code === 'DataDirectoryUnusable') return undefined
      throw error
    }
  }

  async #shard(log: DiskShard, streams: string): Promise<void> {
    this.#counts.shards++
    let arrivedUs = 0
    for (const meta of log.metas) {
      const { incarnation, shard, stream } = log
      const name = { ...meta, incarnation, shard }
      const segment: Segment = { ...name, stream, path: segmentPath(streams, name) }
      const { walked, problem } = await this.#walk(segment)
      this.#judge(SEGMENT_INVARIANTS, { segment, walked, arrivedUs, ...(problem && { problem }) })
      this.#counts.segments++
      if (walked === undefined) continue
      const { tally, fileBytes } = walked
      this.#counts.batches += tally.batches
      this.#counts.records += tally.records
      this.#counts.bytes += fileBytes
      arrivedUs = Math.max(arrivedUs, tally.newestUs)
      this.#noteSegment(segment, walked)
    }
  }

  async #walk(
    segment: Segment,
  ): Promise<{ readonly walked?: WalkedSegment; readonly problem?: string }> {
    try {
      return { walked: await walkSegment(this.#disk, segment) }
    } catch (error) {
      return { problem: error instanceof Error ? error.message : String(error) }
    }
  }

  #noteSegment(
    { path, sealed, generation }: Segment,
    { tally, index, damaged, behind }: WalkedSegment,
  ): void {
    if (sealed && index === undefined) {
      this.#notes.push(`${path} has no sound index; the next read of it makes one`)
    }
    if (!sealed && behind.otherBytes > 0) {
      this.#notes.push(
        `${path} has stale bytes behind its end, of another use or of what a crash undid; they do not count`,
      )
    }
    // Compaction takes records out on purpose.
    if (generation > 0 || damaged.length > 0) return
    for (const { from, next } of tally.gaps) {
      this.#notes.push(
        `${path} has no records from sequence ${from} to ${next - 1}: a relaxed stream never gave them out, or a repair gave them up`,
      )
    }
  }
}

function newest({ superblocks }: RootFacts): Superblock | undefined {
  let best: Superblock | undefined
  for (const { superblock } of superblocks) {
    if (superblock !== undefined && superblock.writes > (best?.writes ?? -1)) best = superblock
  }
  return best
}
