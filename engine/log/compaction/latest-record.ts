/**
 * Finds the latest record of a key in a compacted stream.
 *
 * A key may lie in several shards: it moves when the stream grows, and a producer may have chosen a shard by itself. So
 * all shards are asked, and of several records the one that was committed last counts: by its frame, which orders
 * commits whatever the clock did; within one frame by arrival, then in the higher shard.
 */
import { corrupt, readHeader } from '../batch-header.ts'
import type { FoundRecord } from '../log.ts'
import type { StreamView } from '../log-view.ts'
import { RecordCursor } from '../record-cursor.ts'
import type { ShardLog } from '../shard-log.ts'
import { keyText } from './key-budget.ts'
import type { KeyIndexes } from './key-indexes.ts'

interface Candidate {
  readonly shard: number
  readonly log: ShardLog
  readonly sequence: number
  readonly removed: boolean
}

interface Found {
  readonly frame: number
  readonly removed: boolean
  readonly record: FoundRecord
}

/** Undefined where there is none, or the latest one removed the key. Throws as `KeyIndexes.of`. */
export async function findLatest(
  indexes: KeyIndexes,
  stream: StreamView,
  key: Uint8Array,
  isNeeded: () => boolean,
): Promise<FoundRecord | undefined> {
  const text = keyText(key)
  let before = ''
  for (;;) {
    const whole = await indexes.of(stream, isNeeded)
    const candidates = whole.flatMap((index, shard): Candidate[] => {
      const place = index.find(text)
      const log = stream.shards[shard]?.log
      return place === undefined || log === undefined ? [] : [{ shard, log, ...place }]
    })
    if (candidates.every(({ removed }) => removed)) return undefined
    const latest = await latestOf(candidates)
    if (latest !== 'moved') return latest.removed ? undefined : latest.record
    // Superseded, trimmed or left out between the look and the read: the indexes know better now.
    const asked = candidates
      .map(({ shard, sequence }) => `${sequence} in shard ${shard}`)
      .join(', ')
    if (asked === before) throw corrupt(`sequence ${asked} of ${stream.record.name}`, 'none')
    before = asked
  }
}

async function latestOf(candidates: readonly Candidate[]): Promise<Found | 'moved'> {
  let latest: Found | undefined
  for (const candidate of candidates) {
    const found = await readCandidate(candidate)
    if (found === undefined) return 'moved'
    if (latest === undefined || isLater(found, latest)) latest = found
  }
  return latest ?? 'moved'
}

function isLater(found: Found, other: Found): boolean {
  if (found.frame !== other.frame) return found.frame > other.frame
  return found.record.arrivalUs >= other.record.arrivalUs
}

/** Undefined where it is not there any more. */
async function readCandidate(candidate: Candidate): Promise<Found | undefined> {
  const { shard, log, sequence, removed } = candidate
  if (sequence < log.first) return undefined
  const read = await log.read(sequence, 1)
  // What is handed on outlives the memory that the batch came from.
  const bytes = Buffer.from(read.bytes)
  const cursor = new RecordCursor(bytes, sequence)
  if (!cursor.next() || cursor.sequence !== sequence) return undefined
  return { frame: readHeader(bytes).frame, removed, record: { shard, ...cursor.record() } }
}
