/**
 * Gives up what is damaged, so that the rest can be written to again. What it changes lies in the quarantine first, and
 * with it a list of all that was given up.
 *
 * 1. The damaged files are copied to the quarantine.
 * 2. What has to be there is made: superblocks and checkpoint files that are away, the marker.
 * 3. The engine is opened, told to accept the loss: unsound segments are written anew without what is damaged, and a
 *    checkpoint puts the sound rest in place of all. A crash before that leaves the directory as it was.
 */
import { basename, join } from 'node:path'
import type { Clock } from '../ports/clock.ts'
import type { Disk } from '../ports/disk.ts'
import type { Logger } from '../ports/logger.ts'
import type { Random } from '../ports/random.ts'
import { CHECKPOINT_FILE_BYTES, CheckpointFiles } from './checkpoint/checkpoint-files.ts'
import { SUPERBLOCK_BYTES } from './checkpoint/superblock.ts'
import { createFile } from './checkpoint/whole-file.ts'
import { type DataPaths, dataPaths, writeMarker } from './data-directory.ts'
import { type EngineSizes, openDiskEngine } from './disk-engine.ts'
import { quarantineCopies } from './quarantine.ts'
import type { RepairPlan } from './repair-plan.ts'

export interface RepairOptions {
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly logger?: Logger
  readonly sizes?: Partial<EngineSizes>
  /** What was given up, in words; kept in the quarantine. */
  readonly report: string
}

/** The names in the quarantine of what was put there. The lock must be free again. */
export async function repair(plan: RepairPlan, options: RepairOptions): Promise<readonly string[]> {
  const { disk, clock, random, logger, sizes, report } = options
  const { directory, markerId } = plan
  const paths = dataPaths(directory)
  const copies = await quarantineCopies(disk, paths, await changedFiles(disk, plan, paths))
  const reportName = await writeReport(disk, clock, paths, report)
  await makeAbsent(disk, paths)
  if (markerId !== undefined) await writeMarker(disk, paths.root, markerId)
  const engine = await openDiskEngine({
    directory,
    disk,
    clock,
    random,
    acceptLoss: true,
    ...(logger === undefined ? {} : { logger }),
    ...(sizes === undefined ? {} : { sizes }),
  })
  await engine[Symbol.asyncDispose]()
  return [...copies, ...plan.aside.map((path) => basename(path)), reportName]
}

/** Damaged ones, and those that say what everything was before. */
async function changedFiles(
  disk: Disk,
  { places, markerId }: RepairPlan,
  paths: DataPaths,
): Promise<readonly string[]> {
  const damaged = places.filter(({ missing }) => !missing).map(({ path }) => path)
  const names = await disk.directories.list(paths.root)
  const control = names.filter(
    (name) => name.startsWith('superblock.') || (name === 'format.json' && markerId !== undefined),
  )
  const checkpoints = new CheckpointFiles(disk, paths.checkpoint).paths()
  return [
    ...new Set([...damaged, ...control.map((name) => join(paths.root, name)), ...checkpoints]),
  ]
}

async function makeAbsent(disk: Disk, paths: DataPaths): Promise<void> {
  const files = new CheckpointFiles(disk, paths.checkpoint).paths()
  const wanted = [
    ...['superblock.0', 'superblock.1'].map((name) => join(paths.root, name)),
    ...files,
  ]
  const names = [
    ...(await disk.directories.list(paths.root)).map((name) => join(paths.root, name)),
    ...(await disk.directories.list(paths.checkpoint)).map((name) => join(paths.checkpoint, name)),
  ]
  for (const path of wanted.filter((each) => !names.includes(each))) {
    const bytes = files.includes(path) ? CHECKPOINT_FILE_BYTES : SUPERBLOCK_BYTES
    await createFile(disk, path, Buffer.alloc(bytes))
  }
  await disk.directories.sync(paths.checkpoint)
  await disk.directories.sync(paths.root)
}

async function writeReport(
  disk: Disk,
  clock: Clock,
  paths: DataPaths,
  report: string,
): Promise<string> {
  const time = new Date(clock.wallUs() / 1000).toISOString().replaceAll(':', '-')
  const name = `repair-${time}.txt`
  await createFile(disk, join(paths.quarantine, name), Buffer.from(report))
  await disk.directories.sync(paths.quarantine)
  return name
}
