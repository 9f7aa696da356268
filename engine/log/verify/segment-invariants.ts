/** What each segment that a checkpoint names must hold, to the last byte. */

import { recoveredName } from '../rebuild.ts'
import type { Segment } from '../segments/segment.ts'
import { type SegmentHeader, segmentPath } from '../segments/segment-file.ts'
import { INDEX_STEP_BYTES } from '../segments/segment-index.ts'
import type { SegmentFileName } from '../segments/segment-store.ts'
import type { DamagedPart, WalkedSegment } from '../segments/walk-segment.ts'
import { expected, type Fault, type Invariant } from './invariant.ts'

export interface SegmentFacts {
  readonly segment: Segment
  /** Undefined where it could not be read. */
  readonly walked: WalkedSegment | undefined
  readonly problem?: string
  /** When the newest record of the segments before arrived. */
  readonly arrivedUs: number
}

const BATCH_KINDS: Readonly<Record<DamagedPart['kind'], string>> = {
  header: 'a batch header that fits its crc',
  place: 'a batch of this shard, in its order',
  body: 'a body that fits its crc',
  records: 'as many whole records as the header says',
}

export const SEGMENT_INVARIANTS: readonly Invariant<SegmentFacts>[] = [
  {
    name: 'segment-present',
    sentence:
      'Each segment that the checkpoint names is there, as long as it says, and can be read.',
    *faults({ segment: { path, bytes }, walked, problem }) {
      if (walked === undefined) yield expected('the file', problem ?? 'none', path)
      else if (walked.fileBytes < bytes)
        yield expected(`${bytes} bytes`, `${walked.fileBytes}`, path)
    },
  },
  {
    name: 'segment-header',
    sentence:
      'The header of a segment fits its crc, and names the stream and the place of the file.',
    *faults({ segment, walked }) {
      if (walked === undefined) return
      const { header } = walked
      if (header === undefined) {
        yield expected('a segment header that fits its crc', 'other bytes', segment.path, 0)
      } else if (!isOf(header, segment)) {
        yield expected(textOf(segment), textOf(header), segment.path, 0)
      }
    },
  },
  batches('batch-header', 'The header of each batch fits its crc.', 'header'),
  batches(
    'batch-place',
    'Each batch is of the shard that its segment is of, and its sequences follow those of the batch before.',
    'place',
  ),
  batches('batch-body', 'The body of each batch fits its crc.', 'body'),
  batches('batch-records', 'Each batch holds as many whole records as its header says.', 'records'),
  {
    name: 'segment-tally',
    sentence:
      'The batches of a segment add up to the records, bytes, sequences and arrivals that the checkpoint says.',
    *faults({ segment, walked }) {
      if (walked === undefined || walked.damaged.length > 0) return
      const { tally } = walked
      for (const field of ['records', 'bytes', 'oldestUs', 'newestUs'] as const) {
        if (tally[field] === segment[field]) continue
        yield expected(`${segment[field]} (${field})`, `${tally[field]}`, segment.path)
      }
      // Compaction keeps the range of what it was made from.
      const isLong =
        segment.generation === 0 ? tally.next !== segment.next : tally.next > segment.next
      if (isLong) yield expected(`${segment.next} (next)`, `${tally.next}`, segment.path)
    },
  },
  {
    name: 'segment-index',
    sentence:
      'An index behind a sealed segment leads to batches; one that is missing or damaged is made again by a scan.',
    *faults({ segment, walked }) {
      const index = walked?.index
      if (walked === undefined || index === undefined || walked.damaged.length > 0) return
      for (let at = 0; at < segment.bytes; at += INDEX_STEP_BYTES) {
        const next = index.after(at)
        if (next === undefined) return
        if (walked.tally.starts.has(next)) continue
        yield expected(`a batch at ${next}, as the index says`, 'none', segment.path, next)
        return
      }
    },
  },
  {
    name: 'arrival-order',
    sentence: 'Within a shard no batch arrived before the one before it.',
    *faults({ segment, walked, arrivedUs }) {
      if (walked === undefined || walked.tally.batches === 0) return
      const { early, oldestUs } = walked.tally
      if (early > 0)
        yield expected('arrivals that never decrease', `${early} earlier`, segment.path)
      else if (oldestUs < arrivedUs)
        yield expected(`arrivals from ${arrivedUs} on`, `${oldestUs}`, segment.path)
    },
  },
]

export interface FilesFacts {
  readonly streams: string
  /** Segment files that nothing names and nothing explains. */
  readonly unexplained: readonly SegmentFileName[]
}

export const FILES_INVARIANTS: readonly Invariant<FilesFacts>[] = [
  {
    name: 'segment-named',
    sentence:
      'Each segment file is named by the checkpoint, or explained by the journal or a crash.',
    *faults({ streams, unexplained }) {
      for (const name of unexplained) {
        const path = segmentPath(streams, name)
        yield {
          path,
          message: 'expected a segment that the checkpoint names, got one that nothing explains',
        }
      }
    },
  },
]

function batches(
  name: string,
  sentence: string,
  kind: DamagedPart['kind'],
): Invariant<SegmentFacts> {
  return {
    name,
    sentence,
    *faults({ segment, walked }): Iterable<Fault> {
      for (const part of walked?.damaged ?? []) {
        if (part.kind === kind) yield partFault(part, segment)
      }
    },
  }
}

function partFault({ kind, from, to, sequence, next }: DamagedPart, { path }: Segment): Fault {
  const lost = next > sequence ? `; sequences ${sequence} to ${next - 1} cannot be read` : ''
  const got = `other bytes up to ${to}${lost}`
  return expected(BATCH_KINDS[kind], got, path, from)
}

/** What was found again without its checkpoint has another name than when it was written. */
function isOf(header: SegmentHeader, segment: Segment): boolean {
  const found = { ...header, stream: recoveredName(header.stream, header.incarnation) }
  return [header, found].some((known) => textOf(known) === textOf(segment))
}

function textOf({
  stream,
  incarnation,
  shard,
  base,
  generation,
}: Pick<Segment, 'stream' | 'incarnation' | 'shard' | 'base' | 'generation'>): string {
  return `segment ${base}.${generation} of shard ${shard} of ${stream}, number ${incarnation}`
}
