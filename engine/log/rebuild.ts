/**
 * What stands in for a checkpoint that is lost: every segment tells of itself, so the records are found again, with
 * their places and the names of their streams. Who owned a stream, what it promised and how far groups had read is
 * gone with the checkpoint; such streams are sealed, until a person says otherwise.
 */
import type { Disk } from '../ports/disk.ts'
import { PARTITIONER_ID } from '../streams/partitioner.ts'
import type { StreamChange } from './change.ts'
import type { Checkpoint, ShardMark } from './checkpoint/checkpoint.ts'
import type { Superblock } from './checkpoint/superblock.ts'
import type { DataPaths } from './data-directory.ts'
import { type InspectedSegment, inspectSegment } from './segments/inspect-segment.ts'
import type { SegmentMeta, SegmentStore } from './segments/segment-store.ts'

export interface RebuildOptions {
  readonly disk: Disk
  readonly segments: SegmentStore
  readonly paths: DataPaths
}

interface FoundShard {
  readonly incarnation: number
  readonly shard: number
  readonly segments: InspectedSegment[]
}

/** Undefined where there is no segment. */
export async function rebuildCheckpoint(
  { disk, segments, paths }: RebuildOptions,
  superblock: Superblock,
): Promise<Checkpoint | undefined> {
  const streams = new Map<number, string>()
  const found = new Map<string, FoundShard>()
  for (const name of await segments.list()) {
    const segment = await inspectSegment(disk, paths.streams, name)
    if (segment === undefined || segment.meta.records === 0) continue
    const { incarnation, shard } = name
    streams.set(incarnation, segment.stream)
    const key = `${incarnation}/${shard}`
    const entry = found.get(key) ?? { incarnation, shard, segments: [] }
    entry.segments.push(segment)
    found.set(key, entry)
  }
  if (streams.size === 0) return undefined
  const shards = [...found.values()].map(markOf)
  const changes = [...streams].map(([incarnation, name]) => {
    const marks = shards.filter((mark) => mark.incarnation === incarnation)
    const metas = marks.flatMap((mark) => mark.segments)
    return standInStream(name, {
      incarnation,
      shards: Math.max(...marks.map(({ shard }) => shard)) + 1,
      oldestUs: Math.min(...metas.map(({ oldestUs }) => oldestUs)),
      newestUs: Math.max(...metas.map(({ newestUs }) => newestUs)),
    })
  })
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

/** Of a stream that was found again by its segments alone. */
export function recoveredName(name: string, incarnation: number): string {
  return `${name}.recovered-${incarnation}`
}

export interface StandIn {
  readonly incarnation: number
  readonly shards: number
  readonly oldestUs: number
  readonly newestUs: number
}

/**
 * Takes no appends and never expires. Its name says which incarnation it is, for a name may have come back in a later
 * one: the checkpoint would have told which one is left.
 */
export function standInStream(
  name: string,
  { incarnation, shards, oldestUs, newestUs }: StandIn,
): StreamChange {
  const recovered = recoveredName(name, incarnation)
  return {
    kind: 'stream',
    incarnation,
    createdUs: oldestUs,
    partitioner: PARTITIONER_ID,
    record: {
      name: recovered,
      id: recovered.slice(recovered.indexOf('/') + 1),
      uid: `recovered-${incarnation}`,
      owner: undefined,
      digest: '',
      type: undefined,
      shards,
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

function markOf({ incarnation, shard, segments }: FoundShard): ShardMark {
  const kept = withoutReplaced(segments)
  const first = kept[0]?.base ?? 1
  const next = kept.at(-1)?.next ?? first
  return { kind: 'shard', incarnation, shard, first, next, segments: kept }
}

/**
 * Of segments that overlap one counts: the one that was compacted last, if it was written to its end. One that was
 * not counts only where nothing else has its records.
 */
function withoutReplaced(segments: readonly InspectedSegment[]): readonly SegmentMeta[] {
  const kept: SegmentMeta[] = []
  const rank = ({ meta, whole }: InspectedSegment): number => (whole ? meta.generation : -1)
  for (const { meta } of [...segments].sort((left, right) => rank(right) - rank(left))) {
    if (kept.some(({ base, next }) => meta.base < next && base < meta.next)) continue
    kept.push({ ...meta, sealed: true })
  }
  return kept.sort((left, right) => left.base - right.base)
}
