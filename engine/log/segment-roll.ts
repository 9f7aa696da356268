/**
 * When a segment is followed by another before it is full: retention drops whole segments, so they must not be coarse,
 * and compaction takes only those that are sealed.
 */
import type { SegmentRoll } from './disk-shard.ts'
import type { StreamView } from './log-view.ts'

export const ROLL_AGE_MS_MAX = 3_600_000
/** Retention overshoots by about one of these. */
export const ROLLS_PER_RETENTION = 8

export function rollOf(stream: StreamView | undefined, segmentBytes: number): SegmentRoll {
  const { ageMs, bytes } = stream?.record.retention ?? {}
  const isCompacted = stream?.record.compaction === 'key'
  const rollMs = ageMs === undefined ? Number.POSITIVE_INFINITY : ageMs / ROLLS_PER_RETENTION
  const isAged = ageMs !== undefined || isCompacted
  const ageUs = isAged ? Math.min(ROLL_AGE_MS_MAX, rollMs) * 1000 : Number.POSITIVE_INFINITY
  const share = bytes === undefined ? segmentBytes : bytes / ROLLS_PER_RETENTION
  return { ageUs, bytes: Math.min(segmentBytes, share / Math.max(stream?.shards.length ?? 1, 1)) }
}
