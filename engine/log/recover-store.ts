/**
 * Finds out what a data directory holds: the superblock, its checkpoint, the segments that this names, and the journal
 * behind it. It changes nothing on the disk; what is damaged is noted, and what is sound counts.
 */
import { HeadgateError } from '../error.ts'
import type { Disk } from '../ports/disk.ts'
import type { Logger } from '../ports/logger.ts'
import type { Checkpoint, ShardMark } from './checkpoint/checkpoint.ts'
import { CheckpointFiles } from './checkpoint/checkpoint-files.ts'
import { restoreCheckpoint } from './checkpoint/snapshot.ts'
import { readSuperblocks, type Superblock } from './checkpoint/superblock.ts'
import { Damage } from './damage.ts'
import { DATA_FORMAT, type DataDirectory, type DataPaths } from './data-directory.ts'
import { DiskShard } from './disk-shard.ts'
import { type JournalEnd, recoverJournal } from './journal/recover-journal.ts'
import { LogView } from './log-view.ts'
import { rebuildCheckpoint } from './rebuild.ts'
import { Replay } from './replay.ts'
import { segmentPath } from './segments/segment-file.ts'
import type { SegmentFileName, SegmentStore } from './segments/segment-store.ts'
import type { StreamListeners } from './stream-listeners.ts'
import type { TailCache } from './tail-cache.ts'
import type { WriteGate } from './write-gate.ts'

export interface RecoverOptions {
  readonly disk: Disk
  readonly directory: DataDirectory
  readonly segments: SegmentStore
  readonly tail: Pick<TailCache, 'add'>
  readonly listeners: StreamListeners
  readonly logger: Logger | undefined
  /** Told of files that the view lets go of, from the start of recovery on. */
  readonly onDiscard: (files: readonly SegmentFileName[]) => void
  readonly gate: WriteGate | undefined
}

export interface RecoveredStore {
  readonly view: LogView<DiskShard>
  readonly superblock: Superblock
  readonly end: JournalEnd
  readonly damage: Damage
  /** Files that no checkpoint and no shard names, and that nothing explains. */
  readonly unexplained: readonly SegmentFileName[]
  /** Files that no checkpoint and no shard names, left by what a crash cut short. */
  readonly leftOver: readonly SegmentFileName[]
}

/** More than there were since the last checkpoint: one that changed nothing leaves a trace in the superblock only. */
const OPENS_UNKNOWN_MAX = 1024

export async function recoverStore(options: RecoverOptions): Promise<RecoveredStore> {
  const { disk, directory, tail, segments } = options
  const damage = new Damage()
  const { superblock, checkpoint, isRebuilt } = await readBase(options, damage)
  const view = openView(options, checkpoint)
  if (checkpoint !== undefined) restoreCheckpoint(view, checkpoint)
  // What the journal lets go of stays until another checkpoint counts: it may be there again if the power goes now.
  const named = new Set(namesOf(view).map(keyOf))
  const nextsBefore = nextsOf(view)
  const replay = new Replay(view, tail, damage, isRebuilt)
  const end = superblock.closed
    ? endOf(superblock)
    : await recoverJournal({
        disk,
        directory: directory.paths.journal,
        from: superblock.point,
        durableSequence: superblock.durableSequence,
        onFrame: (content, frame) => replay.apply(content, frame),
        onDamage: (path, from, to, missing) => damage.add(path, from, to, missing),
      })
  const found = await segments.list()
  noteMissing(view, found, directory.paths, damage)
  for (const name of namesOf(view)) named.add(keyOf(name))
  const unnamed = found.filter((name) => !named.has(keyOf(name)))
  const isLeftOver = (name: SegmentFileName): boolean => explains(nextsBefore, view, name)
  return {
    view,
    superblock,
    end,
    damage,
    leftOver: unnamed.filter(isLeftOver),
    unexplained: unnamed.filter((name) => !isLeftOver(name)),
  }
}

/** Of a journal that the checkpoint holds all of: opening does not read it. */
function endOf({ point }: Superblock): JournalEnd {
  const { sequence, previousCrc, epoch } = point
  const nothing = { torn: false, damaged: false, frames: 0, bytes: 0 }
  return { sequence, previousCrc, epochLast: epoch, ...nothing }
}

interface Base {
  readonly superblock: Superblock
  readonly checkpoint: Checkpoint | undefined
  /** The checkpoint stands in for one that is lost. */
  readonly isRebuilt: boolean
}

