/** When a segment is followed by another before it is full: retention drops whole segments, so they must not be coarse. */
import type { SegmentRoll } from './disk-shard.ts'
import type { StreamView } from './log-view.ts'

export const ROLL_AGE_MS_MAX = 3_600_000
/** Retention overshoots by about one of these. */
export const ROLLS_PER_RETENTION = 8

export function rollOf(stream: StreamView | undefined, segmentBytes: number): SegmentRoll {
  const { ageMs, bytes } = stream?.record.retention ?? {}
  const ageUs =
    ageMs === undefined
      ? Number.POSITIVE_INFINITY
      : Math.min(ROLL_AGE_MS_MAX, ageMs / ROLLS_PER_RETENTION) * 1000
  const share = bytes === undefined ? segmentBytes : bytes / ROLLS_PER_RETENTION
  return { ageUs, bytes: Math.min(segmentBytes, share / Math.max(stream?.shards.length ?? 1, 1)) }
}
