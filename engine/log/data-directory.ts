/**
 * The data directory as a whole: its lock, the marker that says which format it has, and where everything lies.
 *
 * `format.json` holds `{"format": 2, "id": UUID}` and is the last thing that a new directory gets, so that one without
 * it is either new or not ours. A directory of another format, with data and no marker, or of another engine than the
 * one that is expected is left as it is.
 */
import { dirname, join, resolve } from 'node:path'
import { HeadgateError } from '../error.ts'
import type { Disk } from '../ports/disk.ts'
import type { Random } from '../ports/random.ts'
import { CheckpointFiles } from './checkpoint/checkpoint-files.ts'
import { createSuperblocks, readSuperblocks } from './checkpoint/superblock.ts'
import { createFile, readFile } from './checkpoint/whole-file.ts'

export const DATA_FORMAT = 2
const MARKER = 'format.json'
const MARKER_BYTES_MAX = 4096

export interface DataPaths {
  readonly root: string
  readonly journal: string
  readonly checkpoint: string
  readonly streams: string
  readonly recycled: string
  readonly quarantine: string
}

export interface DataDirectory {
  readonly paths: DataPaths
  /** Of the engine, for as long as the directory lives. */
  readonly id: string
  readonly lock: Disposable
}

export interface DataDirectoryOptions {
  readonly disk: Disk
  readonly directory: string
  readonly random: Random
  /** The engine whose data must be there: an empty mount, or another volume, is refused. */
  readonly expectedId?: string | undefined
}

export function dataPaths(root: string): DataPaths {
  return {
    root,
    journal: join(root, 'journal'),
    checkpoint: join(root, 'checkpoint'),
    streams: join(root, 'streams'),
    recycled: join(root, 'recycled'),
    quarantine: join(root, 'quarantine'),
  }
}

export async function openDataDirectory(options: DataDirectoryOptions): Promise<DataDirectory> {
  const { disk, directory, random, expectedId } = options
  await disk.directories.make(directory)
  const lock = await disk.directories.lock(directory)
  try {
    const paths = dataPaths(directory)
    const id = await readMarker(disk, directory)
    if (expectedId !== undefined && id !== expectedId) throw unexpected(directory, expectedId, id)
    if (id !== undefined) return { paths, id, lock }
    await refuseUnmarked(disk, paths)
    return { paths, id: await initialise(disk, paths, random), lock }
  } catch (error) {
    lock[Symbol.dispose]()
    throw error
  }
}

/** The id that the marker holds; undefined without one. Throws DataDirectoryUnusable for another format. */
export async function readMarker(disk: Disk, directory: string): Promise<string | undefined> {
  if (!(await disk.directories.list(directory)).includes(MARKER)) return undefined
  const bytes = await readFile(disk, join(directory, MARKER), MARKER_BYTES_MAX)
  const { format, id } = parseMarker(bytes.toString())
  if (format === DATA_FORMAT && id !== undefined) return id
  const got = format === undefined ? 'none' : `${format}`
  throw unusable(directory, `data format ${DATA_FORMAT}`, got)
}

/** Throws DataDirectoryUnusable where another directory, or none, lies in the place of the one that was opened. */
export async function checkMarker(disk: Disk, { paths, id }: DataDirectory): Promise<void> {
  const found = await readMarker(disk, paths.root).catch((error: unknown) => {
    if (hasCode(error, ['ENOENT', 'ENOTDIR'])) return undefined
    throw error
  })
  if (found === id) return
  throw new HeadgateError(
    'DataDirectoryUnusable',
    `expected the data of engine ${id} in ${paths.root}, got ${found === undefined ? 'none' : `that of ${found}`}: the directory was removed or replaced while it was in use`,
    { hint: 'Put the directory back, or its volume, then start again.' },
  )
}

function parseMarker(text: string): { readonly format?: number; readonly id?: string } {
  try {
    const marker: unknown = JSON.parse(text)
    if (typeof marker !== 'object' || marker === null) return {}
    return {
      ...('format' in marker && typeof marker.format === 'number' ? { format: marker.format } : {}),
      ...('id' in marker && typeof marker.id === 'string' ? { id: marker.id } : {}),
    }
  } catch {
    return {}
  }
}

/** A crash while a directory was made new leaves no journal and no segments. */
async function refuseUnmarked(disk: Disk, { root, journal, streams }: DataPaths): Promise<void> {
  for (const path of [journal, streams]) {
    await disk.directories.make(path)
    if ((await disk.directories.list(path)).length === 0) continue
    throw unusable(root, `data with its ${MARKER}`, 'some without')
  }
  const { superblock } = await readSuperblocks(disk, root)
  if ((superblock?.opens ?? 0) > 0) throw unusable(root, `data with its ${MARKER}`, 'some without')
}

/** The marker comes last: with it, all of this is there. */
async function initialise(disk: Disk, paths: DataPaths, random: Random): Promise<string> {
  const id = random.uuid()
  const { root, ...parts } = paths
  for (const path of Object.values(parts)) await disk.directories.make(path)
  await new CheckpointFiles(disk, paths.checkpoint).create()
  await disk.directories.sync(paths.checkpoint)
  await createSuperblocks(disk, root, {
    format: DATA_FORMAT,
    id,
    writes: 0,
    opens: 0,
    checkpoint: undefined,
    point: { epoch: 1, position: 0, sequence: 1, previousCrc: 0, salt: 0 },
    durableSequence: 0,
    closed: true,
  })
  await disk.directories.sync(root)
  await syncParents(disk, root)
  await writeMarker(disk, root, id)
  return id
}

/** Replaced whole, and durable when it resolves. */
export async function writeMarker(disk: Disk, root: string, id: string): Promise<void> {
  const aside = join(root, `${MARKER}.new`)
  await createFile(disk, aside, Buffer.from(`${JSON.stringify({ format: DATA_FORMAT, id })}\n`))
  await disk.files.rename(aside, join(root, MARKER))
  await disk.directories.sync(root)
}

/** Whoever made them: a directory is durable once its parent was synced. What may not be looked into was there before. */
async function syncParents(disk: Disk, root: string): Promise<void> {
  for (let path = dirname(resolve(root)); ; path = dirname(path)) {
    try {
      await disk.directories.sync(path)
    } catch (error) {
      if (!hasCode(error, ['EACCES', 'EPERM', 'EINVAL', 'EROFS'])) throw error
    }
    if (path === dirname(path)) return
  }
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

function unusable(directory: string, expected: string, got: string): HeadgateError {
  return new HeadgateError(
    'DataDirectoryUnusable',
    `expected ${expected} in data directory ${directory}, got ${got}`,
    { hint: 'Use the version that wrote it, or another directory; nothing was changed.' },
  )
}

function unexpected(directory: string, expected: string, got: string | undefined): HeadgateError {
  return new HeadgateError(
    'DataDirectoryUnusable',
    `expected the data of engine ${expected} in ${directory}, got ${got === undefined ? 'none' : `that of ${got}`}`,
    {
      hint: 'Look whether the right volume is mounted there; nothing was changed. To begin with no data, take engine.id out of headgate.yaml.',
    },
  )
}
