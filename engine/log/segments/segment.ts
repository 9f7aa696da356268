/** One segment of one shard, with all that reading it takes. */
import { HeadgateError } from '../../error.ts'
import type { SegmentFileName, SegmentMeta } from './segment-store.ts'

export interface Segment extends SegmentFileName, SegmentMeta {
  readonly base: number
  readonly generation: number
  /** Its name, for messages. */
  readonly stream: string
  readonly path: string
}

/** Sequences `from` up to below `next` cannot be read. */
export function lostRecords(
  { stream, shard, path }: Segment,
  from: number,
  next: number,
  cause?: unknown,
): HeadgateError {
  const range = next - from === 1 ? `sequence ${from}` : `sequences ${from} to ${next - 1}`
  return new HeadgateError(
    'LogCorrupt',
    `expected ${range} of stream ${stream} shard ${shard} to be sound, got damage in ${path}`,
    {
      cause,
      hint: `What follows can be read from sequence ${next} on. Restore the data directory from a copy to have the rest.`,
    },
  )
}
