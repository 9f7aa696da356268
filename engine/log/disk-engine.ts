/**
 * The engine on a disk: what it acknowledged is there after a crash, and what is not durable is not readable.
 *
 * Opening it reads the checkpoint and what the journal holds behind it, writes a checkpoint of both, and begins the
 * journal anew. What is damaged makes the engine read-only, and then nothing on the disk is changed.
 */
import type { EngineBackup } from '../backup.ts'
import type { Capabilities, Engine } from '../engine.ts'
import { HeadgateError } from '../error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Disk } from '../ports/disk.ts'
import type { Logger } from '../ports/logger.ts'
import type { Random } from '../ports/random.ts'
import { CHECKPOINT_BYTES } from './checkpoint/checkpointer.ts'
import { type DataDirectory, openDataDirectory } from './data-directory.ts'
import { DiskStore } from './disk-store.ts'
import { FrameBuffers } from './frame-buffers.ts'
import { JOURNAL_SIZES, type JournalSizes } from './journal/journal.ts'
import { JournalGate } from './journal-gate.ts'
import { recoverStore } from './recover-store.ts'
import { openSegmentStore } from './segments/open-segment-store.ts'
import { SEGMENT_BYTES, type SegmentFileName } from './segments/segment-store.ts'
import { openSpaceGate } from './space-gate.ts'
import { StoreEngine } from './store-engine.ts'
import { StreamListeners } from './stream-listeners.ts'
import { TAIL_CACHE_BYTES_MAX, TailCache } from './tail-cache.ts'
import { combineGates, type WriteGate } from './write-gate.ts'

export interface DiskEngineOptions {
  readonly directory: string
  readonly clock: Clock
  readonly random: Random
  readonly disk: Disk
  readonly logger?: Logger
  /** What may refuse a write besides the log's own rules. */
  readonly gate?: WriteGate
  /** The engine whose data must be there; an empty mount is refused. */
  readonly expectedId?: string
  /** Gives up what is damaged instead of being read-only: `headgate repair`. */
  readonly acceptLoss?: boolean
  readonly sizes?: Partial<EngineSizes>
}

export interface EngineSizes {
  readonly journal: JournalSizes
  readonly segmentBytes: number
  readonly checkpointBytes: number
  readonly tailBytes: number
  /** What stays free of the disk; undefined for what follows from its size. */
  readonly reserveBytes: number | undefined
}

export const ENGINE_SIZES: EngineSizes = {
  journal: JOURNAL_SIZES,
  segmentBytes: SEGMENT_BYTES,
  checkpointBytes: CHECKPOINT_BYTES,
  tailBytes: TAIL_CACHE_BYTES_MAX,
  reserveBytes: undefined,
}

export const DISK_CAPABILITIES: Capabilities = {
  atomicWrite: true,
  // After a crash a relaxed shard goes on behind what it had reserved.
  contiguousSequences: false,
  expectNext: true,
  idempotencyKey: true,
  durable: true,
}

export interface DiskEngine extends Engine, EngineBackup {
  /** As the marker of its data directory says. */
  readonly id: string
}

/** Throws DataDirectoryInUse, DataDirectoryUnusable and DiskFull; damaged data gives an engine with a condition. */
export async function openDiskEngine(options: DiskEngineOptions): Promise<DiskEngine> {
  const { disk, directory, random, expectedId } = options
  try {
    const opened = await openDataDirectory({ disk, directory, random, expectedId })
    try {
      return await openStore(options, opened)
    } catch (error) {
      opened.lock[Symbol.dispose]()
      throw error
    }
  } catch (error) {
    if (error instanceof HeadgateError) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new HeadgateError(
      'DataDirectoryUnusable',
      `cannot open data directory ${directory}: ${message}`,
      { cause: error, hint: 'Look at its permissions and the space on its disk.' },
    )
  }
}

async function openStore(
  options: DiskEngineOptions,
  directory: DataDirectory,
): Promise<DiskEngine> {
  const { disk, clock, logger } = options
  const sizes = { ...ENGINE_SIZES, ...options.sizes }
  const { paths } = directory
  await using opening = new AsyncDisposableStack()
  const segments = opening.use(
    await openSegmentStore({
      disk,
      directory: paths.streams,
      recycled: paths.recycled,
      segmentBytes: sizes.segmentBytes,
      ...(logger === undefined ? {} : { logger }),
    }),
  )
  const { reserveBytes } = sizes
  const space = opening.use(
    await openSpaceGate({
      disk,
      directory: paths.root,
      clock,
      logger,
      ...(reserveBytes === undefined ? {} : { reserveBytes }),
    }),
  )
  const crowding = new JournalGate()
  const gate = combineGates([
    space,
    crowding,
    ...(options.gate === undefined ? [] : [options.gate]),
  ])
  const listeners = new StreamListeners(logger)
  const buffers = new FrameBuffers()
  const tail = new TailCache(sizes.tailBytes, buffers)
  const discards: SegmentFileName[] = []
  let onDiscard = (files: readonly SegmentFileName[]): void => void discards.push(...files)
  const recovered = await recoverStore({
    disk,
    directory,
    segments,
    tail,
    listeners,
    logger,
    onDiscard: (files) => onDiscard(files),
    gate,
  })
  const store = new DiskStore({
    options,
    sizes,
    directory,
    segments,
    tail,
    buffers,
    recovered,
    gate,
    space,
  })
  onDiscard = (files) => store.discard(files)
  store.discard(discards)
  crowding.journal = () => store.journalLoad()
  await store.begin()
  opening.move()
  const engine = new StoreEngine({
    store,
    admission: store.admission,
    listeners,
    clock,
    logger,
    capabilities: DISK_CAPABILITIES,
    lowSpace: () => space.lowSpace(),
    close: () => store.close(),
  })
  return Object.assign(engine, { id: directory.id, backup: store.backup.bind(store) })
}
