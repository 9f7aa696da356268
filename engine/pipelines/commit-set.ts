/**
 * Makes one write of several flights: their enlisted records, encoded batch by batch, and the offsets that they reach.
 *
 * Records of one target keep their order and share batches. A pure function: what is written when, and what follows
 * from a failure, is the committer's.
 */
import { BatchEncoder } from '../log/batch.ts'
import {
  type Append,
  BATCH_RECORDS_MAX,
  type OffsetCommit,
  WRITE_SET_BYTES_MAX,
  type WriteSet,
} from '../log/log.ts'
import type { Flight } from './flight.ts'
import type { StreamTarget } from './pipeline.ts'

/** A batch is closed before it grows beyond this, so that readers need not take in too much at once. */
export const APPEND_BYTES_MAX: number = 4 * 1024 * 1024

/** What a record may add besides its data before it is in the encoder. */
const RECORD_OVERHEAD_BYTES = 64

/**
 * Usually one set. What exceeds WRITE_SET_BYTES_MAX is several, the offsets in the last: then, and only then, a crash
 * between them repeats records.
 */
export function commitSets(
  flights: readonly Flight[],
  bytesMax: number = WRITE_SET_BYTES_MAX,
): readonly WriteSet[] {
  const sets: Append[][] = [[]]
  let bytes = 0
  for (const append of appendsOf(flights)) {
    if (bytes > 0 && bytes + append.batch.length > bytesMax) {
      sets.push([])
      bytes = 0
    }
    sets.at(-1)?.push(append)
    bytes += append.batch.length
  }
  const offsets = offsetsOf(flights)
  return sets.map((appends, index) =>
    index === sets.length - 1 && offsets.length > 0 ? { appends, offsets } : { appends },
  )
}

function appendsOf(flights: readonly Flight[]): readonly Append[] {
  const open = new Map<string, { target: StreamTarget; encoder: BatchEncoder }>()
  const appends: Append[] = []
  const close = ({ target, encoder }: { target: StreamTarget; encoder: BatchEncoder }): void => {
    if (encoder.count === 0) return
    const { stream, incarnation } = target
    appends.push({ stream, incarnation, batch: encoder.finish() })
  }
  for (const { enlisted } of flights) {
    for (const { target, records } of enlisted) {
      const key = `${target.incarnation} ${target.stream}`
      const entry = open.get(key) ?? { target, encoder: new BatchEncoder() }
      open.set(key, entry)
      for (const record of records) {
        const size = entry.encoder.byteLength + record.data.length + RECORD_OVERHEAD_BYTES
        if (size > APPEND_BYTES_MAX || entry.encoder.count >= BATCH_RECORDS_MAX) close(entry)
        entry.encoder.append(record)
      }
    }
  }
  for (const entry of open.values()) close(entry)
  return appends
}

/** The last mark of each lane: flights of a lane come in its order. */
function offsetsOf(flights: readonly Flight[]): readonly OffsetCommit[] {
  const last = new Map<object, OffsetCommit>()
  for (const { source } of flights) {
    const offset = source.mark?.offset()
    if (source.mark !== undefined && offset !== undefined) last.set(source.mark.lane, offset)
  }
  return [...last.values()]
}
