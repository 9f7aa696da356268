/**
 * Decides what is past its time: whole pieces of streams that keep records for an age or up to a size, and offsets of
 * groups that nobody joined for long. Pure; the sweeper acts. What a piece is, the shard says: a batch in memory, a
 * segment on disk.
 *
 * It errs on the side of keeping: a piece goes when all of it is past the age, and a size is what is kept at least.
 */
import { GROUP_OFFSETS_KEPT_MS, keepsOffsets } from '../streams/groups.ts'
import type { Trim } from './log.ts'
import type { LogView, StreamView } from './log-view.ts'
import type { ShardPiece } from './shard-log.ts'

/** What may go now. Sealed streams keep what they have; without a time to go by, only sizes count. */
export function expiredTrims(stream: StreamView, nowUs: number | undefined): readonly Trim[] {
  const { record, incarnation } = stream
  const { ageMs, bytes } = record.retention
  if (record.sealed !== undefined) return []
  const byAge = ageMs !== undefined && nowUs !== undefined
  if (!byAge && bytes === undefined) return []
  const cuts = stream.shards.map(({ log }) => new Cut(log.first, log.pieces()))
  if (byAge) for (const cut of cuts) cut.dropOlder(nowUs - ageMs * 1000)
  if (bytes !== undefined) trimToBytes(cuts, bytes)
  return cuts.flatMap(({ first, began }, shard) =>
    first > began ? [{ stream: record.name, incarnation, shard, first }] : [],
  )
}

/** Groups whose offsets have outlived their last member by long enough; those of redrives last. */
export function expiredGroups(view: LogView, nowUs: number): readonly string[] {
  const expiredUs = nowUs - GROUP_OFFSETS_KEPT_MS * 1000
  return [...view.groups]
    .filter(([, { idleSinceUs }]) => idleSinceUs !== undefined && idleSinceUs < expiredUs)
    .map(([name]) => name)
    .filter((name) => !keepsOffsets(name))
}

/** Where a shard is to be cut, as it moves from piece to piece. */
class Cut {
  readonly began: number
  first: number
  readonly #pieces: readonly ShardPiece[]
  #at = 0

  constructor(first: number, pieces: Iterable<ShardPiece>) {
    this.began = first
    this.first = first
    this.#pieces = [...pieces]
  }

  get oldest(): ShardPiece | undefined {
    return this.#pieces[this.#at]
  }

  get bytes(): number {
    return this.#pieces.slice(this.#at).reduce((sum, { bytes }) => sum + bytes, 0)
  }

  dropOldest(): void {
    this.first = this.oldest?.nextSequence ?? this.first
    this.#at++
  }

  dropOlder(expiredUs: number): void {
    while (this.oldest !== undefined && this.oldest.newestUs < expiredUs) this.dropOldest()
  }
}

/** Drops the oldest piece of all shards first, as long as `bytesLeast` stay. */
function trimToBytes(cuts: readonly Cut[], bytesLeast: number): void {
  let bytes = cuts.reduce((sum, cut) => sum + cut.bytes, 0)
  while (bytes > bytesLeast) {
    let oldest: Cut | undefined
    for (const cut of cuts) {
      const oldestUs = cut.oldest?.oldestUs ?? Number.POSITIVE_INFINITY
      if (oldestUs < (oldest?.oldest?.oldestUs ?? Number.POSITIVE_INFINITY)) oldest = cut
    }
    const piece = oldest?.oldest
    if (oldest === undefined || piece === undefined || bytes - piece.bytes < bytesLeast) return
    oldest.dropOldest()
    bytes -= piece.bytes
  }
}
