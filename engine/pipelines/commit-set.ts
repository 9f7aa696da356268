/**
 * Makes one write of what flights write next: their enlisted records, encoded batch by batch, and the offsets that they
 * reach.
 *
 * Records of one target keep their order and share batches. A pure function: what is written when, and what follows
 * from a failure, is the committer's.
 */
import { BatchEncoder } from '../log/batch.ts'
import { type Append, BATCH_RECORDS_MAX, type OffsetCommit, type WriteSet } from '../log/log.ts'
import type { Flight } from './flight.ts'
import type { StreamTarget } from './pipeline.ts'
import { recordBytes } from './portions.ts'

/** A batch is closed before it grows beyond this, so that readers need not take in too much at once. */
export const APPEND_BYTES_MAX: number = 4 * 1024 * 1024

export function commitSet(flights: readonly Flight[]): WriteSet {
  const appends = appendsOf(flights)
  const offsets = offsetsOf(flights)
  return offsets.length > 0 ? { appends, offsets } : { appends }
}

function appendsOf(flights: readonly Flight[]): readonly Append[] {
  const open = new Map<string, { target: StreamTarget; encoder: BatchEncoder }>()
  const appends: Append[] = []
  const close = ({ target, encoder }: { target: StreamTarget; encoder: BatchEncoder }): void => {
    if (encoder.count === 0) return
    const { stream, incarnation } = target
    appends.push({ stream, incarnation, batch: encoder.finish() })
  }
  for (const { portion } of flights) {
    for (const { target, records } of portion?.enlisted ?? []) {
      const key = `${target.incarnation} ${target.stream}`
      const entry = open.get(key) ?? { target, encoder: new BatchEncoder() }
      open.set(key, entry)
      for (const record of records) {
        const size = entry.encoder.byteLength + recordBytes(record)
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
  for (const { source, portion } of flights) {
    const offset = portion === undefined ? undefined : source.mark?.offset(portion.reached)
    if (source.mark !== undefined && offset !== undefined) last.set(source.mark.lane, offset)
  }
  return [...last.values()]
}
