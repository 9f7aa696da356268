/** Writes a whole segment at once, as compaction does: nobody reads it before `replace` puts it in its place. */
import { asBuffer, nextSequence, readHeader, verifyBody } from '../batch-header.ts'
import { RecordCursor } from '../record-cursor.ts'
import { lostRecords, type Segment } from './segment.ts'
import { encodeSegmentHeader } from './segment-file.ts'
import { indexPosition, SegmentIndex } from './segment-index.ts'
import { batchBytes, soundHeader } from './segment-scan.ts'
import { SEGMENT_HEADER_BYTES, type SegmentMeta } from './segment-store.ts'
import type { SegmentParts } from './shard-segments.ts'

/** Batches may be small and many. */
const WRITE_BYTES: number = 256 * 1024

/** Throws LogCorrupt where a batch is not one of the segment, in its order. */
export async function composeSegment(
  { allocation, descriptors }: SegmentParts,
  segment: Segment,
  batches: AsyncIterable<Uint8Array>,
): Promise<SegmentMeta> {
  const path = await allocation.make(segment, false)
  using lease = descriptors.lease(path)
  await lease.write(encodeSegmentHeader(segment), 0)
  const index = new SegmentIndex()
  const bounds = { ...segment, bytes: Number.MAX_SAFE_INTEGER }
  let { base: least } = segment
  let bytes = SEGMENT_HEADER_BYTES
  let written = bytes
  let pending: Buffer[] = []
  let records = 0
  let oldestUs = Number.MAX_SAFE_INTEGER
  let newestUs = 0
  for await (const each of batches) {
    const batch = asBuffer(each)
    verifyBody(batch, readHeader(batch))
    const header = soundHeader(batch, 0, bounds, bytes, least)
    if (header === undefined) throw lostRecords(segment, least, segment.next)
    pending.push(batch.subarray(0, batchBytes(header)))
    index.add(bytes, batchBytes(header), header.baseSequence, header.arrivalUs)
    bytes += batchBytes(header)
    records += header.count
    least = nextSequence(header)
    oldestUs = Math.min(oldestUs, header.arrivalUs)
    newestUs = Math.max(newestUs, lastArrival(batch))
    if (bytes - written >= WRITE_BYTES) {
      await lease.write(Buffer.concat(pending), written)
      pending = []
      written = bytes
    }
  }
  if (pending.length > 0) await lease.write(Buffer.concat(pending), written)
  await lease.write(index.encode(segment, bytes), indexPosition(bytes))
  allocation.settle(path)
  const { base, generation, next } = segment
  return { base, generation, next, records, bytes, oldestUs, newestUs, sealed: true }
}

function lastArrival(batch: Buffer): number {
  const cursor = new RecordCursor(batch)
  while (cursor.next());
  return cursor.arrivalUs
}
