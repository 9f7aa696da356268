/**
 * Everything but the records, as the first entry of each journal file: a file can be removed once no batch in it is
 * needed, for what its entries said stands at the head of every later file.
 */
import type { ControlChange } from './change.ts'
import type { LogView } from './log-view.ts'

export interface Snapshot {
  readonly kind: 'snapshot'
  readonly opens: number
  readonly incarnationLast: number
  readonly arrivalLastUs: number
  /** Files that are still needed, and how much of each counts. */
  readonly closed: readonly ClosedFile[]
  /** Streams, offsets, idle groups, reserves and idempotency keys. */
  readonly changes: readonly ControlChange[]
  readonly shards: readonly ShardMark[]
}

export interface ClosedFile {
  readonly epoch: number
  readonly bytes: number
}

export interface ShardMark {
  readonly incarnation: number
  readonly shard: number
  readonly first: number
  readonly next: number
}

export function takeSnapshot<Place>(
  view: LogView<Place>,
  opens: number,
  closed: readonly ClosedFile[],
): Snapshot {
  const changes: ControlChange[] = []
  const shards: ShardMark[] = []
  for (const { incarnation, createdUs, partitioner, record, ...stream } of view.streams.values()) {
    changes.push({ kind: 'stream', incarnation, createdUs, partitioner, record })
    stream.shards.forEach(({ index: { first, next }, reserved }, shard) => {
      if (next > 1) shards.push({ incarnation, shard, first, next })
      if (reserved > next) changes.push({ kind: 'reserve', incarnation, shard, next: reserved })
    })
  }
  for (const [group, { offsets, idleSinceUs }] of view.groups) {
    for (const offset of offsets.values()) changes.push({ kind: 'offset', group, ...offset })
    if (idleSinceUs !== undefined) changes.push({ kind: 'idle', group, sinceUs: idleSinceUs })
  }
  changes.push(...view.idempotency.entries())
  const { incarnationLast, arrivalLastUs } = view
  return { kind: 'snapshot', opens, incarnationLast, arrivalLastUs, closed, changes, shards }
}

/** Brings a view to where the snapshot was taken; batches that it has already are kept as far as they count. */
export function restoreSnapshot<Place>(view: LogView<Place>, snapshot: Snapshot): void {
  const live = new Set(
    snapshot.changes.map((change) => change.kind === 'stream' && change.incarnation),
  )
  for (const { incarnation } of [...view.streams.values()]) {
    if (!live.has(incarnation)) view.apply({ kind: 'delete', incarnation })
  }
  for (const group of [...view.groups.keys()]) view.apply({ kind: 'reset', group, offsets: [] })
  for (const change of snapshot.changes) view.apply(change)
  for (const { incarnation, shard, first, next } of snapshot.shards) {
    view.shard(incarnation, shard)?.index.skipTo(next)
    view.apply({ kind: 'trim', incarnation, shard, first })
  }
  view.incarnationLast = Math.max(view.incarnationLast, snapshot.incarnationLast)
  view.arrivalLastUs = Math.max(view.arrivalLastUs, snapshot.arrivalLastUs)
}
