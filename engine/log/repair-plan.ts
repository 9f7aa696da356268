/** What a repair would give up, put aside and make up, found out without changing anything. */
import { HeadgateError } from '../error.ts'
import type { Disk } from '../ports/disk.ts'
import { CheckpointFiles } from './checkpoint/checkpoint-files.ts'
import { readSuperblocks } from './checkpoint/superblock.ts'
import type { DamagedPlace, LostRecords } from './damage.ts'
import { DATA_FORMAT, type DataPaths, dataPaths } from './data-directory.ts'
import { recoverStore } from './recover-store.ts'
import { findUnsound, type UnsoundSegment } from './repair-segments.ts'
import { openSegmentStore } from './segments/open-segment-store.ts'
import { segmentPath } from './segments/segment-file.ts'
import { StreamListeners } from './stream-listeners.ts'
import { readRoot } from './verify/root-invariants.ts'

export interface RepairPlan {
  readonly directory: string
  /** Bytes that count no more, with the file that they lie in. */
  readonly places: readonly DamagedPlace[]
  /** Records that nothing holds any more. */
  readonly lost: readonly LostRecords[]
  /** What is lost, or made up, besides records. */
  readonly notes: readonly string[]
  /** Streams that are found by their records alone, under the names that they get. */
  readonly recovered: readonly string[]
  /** Files that go to the quarantine, as nothing explains them. */
  readonly aside: readonly string[]
  /** What the marker is written anew with; undefined where it is sound. */
  readonly markerId: string | undefined
}

export function isNothing(plan: RepairPlan): boolean {
  const { places, lost, notes, recovered, aside, markerId } = plan
  const lists = [places, lost, notes, recovered, aside]
  return markerId === undefined && lists.every((list) => list.length === 0)
}

/** The caller holds the lock. Throws DataDirectoryUnusable for a directory that another version wrote. */
export async function planRepair(disk: Disk, directory: string): Promise<RepairPlan> {
  const paths = dataPaths(directory)
  const { names, marker } = await readRoot(disk, paths)
  for (const part of ['journal', 'checkpoint', 'streams'] as const) {
    if (!names.includes(part)) throw absent(paths[part])
  }
  const markerId = marker.id === undefined ? await idOf(disk, paths) : undefined
  const id = marker.id ?? markerId
  if (id === undefined) throw unknown(directory, marker.problem)
  await using segments = await openSegmentStore({
    disk,
    directory: paths.streams,
    recycled: paths.recycled,
  })
  const { view, damage, leftOver, unexplained } = await recoverStore({
    disk,
    directory: { paths, id, lock: { [Symbol.dispose]: () => {} } },
    segments,
    tail: { add: () => {} },
    listeners: new StreamListeners(undefined),
    logger: undefined,
    onDiscard: () => {},
    gate: undefined,
  })
  const unsound = await findUnsound(disk, paths.streams, view)
  const missing = new Set(damage.places.filter((place) => place.missing).map(({ path }) => path))
  const found = unsound.filter(({ segment }) => !missing.has(segment.path))
  return {
    directory,
    places: [...damage.places, ...found.flatMap(placesOf)],
    lost: [...damage.lost, ...found.flatMap(lostOf)],
    notes: damage.notes,
    recovered: [...view.streams.keys()].filter((name) => /\.recovered-\d+$/.test(name)),
    aside: (damage.isNone ? unexplained : [...leftOver, ...unexplained]).map((name) =>
      segmentPath(paths.streams, name),
    ),
    markerId,
  }
}

/** The engine's id, as the superblocks or the checkpoints know it. */
async function idOf(disk: Disk, paths: DataPaths): Promise<string | undefined> {
  const { superblock } = await readSuperblocks(disk, paths.root)
  if (superblock !== undefined) return superblock.format === DATA_FORMAT ? superblock.id : undefined
  const newest = await new CheckpointFiles(disk, paths.checkpoint).readNewest()
  return newest?.checkpoint.head.engine
}

function placesOf({ segment, meta, walked, missing }: UnsoundSegment): readonly DamagedPlace[] {
  const { path } = segment
  const whole = { path, from: 0, to: meta.bytes, missing }
  if (walked === undefined || walked.damaged.length === 0) return [whole]
  return walked.damaged.map(({ from, to }) => ({ path, from, to, missing: false }))
}

function lostOf({ log, lost }: UnsoundSegment): readonly LostRecords[] {
  return lost.map(({ from, to }) => ({ stream: log.stream, shard: log.shard, from, to }))
}

function absent(path: string): HeadgateError {
  return new HeadgateError('DataDirectoryUnusable', `expected a directory ${path}, got none`, {
    hint: 'Look whether it was moved away. To give up all that lay in it, make it, empty, and ask again.',
  })
}

function unknown(directory: string, problem: string | undefined): HeadgateError {
  return new HeadgateError(
    'DataDirectoryUnusable',
    problem ?? `expected ${directory} to say which engine it is of, got nothing that does`,
    { hint: 'Use the version that wrote it, or restore a backup; nothing was changed.' },
  )
}
