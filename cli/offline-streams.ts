/**
 * The streams of a data directory as its last checkpoint has them, whoever has it open: nothing is locked and nothing
 * written. What came since is not counted; an engine that ended in order has left nothing out.
 */

import type { Checkpoint, ShardMark } from '../engine/log/checkpoint/checkpoint.ts'
import { checkpointCopies } from '../engine/log/checkpoint/checkpoint-files.ts'
import { readSuperblocks } from '../engine/log/checkpoint/superblock.ts'
import { dataPaths } from '../engine/log/data-directory.ts'
import { SEGMENT_HEADER_BYTES } from '../engine/log/segments/segment-store.ts'
import { readCopy } from '../engine/log/verify/checkpoint-invariants.ts'
import { realDisk } from '../engine/ports/real-disk.ts'
import type { ShardState, StreamDescription } from '../engine/streams/streams.ts'

export async function offlineStreams(directory: string): Promise<readonly StreamDescription[]> {
  const checkpoint = await lastCheckpoint(directory)
  if (checkpoint === undefined) return []
  const gone = new Set(
    checkpoint.changes.flatMap((change) => (change.kind === 'delete' ? [change.incarnation] : [])),
  )
  const shards = Map.groupBy(checkpoint.shards, ({ incarnation }) => incarnation)
  return checkpoint.changes.flatMap((change): StreamDescription[] => {
    if (change.kind !== 'stream' || gone.has(change.incarnation)) return []
    const { incarnation, createdUs, record } = change
    const shardStates = (shards.get(incarnation) ?? []).map(shardState)
    const records = shardStates.reduce((sum, shard) => sum + shard.records, 0)
    const bytes = shardStates.reduce((sum, shard) => sum + shard.bytes, 0)
    return [{ ...record, incarnation, createdUs, records, bytes, shardStates }]
  })
}

async function lastCheckpoint(directory: string): Promise<Checkpoint | undefined> {
  try {
    const paths = dataPaths(directory)
    const { superblock } = await readSuperblocks(realDisk, directory)
    if (superblock?.checkpoint === undefined) return undefined
    const { id, slot } = superblock.checkpoint
    for (const path of checkpointCopies(paths.checkpoint, slot)) {
      const checkpoint = await readCopy(realDisk, path)
      if (checkpoint?.head.id === id) return checkpoint
    }
  } catch {
    // A directory without an engine's files has no streams; what declares them is in the catalog.
  }
  return undefined
}

function shardState({ shard, first, next, segments }: ShardMark): ShardState {
  const live = segments.filter((segment) => segment.next > first)
  return {
    shard,
    first,
    next,
    records: live.reduce((sum, { records }) => sum + records, 0),
    bytes: live.reduce((sum, { bytes }) => sum + bytes - SEGMENT_HEADER_BYTES, 0),
    oldestUs: live[0]?.oldestUs,
    newestUs: live.at(-1)?.newestUs,
  }
}
