/** Takes the state of a view for a checkpoint, and puts a view there again. */
import type { ControlChange } from '../change.ts'
import type { DiskShard } from '../disk-shard.ts'
import type { LogView } from '../log-view.ts'
import type { Checkpoint, ShardMark } from './checkpoint.ts'

/** As of the moment: the lists are copies, and what is in them never changes. */
export interface Snapshot {
  readonly changes: readonly ControlChange[]
  readonly shards: readonly ShardSnapshot[]
  readonly incarnationLast: number
  readonly arrivalLastUs: number
}

interface ShardSnapshot {
  readonly log: DiskShard
  readonly first: number
  readonly next: number
}

export function takeSnapshot(view: LogView<DiskShard>): Snapshot {
  const changes: ControlChange[] = []
  const shards: ShardSnapshot[] = []
  for (const { incarnation, createdUs, partitioner, record, ...stream } of view.streams.values()) {
    changes.push({ kind: 'stream', incarnation, createdUs, partitioner, record })
    stream.shards.forEach(({ log, reserved }, shard) => {
      const { first, next } = log
      if (next > 1) shards.push({ log, first, next })
      if (reserved > next) changes.push({ kind: 'reserve', incarnation, shard, next: reserved })
    })
  }
  for (const [group, { offsets, idleSinceUs }] of view.groups) {
    for (const offset of offsets.values()) changes.push({ kind: 'offset', group, ...offset })
    if (idleSinceUs !== undefined) changes.push({ kind: 'idle', group, sinceUs: idleSinceUs })
  }
  changes.push(...view.idempotency.entries())
  const { incarnationLast, arrivalLastUs } = view
  return { changes, shards, incarnationLast, arrivalLastUs }
}

/** With the segments as they are now: those that were flushed since are part of it. */
export function markOf({ log, first, next }: ShardSnapshot): ShardMark {
  const { incarnation, shard, metas } = log
  return { kind: 'shard', incarnation, shard, first, next, segments: metas }
}

/** Brings an empty view there, whose shards are made with the segments of the marks. */
export function restoreCheckpoint(view: LogView<DiskShard>, checkpoint: Checkpoint): void {
  const { head, changes, shards } = checkpoint
  for (const change of changes) view.apply(change)
  for (const { incarnation, shard, first, next } of shards) {
    view.shard(incarnation, shard)?.log.restore(first, next)
  }
  view.incarnationLast = Math.max(view.incarnationLast, head.incarnationLast)
  view.arrivalLastUs = Math.max(view.arrivalLastUs, head.arrivalLastUs)
}
