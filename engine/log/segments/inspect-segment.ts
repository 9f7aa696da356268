/**
 * Reads one segment from end to end without knowing what a checkpoint says of it: which stream it is of, and which
 * batches lie in it, as far as they follow each other and are sound.
 */
import type { Disk } from '../../ports/disk.ts'
import { BATCH_HEADER_BYTES, nextSequence, readHeader, verifyBody } from '../batch-header.ts'
import { readWindow } from './read-window.ts'
import { decodeSegmentHeader, segmentPath } from './segment-file.ts'
import { indexBytesMax, indexPosition, SegmentIndex } from './segment-index.ts'
import { SEGMENT_HEADER_BYTES, type SegmentFileName, type SegmentMeta } from './segment-store.ts'

export interface InspectedSegment {
  readonly stream: string
  readonly meta: SegmentMeta
  /** It was only ever appended to, or an index behind its end shows that compaction got that far. */
  readonly whole: boolean
}

/** Undefined where the file is no segment, or that of another place. */
export async function inspectSegment(
  disk: Disk,
  streams: string,
  name: SegmentFileName,
): Promise<InspectedSegment | undefined> {
  const file = await disk.files.open(segmentPath(streams, name), 'read')
  try {
    const size = await file.size()
    const header = decodeSegmentHeader(await readWindow(file, 0, SEGMENT_HEADER_BYTES))
    if (header.incarnation !== name.incarnation || header.shard !== name.shard) return undefined
    let meta: SegmentMeta = {
      base: name.base,
      generation: name.generation,
      next: name.base,
      records: 0,
      bytes: SEGMENT_HEADER_BYTES,
      oldestUs: 0,
      newestUs: 0,
      sealed: true,
    }
    for (;;) {
      const grown = await addBatch(meta)
      if (grown === undefined) return { stream: header.stream, meta, whole: await isWhole(meta) }
      meta = grown
    }

    async function isWhole({ bytes, generation }: SegmentMeta): Promise<boolean> {
      if (generation === 0) return true
      const block = await readWindow(file, indexPosition(bytes), indexBytesMax(bytes))
      return SegmentIndex.decode(block, name, bytes) !== undefined
    }

    async function addBatch(before: SegmentMeta): Promise<SegmentMeta | undefined> {
      try {
        const head = await readWindow(file, before.bytes, BATCH_HEADER_BYTES)
        const length = BATCH_HEADER_BYTES + head.readUInt32LE(40)
        if (before.bytes + length > size) return undefined
        const batch = await readWindow(file, before.bytes, length)
        const found = readHeader(batch)
        verifyBody(batch, found)
        // What a former use of the file left behind belongs elsewhere, or begins lower.
        if (found.incarnation !== name.incarnation || found.shard !== name.shard) return undefined
        if (found.baseSequence < before.next || found.count === 0) return undefined
        return {
          ...before,
          next: nextSequence(found),
          records: before.records + found.count,
          bytes: before.bytes + length,
          oldestUs: before.records === 0 ? found.arrivalUs : before.oldestUs,
          newestUs: found.arrivalUs,
        }
      } catch {
        return undefined
      }
    }
  } catch {
    return undefined
  } finally {
    await file.close()
  }
}
