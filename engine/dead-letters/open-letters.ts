/** Which letters of a stream are open: those at or behind the position of its redrive group, so all before the first. */
import type { Engine } from '../engine.ts'
import { RecordCursor } from '../log/batch.ts'
import { readNote } from './letter-headers.ts'
import { type RedriveStream, redrivePositions } from './redrive-hold.ts'

/** Open letters of one shard. */
export interface OpenRange {
  readonly shard: number
  readonly from: number
  readonly end: number
  /** At most: compaction may have left gaps. */
  readonly letters: number
}

export function openRanges(of: RedriveStream, engine: Engine): readonly OpenRange[] {
  const positions = redrivePositions(of, engine)
  const [now] = engine.streams.describe([of.stream.name])
  if (now === undefined || now.incarnation !== of.stream.incarnation) return []
  return now.shardStates.flatMap(({ shard, first, next, records }) => {
    const from = Math.max(first, positions.get(shard) ?? first)
    const letters = Math.min(records, next - from)
    return letters > 0 ? [{ shard, from, end: next, letters }] : []
  })
}

/**
 * How many letters of the stream are open; undefined for one that holds none. It holds letters where some were put back,
 * or else where its newest record is one: whoever made them may be gone.
 */
export async function countOpenLetters(
  of: RedriveStream,
  engine: Engine,
  signal: AbortSignal,
): Promise<number | undefined> {
  const isKnown =
    redrivePositions(of, engine).size > 0 || (await endsWithLetter(of, engine, signal))
  if (!isKnown) return undefined
  return openRanges(of, engine).reduce((sum, { letters }) => sum + letters, 0)
}

/** One byte asks for the one batch that the record is in. */
const PEEK_BYTES = 1

async function endsWithLetter(
  { stream: { name, incarnation } }: RedriveStream,
  engine: Engine,
  signal: AbortSignal,
): Promise<boolean> {
  const [now] = engine.streams.describe([name])
  const [newest] = (now?.shardStates ?? [])
    .filter(({ records }) => records > 0)
    .toSorted((one, other) => (other.newestUs ?? 0) - (one.newestUs ?? 0))
  if (newest === undefined) return false
  const { shard, next } = newest
  await using reader = engine.log.open({ stream: name, incarnation, shard, sequence: next - 1 })
  const read = await reader.next(PEEK_BYTES, 0, signal)
  if (read === undefined) return false
  const cursor = new RecordCursor(read.bytes, read.from)
  return cursor.next() && readNote(cursor.headers) !== undefined
}
