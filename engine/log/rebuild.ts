/**
 * What stands in for a checkpoint that is lost: every segment tells of itself, so the records are found again, with
 * their places and the names of their streams. Who owned a stream, what it promised and how far groups had read is
 * gone with the checkpoint; such streams are sealed, until a person says otherwise.
 */

import type { Disk } from '../ports/disk.ts'
import type { ControlChange } from './change.ts'
import type { Checkpoint, ShardMark } from './checkpoint/checkpoint.ts'
import type { Superblock } from './checkpoint/superblock.ts'
import type { DataPaths } from './data-directory.ts'
import { inspectSegment } from './segments/inspect-segment.ts'
import type { SegmentMeta, SegmentStore } from './segments/segment-store.ts'

export interface RebuildOptions {
  readonly disk: Disk
  readonly segments: SegmentStore
  readonly paths: DataPaths
}

import { PARTITIONER_ID } from '../streams/partitioner.ts'

/** Undefined where there is no segment. */
export async function rebuildCheckpoint(
  { disk, segments, paths }: RebuildOptions,
  superblock: Superblock,
): Promise<Checkpoint | undefined> {
  const streams = new Map<number, string>()
  const found = new Map<string, { incarnation: number; shard: number; metas: SegmentMeta[] }>()
  for (const name of await segments.list()) {
    const segment = await inspectSegment(disk, paths.streams, name)
    if (segment === undefined || segment.meta.records === 0) continue
    const { incarnation, shard } = name
    streams.set(incarnation, segment.stream)
    const key = `${incarnation}/${shard}`
    const entry = found.get(key) ?? { incarnation, shard, metas: [] }
    entry.metas.push({ ...segment.meta, sealed: true })
    found.set(key, entry)
  }
  if (streams.size === 0) return undefined
  const shards = [...found.values()].map(({ incarnation, shard, metas }): ShardMark => {
    const kept = withoutReplaced(metas)
    const first = kept[0]?.base ?? 1
    return {
      kind: 'shard',
      incarnation,
      shard,
      first,
      next: kept.at(-1)?.next ?? first,
      segments: kept,
    }
  })
  const changes = [...streams].map(([incarnation, name]) =>
    standIn(
      incarnation,
      name,
      shards.filter((mark) => mark.incarnation === incarnation),
    ),
  )
  return {
    head: {
      kind: 'checkpoint',
      id: superblock.checkpoint?.id ?? 0,
      engine: superblock.id,
      opens: superblock.opens,
      point: superblock.point,
      incarnationLast: Math.max(...streams.keys()),
      arrivalLastUs: Math.max(...shards.map(({ segments: metas }) => metas.at(-1)?.newestUs ?? 0)),
    },
    changes,
    shards,
  }
}

/** Of segments that overlap, the one that was compacted last counts. */
function withoutReplaced(metas: readonly SegmentMeta[]): readonly SegmentMeta[] {
  const kept: SegmentMeta[] = []
  const byGeneration = [...metas].sort((left, right) => right.generation - left.generation)
  for (const meta of byGeneration) {
    if (kept.some(({ base, next }) => meta.base < next && base < meta.next)) continue
    kept.push(meta)
  }
  return kept.sort((left, right) => left.base - right.base)
}

function standIn(incarnation: number, name: string, marks: readonly ShardMark[]): ControlChange {
  const newestUs = Math.max(...marks.map(({ segments }) => segments.at(-1)?.newestUs ?? 0))
  return {
    kind: 'stream',
    incarnation,
    createdUs: Math.min(...marks.map(({ segments }) => segments[0]?.oldestUs ?? 0)),
    partitioner: PARTITIONER_ID,
    record: {
      name: nameOf(name, incarnation),
      id: name.slice(name.indexOf('/') + 1),
      uid: `recovered-${incarnation}`,
      owner: undefined,
      digest: '',
      type: undefined,
      shards: Math.max(...marks.map(({ shard }) => shard)) + 1,
      durability: 'durable',
      retention: { ageMs: undefined, bytes: undefined },
      compaction: 'none',
      deletionPolicy: 'Retain',
      protected: true,
      retainForMs: undefined,
      sealed: { sinceUs: newestUs, by: '' },
    },
  }
}

/** A name may have come back in a later incarnation: the checkpoint would have told which one is left. */
function nameOf(name: string, incarnation: number): string {
  return `${name}.recovered-${incarnation}`
}
