/**
 * Decides what is past its time: whole batches of streams that keep records for an age or up to a size, and offsets
 * of groups that nobody joined for long. Pure; the sweeper acts.
 *
 * It errs on the side of keeping: a batch goes when all of it is past the age, and a size is what is kept at least.
 */
import { GROUP_OFFSETS_KEPT_MS } from '../streams/groups.ts'
import type { Trim } from './log.ts'
import type { LogView, StreamView } from './log-view.ts'

/** What may go now. Sealed streams keep what they have; without a time to go by, only sizes count. */
export function expiredTrims<Place>(
  stream: StreamView<Place>,
  nowUs: number | undefined,
): readonly Trim[] {
  const { record, incarnation } = stream
  if (record.sealed !== undefined) return []
  const firsts = stream.shards.map(({ index }) => index.first)
  if (record.retention.ageMs !== undefined && nowUs !== undefined) {
    const expiredUs = nowUs - record.retention.ageMs * 1000
    stream.shards.forEach(({ index }, shard) => {
      const kept = index.at(index.findTime(expiredUs))
      firsts[shard] = Math.max(index.first, kept?.baseSequence ?? index.next)
    })
  }
  if (record.retention.bytes !== undefined) trimToBytes(stream, record.retention.bytes, firsts)
  return stream.shards.flatMap(({ index }, shard) => {
    const first = firsts[shard] ?? 0
    return first > index.first ? [{ stream: record.name, incarnation, shard, first }] : []
  })
}

/** Groups whose offsets have outlived their last member by long enough. */
export function expiredGroups<Place>(view: LogView<Place>, nowUs: number): readonly string[] {
  const expiredUs = nowUs - GROUP_OFFSETS_KEPT_MS * 1000
  return [...view.groups]
    .filter(([, { idleSinceUs }]) => idleSinceUs !== undefined && idleSinceUs < expiredUs)
    .map(([name]) => name)
}

/** Raises `firsts`, oldest batch of all shards first, as long as `bytesLeast` stay. */
function trimToBytes<Place>(
  { shards }: StreamView<Place>,
  bytesLeast: number,
  firsts: number[],
): void {
  const cursors = shards.map(({ index }, shard) => index.find(firsts[shard] ?? 0))
  let bytes = 0
  shards.forEach(({ index }, shard) => {
    for (let at = cursors[shard] ?? 0; at < index.batches; at++) bytes += index.at(at)?.bytes ?? 0
  })
  while (bytes > bytesLeast) {
    let oldest = -1
    let oldestUs = Number.POSITIVE_INFINITY
    shards.forEach(({ index }, shard) => {
      const arrivalUs = index.at(cursors[shard] ?? 0)?.arrivalUs ?? Number.POSITIVE_INFINITY
      if (arrivalUs < oldestUs) [oldest, oldestUs] = [shard, arrivalUs]
    })
    const at = cursors[oldest]
    const entry = at === undefined ? undefined : shards[oldest]?.index.at(at)
    if (at === undefined || entry === undefined || bytes - entry.bytes < bytesLeast) return
    cursors[oldest] = at + 1
    firsts[oldest] = entry.nextSequence
    bytes -= entry.bytes
  }
}