/** The superblock and its checkpoint, or what can be put in their place. */
async function readBase(
  { disk, directory, segments }: RecoverOptions,
  damage: Damage,
): Promise<Base> {
  const { paths, id } = directory
  const files = new CheckpointFiles(disk, paths.checkpoint)
  const { superblock } = await readSuperblocks(disk, paths.root)
  if (superblock !== undefined) {
    if (superblock.format !== DATA_FORMAT) throw formatUnknown(paths.root, superblock.format)
    if (superblock.checkpoint === undefined) {
      return { superblock, checkpoint: undefined, isRebuilt: false }
    }
    const checkpoint = await files.read(superblock.checkpoint)
    if (checkpoint !== undefined) return { superblock, checkpoint, isRebuilt: false }
    damage.note(`both copies of checkpoint ${superblock.checkpoint.id} in ${paths.checkpoint}`)
    return {
      superblock,
      checkpoint: await rebuildCheckpoint({ disk, segments, paths }, superblock),
      isRebuilt: true,
    }
  }
  damage.note(`both superblocks in ${paths.root}`)
  const newest = await files.readNewest()
  const standIn: Superblock = {
    format: DATA_FORMAT,
    id,
    writes: 0,
    opens: (newest?.checkpoint.head.opens ?? 0) + OPENS_UNKNOWN_MAX,
    checkpoint: newest && { id: newest.checkpoint.head.id, slot: newest.slot },
    point: newest?.checkpoint.head.point ?? {
      epoch: 1,
      position: 0,
      sequence: 1,
      previousCrc: 0,
      salt: 0,
    },
    durableSequence: 0,
    closed: false,
  }
  return {
    superblock: standIn,
    checkpoint: newest?.checkpoint ?? (await rebuildCheckpoint({ disk, segments, paths }, standIn)),
    isRebuilt: newest === undefined,
  }
}

function openView(options: RecoverOptions, checkpoint: Checkpoint | undefined): LogView<DiskShard> {
  const { segments, listeners, onDiscard, gate } = options
  const marks = new Map<string, ShardMark>()
  for (const mark of checkpoint?.shards ?? []) marks.set(shardKey(mark), mark)
  return new LogView<DiskShard>({
    createShard: (incarnation, shard, stream) => {
      const key = shardKey({ incarnation, shard })
      const metas = marks.get(key)?.segments ?? []
      // A stream that is made anew later begins with nothing.
      marks.delete(key)
      const opened = segments.shard(incarnation, shard, metas, stream)
      return new DiskShard(opened, { stream, incarnation, shard }, onDiscard)
    },
    streamChanged: (name) => listeners.tell(name),
    released: (incarnation, bytes) => gate?.released(incarnation, bytes),
    removed: (incarnation) => gate?.removed(incarnation),
  })
}

/** A segment that the view needs and that is not there took its records with it. */
function noteMissing(
  view: LogView<DiskShard>,
  found: readonly SegmentFileName[],
  paths: DataPaths,
  damage: Damage,
): void {
  const present = new Set(found.map(keyOf))
  for (const { record, shards } of view.streams.values()) {
    for (const { log } of shards) {
      for (const { base, generation, next, bytes } of log.metas) {
        const { incarnation, shard } = log
        const name = { incarnation, shard, base, generation }
        if (present.has(keyOf(name))) continue
        damage.add(segmentPath(paths.streams, name), 0, bytes, true)
        const range = { from: Math.max(base, log.first), to: next - 1 }
        log.markLost(range)
        damage.lose({ stream: record.name, shard, ...range })
      }
    }
  }
}

/** Where each shard stands. */
function nextsOf(view: LogView<DiskShard>): ReadonlyMap<string, number> {
  const nexts = new Map<string, number>()
  for (const { shards } of view.streams.values()) {
    for (const { log } of shards) nexts.set(shardKey(log), log.next)
  }
  return nexts
}

/**
 * A file that no checkpoint names is explained when all of it is in the journal still (it was made after the
 * checkpoint), or when nothing needs it any more (a crash came between the checkpoint and its removal).
 */
function explains(
  nextsBefore: ReadonlyMap<string, number>,
  view: LogView<DiskShard>,
  name: SegmentFileName,
): boolean {
  const log = view.shard(name.incarnation, name.shard)?.log
  if (log === undefined) return name.incarnation <= view.incarnationLast
  const next = nextsBefore.get(shardKey(name)) ?? 1
  const isReplaced = log.metas.some(
    (meta) => meta.generation > name.generation && meta.base <= name.base && name.base < meta.next,
  )
  if (isReplaced) return true
  return name.base >= next || name.base < log.first || name.generation > 0
}

function namesOf(view: LogView<DiskShard>): readonly SegmentFileName[] {
  return [...view.streams.values()].flatMap(({ shards }) =>
    shards.flatMap(({ log: { incarnation, shard, metas } }) =>
      metas.map(({ base, generation }) => ({ incarnation, shard, base, generation })),
    ),
  )
}

function keyOf({ incarnation, shard, base, generation }: SegmentFileName): string {
  return `${incarnation}/${shard}/${base}/${generation}`
}

function shardKey({ incarnation, shard }: { incarnation: number; shard: number }): string {
  return `${incarnation}/${shard}`
}

function formatUnknown(directory: string, format: number): HeadgateError {
  return new HeadgateError(
    'DataDirectoryUnusable',
    `expected data format ${DATA_FORMAT} in data directory ${directory}, got ${format}`,
    { hint: 'Use the version that wrote it, or another directory; nothing was changed.' },
  )
}
