/**
 * Writes a data directory that holds just what one checkpoint says: its segments as far as they count, the checkpoint
 * itself, and superblocks whose journal is empty. Files that a checkpoint names never change, so they are copied while
 * the engine goes on; that none of them goes meanwhile is the caller's part.
 *
 * All of it lies under another name, `DIRECTORY.incomplete`, until it is whole, synced and verified: a backup that was
 * cut short is none, and nothing takes it for one, as its marker comes last.
 */
import { dirname, isAbsolute, join, relative } from 'node:path'
import type { BackupOptions, BackupResult } from '../backup.ts'
import { HeadgateError } from '../error.ts'
import type { Disk } from '../ports/disk.ts'
import type { Checkpoint } from './checkpoint/checkpoint.ts'
import { CheckpointFiles } from './checkpoint/checkpoint-files.ts'
import { createSuperblocks } from './checkpoint/superblock.ts'
import { copyFile } from './copy-file.ts'
import { DATA_FORMAT, type DataPaths, dataPaths, writeMarker } from './data-directory.ts'
import { segmentPath } from './segments/segment-file.ts'
import { verifyDirectory } from './verify/verify-directory.ts'

export interface WriteBackupOptions extends BackupOptions {
  readonly disk: Disk
  /** Of the engine. */
  readonly from: DataPaths
  readonly checkpoint: Checkpoint
  readonly signal: AbortSignal
}

export async function writeBackup(options: WriteBackupOptions): Promise<BackupResult> {
  const { disk, directory, from } = options
  refuseWithin(directory, from.root)
  await refuseHolding(disk, directory)
  const incomplete = `${directory}.incomplete`
  await refuseHolding(disk, incomplete)
  try {
    const result = await writeParts(options, dataPaths(incomplete))
    await putInPlace(disk, incomplete, directory)
    return { ...result, directory }
  } catch (error) {
    await removeTree(disk, incomplete).catch(() => {})
    throw error
  }
}

/** Under its name, once it is whole: durable when it resolves. An empty directory of the name gives way. */
export async function putInPlace(disk: Disk, incomplete: string, directory: string): Promise<void> {
  if ((await namesIn(disk, directory)) !== undefined) await disk.files.remove(directory)
  await disk.files.rename(incomplete, directory)
  await disk.directories.sync(dirname(directory))
}

/** Throws BadRequest unless nothing lies there. */
export async function refuseHolding(disk: Disk, directory: string): Promise<void> {
  const names = await namesIn(disk, directory)
  if (names === undefined || names.length === 0) return
  throw new HeadgateError(
    'BadRequest',
    `expected a directory that does not exist or is empty, got ${directory}, which holds ${names[0]}`,
    {
      hint: directory.endsWith('.incomplete')
        ? 'It was left by one that was cut short: remove it.'
        : 'Name another one: nothing is ever written over.',
    },
  )
}

/** Directories are told from files by trying. */
export async function removeTree(disk: Disk, path: string): Promise<void> {
  for (const name of (await namesIn(disk, path)) ?? []) await removeTree(disk, join(path, name))
  await disk.files.remove(path)
}

async function writeParts(
  { disk, from, checkpoint, alongside, signal }: WriteBackupOptions,
  paths: DataPaths,
): Promise<Omit<BackupResult, 'directory'>> {
  const { root, ...parts } = paths
  for (const path of Object.values(parts)) await disk.directories.make(path)
  const copied = await copySegments(disk, checkpoint, from.streams, paths.streams, signal)
  const { head } = checkpoint
  // An empty journal of a later epoch: whatever lies in files of earlier ones does not go on from here.
  const point = { ...head.point, epoch: head.point.epoch + 1, position: 0 }
  const files = new CheckpointFiles(disk, paths.checkpoint)
  await files.create()
  await files.write(0, { ...checkpoint, head: { ...head, point } })
  await createSuperblocks(disk, root, {
    format: DATA_FORMAT,
    id: head.engine,
    writes: 0,
    opens: head.opens,
    checkpoint: { id: head.id, slot: 0 },
    point,
    durableSequence: point.sequence - 1,
    closed: true,
  })
  await alongside?.(root)
  for (const path of [paths.checkpoint, paths.streams, root, dirname(root)]) {
    await disk.directories.sync(path)
  }
  await writeMarker(disk, root, head.engine)
  signal.throwIfAborted()
  await refuseUnsound(disk, root)
  const streams = checkpoint.changes.filter(({ kind }) => kind === 'stream').length
  return { id: head.engine, streams, ...copied }
}

async function copySegments(
  disk: Disk,
  { shards }: Checkpoint,
  from: string,
  to: string,
  signal: AbortSignal,
): Promise<Pick<BackupResult, 'segments' | 'records' | 'bytes'>> {
  const directories = new Set<string>()
  let segments = 0
  let records = 0
  let bytes = 0
  for (const { incarnation, shard, segments: metas } of shards) {
    for (const meta of metas) {
      signal.throwIfAborted()
      const name = { ...meta, incarnation, shard }
      const target = segmentPath(to, name)
      const directory = dirname(target)
      if (!directories.has(directory)) await disk.directories.make(directory)
      directories.add(directory)
      bytes += await copyFile(disk, segmentPath(from, name), target, meta.bytes)
      records += meta.records
      segments++
    }
  }
  for (const directory of directories) await disk.directories.sync(directory)
  return { segments, records, bytes }
}

/** A copy of damaged data is no backup, and must not take the place of one. */
export async function refuseUnsound(disk: Disk, directory: string): Promise<void> {
  const { findings } = await verifyDirectory(disk, directory)
  const [first] = findings
  if (first === undefined) return
  const more = findings.length > 1 ? `, and ${findings.length - 1} more` : ''
  throw new HeadgateError(
    'LogCorrupt',
    `expected a sound copy, got ${first.invariant} in ${first.path}: ${first.message}${more}`,
    { hint: 'Stop the server and see what `headgate verify` says of its data directory.' },
  )
}

function refuseWithin(directory: string, root: string): void {
  const way = relative(root, directory)
  const isWithin = !way.startsWith('..') && !isAbsolute(way)
  if (isAbsolute(directory) && !isWithin) return
  throw new HeadgateError(
    'BadRequest',
    isWithin
      ? `expected a directory outside of the data directory, got ${directory}`
      : `expected the absolute path of a directory, got ${directory}`,
    { hint: 'Name one on another disk, if there is one.' },
  )
}

/** Undefined where there is nothing of that name. */
async function namesIn(disk: Disk, path: string): Promise<readonly string[] | undefined> {
  try {
    return await disk.directories.list(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
