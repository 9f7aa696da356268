/** What a look at a data directory found, as text: what was looked at, then what is broken, then what is worth knowing. */
import { byteText } from '../crds/size.ts'
import type { Finding, Verification } from '../engine/log/verify/verification.ts'

/** One line that a person can take in. */
export function countsText({ id, counts }: Verification): string {
  const { streams, shards, segments, batches, records, frames, bytes } = counts
  const engine = id === undefined ? 'engine unknown' : `engine ${id}`
  return (
    `${engine}: ${streams} streams, ${shards} shards, ${segments} segments, ${batches} batches, ` +
    `${records} records, ${frames} frames behind the checkpoint, ${byteText(bytes)} read`
  )
}

export function findingLines({ invariant, sentence, path, position, message }: Finding): string[] {
  const place = position === undefined ? path : `${path} at byte ${position}`
  return [`${invariant}: ${sentence}`, `  ${place}: ${message}`]
}
