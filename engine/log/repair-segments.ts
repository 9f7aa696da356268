/** Finds the segments of a view that are not as their checkpoint says, and puts what is sound of them in their place. */
import type { Disk } from '../ports/disk.ts'
import type { DiskShard, SequenceRange } from './disk-shard.ts'
import type { LogView } from './log-view.ts'
import type { Segment } from './segments/segment.ts'
import { segmentPath } from './segments/segment-file.ts'
import type { SegmentMeta } from './segments/segment-store.ts'
import { soundBatches, type WalkedSegment, walkSegment } from './segments/walk-segment.ts'
import { findingsOf } from './verify/invariant.ts'
import { SEGMENT_INVARIANTS } from './verify/segment-invariants.ts'

export interface UnsoundSegment {
  readonly log: DiskShard
  readonly segment: Segment
  readonly meta: SegmentMeta
  /** Undefined where nothing of it can be read. */
  readonly walked: WalkedSegment | undefined
  readonly missing: boolean
  /** What no batch of it holds any more. */
  readonly lost: readonly SequenceRange[]
}

/** Reads every byte of every segment; changes nothing. */
export async function findUnsound(
  disk: Disk,
  streams: string,
  view: LogView<DiskShard>,
): Promise<readonly UnsoundSegment[]> {
  const unsound: UnsoundSegment[] = []
  for (const { shards } of view.streams.values()) {
    for (const { log } of shards) {
      for (const meta of log.metas) {
        const found = await look(disk, streams, log, meta)
        if (found !== undefined) unsound.push(found)
      }
    }
  }
  return unsound
}

/** Durable with the next checkpoint; until then the one before names the files as they were, and they are there. */
export async function mendSegments(disk: Disk, unsound: readonly UnsoundSegment[]): Promise<void> {
  for (const { log, meta, segment, walked } of unsound) {
    const batches = walked !== undefined && walked.tally.batches > 0
    await log.mend(meta, batches ? soundBytes(disk, segment, walked.fileBytes) : undefined)
  }
}

async function look(
  disk: Disk,
  streams: string,
  log: DiskShard,
  meta: SegmentMeta,
): Promise<UnsoundSegment | undefined> {
  const { incarnation, shard, stream, first } = log
  const name = { ...meta, incarnation, shard }
  const segment: Segment = { ...name, stream, path: segmentPath(streams, name) }
  const inShard = ({ from, to }: SequenceRange): SequenceRange => ({
    from: Math.max(from, first),
    to,
  })
  let walked: WalkedSegment
  try {
    walked = await walkSegment(disk, segment)
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const lost = [inShard({ from: meta.base, to: meta.next - 1 })]
    return { log, segment, meta, walked: undefined, missing, lost }
  }
  // Arrivals are told by verify alone: writing the segment anew would not change them.
  const findings = findingsOf(SEGMENT_INVARIANTS, { segment, walked, arrivedUs: 0 })
  if (findings.every(({ invariant }) => invariant === 'arrival-order')) return undefined
  const lost = walked.damaged
    .map(({ sequence, next }) => inShard({ from: sequence, to: next - 1 }))
    .filter(({ from, to }) => from <= to)
  return { log, segment, meta, walked, missing: false, lost }
}

async function* soundBytes(
  disk: Disk,
  segment: Segment,
  fileBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await disk.files.open(segment.path, 'read')
  try {
    for await (const { bytes } of soundBatches(file, fileBytes, segment)) yield bytes
  } finally {
    await file.close()
  }
}
