/** When a shard is worth compacting, and which of its segments become one. Pure. */
import type { SegmentMeta } from '../segments/segment-store.ts'

/** A record that removes its key can be read for at least this long, so that those who follow see the removal. */
export const TOMBSTONE_KEPT_MS: number = 24 * 3_600_000
/** For removals alone a shard is compacted no more often than this. */
export const TOMBSTONE_LOOK_MS = 3_600_000
/** This share of the sealed bytes has to be new since the last time; so each byte is written about twice for it. */
export const COMPACTION_NEW_SHARE = 0.5
/** However little is new, it waits no longer than this: what was removed is to be gone some day. */
export const COMPACTION_LAG_MS: number = 24 * 3_600_000

/** What compaction remembers of a shard; nothing of it outlives the process, and a new one looks at all again. */
export interface CompactionState {
  /** Below it each key has one record. */
  cleanTo: number
  /** Arrival of the oldest removal below it that is there for its time only. */
  tombstoneUs: number | undefined
  /** When it was through last, by the time that retention goes by. */
  lookedUs: number
  /** After a failure: when to try again. */
  retryMs: number
}

export function newCompactionState(): CompactionState {
  return { cleanTo: 0, tombstoneUs: undefined, lookedUs: 0, retryMs: 0 }
}

/** What may be compacted: all but the segment that is appended to. */
export function sealedOf(metas: readonly SegmentMeta[]): readonly SegmentMeta[] {
  return metas.at(-1)?.sealed === false ? metas.slice(0, -1) : metas
}

/** Without a time to go by, removals do not count. */
export function isDue(
  sealed: readonly SegmentMeta[],
  { cleanTo, tombstoneUs, lookedUs }: CompactionState,
  nowUs: number | undefined,
): boolean {
  let bytes = 0
  let bytesNew = 0
  let oldestNewUs = Number.POSITIVE_INFINITY
  for (const meta of sealed) {
    bytes += meta.bytes
    if (meta.next <= cleanTo) continue
    bytesNew += meta.bytes
    oldestNewUs = Math.min(oldestNewUs, meta.oldestUs)
  }
  if (bytesNew > 0 && bytesNew >= bytes * COMPACTION_NEW_SHARE) return true
  if (nowUs !== undefined && oldestNewUs + COMPACTION_LAG_MS * 1000 < nowUs) return true
  if (tombstoneUs === undefined || nowUs === undefined || bytes === 0) return false
  const isOld = tombstoneUs + TOMBSTONE_KEPT_MS * 1000 < nowUs
  return isOld && lookedUs + TOMBSTONE_LOOK_MS * 1000 <= nowUs
}

/** What compaction would leave of a segment. */
export interface SegmentShare {
  readonly meta: SegmentMeta
  keptRecords: number
  keptBytes: number
  droppedRecords: number
}

/**
 * Neighbours that fit one segment together become one; those of which nothing is left go with a neighbour, so that
 * together they cover what they covered: the shard begins where it began, and no position becomes invalid.
 */
export function groupShares(
  shares: readonly SegmentShare[],
  segmentBytes: number,
): readonly (readonly SegmentShare[])[] {
  const groups: SegmentShare[][] = []
  let bytes = 0
  for (const share of shares) {
    const group = groups.at(-1)
    const isFull = bytes > 0 && share.keptBytes > 0 && bytes + share.keptBytes > segmentBytes
    if (group === undefined || isFull) {
      groups.push([share])
      bytes = share.keptBytes
    } else {
      group.push(share)
      bytes += share.keptBytes
    }
  }
  return groups
}
