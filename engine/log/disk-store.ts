/** The store of the disk engine: one journal, its checkpoints and the commits between them, from opening to close. */
import type { BackupOptions, BackupResult } from '../backup.ts'
import { HeadgateError } from '../error.ts'
import type { EngineMeasures } from '../measures.ts'
import { Admission, type Judgement } from './admission.ts'
import { writeBackup } from './backup.ts'
import { CheckpointFiles } from './checkpoint/checkpoint-files.ts'
import { Checkpointer } from './checkpoint/checkpointer.ts'
import { Superblocks } from './checkpoint/superblock.ts'
import { CommitPipeline } from './commit-pipeline.ts'
import { Compactor } from './compaction/compactor.ts'
import { KeyIndexes } from './compaction/key-indexes.ts'
import type { Damage } from './damage.ts'
import { checkMarker, type DataDirectory } from './data-directory.ts'
import type { DiskEngineOptions, EngineSizes } from './disk-engine.ts'
import { diskFull, isDiskFull } from './disk-full.ts'
import type { DiskShard } from './disk-shard.ts'
import { type DiskGroup, DiskSink } from './disk-sink.ts'
import type { FrameBuffers } from './frame-buffers.ts'
import { openJournal } from './journal/disk-journal.ts'
import type { Journal } from './journal/journal.ts'
import type { JournalLoad } from './journal-gate.ts'
import type { LogView } from './log-view.ts'
import { quarantine } from './quarantine.ts'
import type { RecoveredStore } from './recover-store.ts'
import { findUnsound, mendSegments } from './repair-segments.ts'
import { rollOf } from './segment-roll.ts'
import { segmentPath } from './segments/segment-file.ts'
import type { SegmentFileName, SegmentStore } from './segments/segment-store.ts'
import type { SpaceGate } from './space-gate.ts'
import { CONTROL_REQUEST_BYTES, type CommitRequest, type Store } from './store.ts'
import type { TailCache } from './tail-cache.ts'
import type { WriteGate } from './write-gate.ts'

export interface DiskStoreParts {
  readonly options: DiskEngineOptions
  readonly sizes: EngineSizes
  readonly directory: DataDirectory
  readonly segments: SegmentStore
  readonly tail: TailCache
  readonly buffers: FrameBuffers
  readonly recovered: RecoveredStore
  readonly gate: WriteGate
  readonly space: SpaceGate
}

const ROOM_FOR_CHECKPOINT = 'none for the checkpoint that a backup begins with'
/** More generations than one opening gives out. */
const GENERATIONS_PER_OPENING = 2 ** 24
const SALT_RANGE = 2 ** 48

export class DiskStore implements Store {
  readonly view: LogView<DiskShard>
  readonly keys: KeyIndexes = new KeyIndexes()
  readonly admission: Admission
  readonly #parts: DiskStoreParts
  readonly #discards: SegmentFileName[] = []
  #running: Running | undefined
  #backup: Promise<BackupResult> | undefined
  readonly #closing = new AbortController()
  /** Why it was never begun, or what ended it. */
  #condition: string | undefined
  #cause: unknown

  constructor(parts: DiskStoreParts) {
    const { options, recovered, gate } = parts
    this.#parts = parts
    this.view = recovered.view
    const { clock, random } = options
    const generationBase = (recovered.superblock.opens + 1) * GENERATIONS_PER_OPENING
    this.admission = new Admission({ clock, random, generationBase, gate })
  }

  /** No checkpoint from the next one on names these. */
  discard(files: readonly SegmentFileName[]): void {
    if (this.#running === undefined) this.#discards.push(...files)
    else this.#running.checkpointer.discard(files)
  }

  /** Puts down what was recovered, and begins the journal anew; what is damaged is left as it is. */
  async begin(): Promise<void> {
    const { options, recovered } = this.#parts
    const problem = recovered.damage.problem()
    if (problem !== undefined && options.acceptLoss !== true) {
      options.logger?.error('Durable data is damaged; the engine is read-only', { error: problem })
      this.#condition = problem.message
      this.#cause = problem
      return
    }
    await this.#tidy()
    if (options.acceptLoss === true) await this.#giveUp()
    const skipped = skipReserved(this.view)
    this.admission.load(this.view)
    const running = await this.#start()
    this.#running = running
    running.checkpointer.discard(this.#discards)
    try {
      if (recovered.end.frames > 0 || skipped || options.acceptLoss === true)
        await running.checkpointer.run()
      else await running.superblocks.write({ point: running.journal.point })
      const failed = running.pipeline.condition()
      if (failed !== undefined) throw new HeadgateError('DataDirectoryUnusable', failed)
      // The journal would be written over while only it holds what was recovered.
      if (running.checkpointer.full !== undefined) throw diskFull(running.checkpointer.full)
    } catch (error) {
      running.checkpointer[Symbol.dispose]()
      await running.journal[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Undefined while there is no journal. */
  journalLoad(): JournalLoad | undefined {
    if (this.#running === undefined) return undefined
    const { journal, checkpointer } = this.#running
    const { usedBytes, capacityBytes } = journal
    return { full: checkpointer.full, usedBytes, capacityBytes }
  }

  commit<Result>(request: CommitRequest<Result>): Promise<Result> {
    if (this.#running === undefined) return Promise.reject(this.#readOnly())
    return this.#running.pipeline.submit(request)
  }

  condition(): string | undefined {
    return this.#running === undefined ? this.#condition : this.#running.pipeline.condition()
  }

  measures(): EngineMeasures | undefined {
    if (this.#running === undefined) return undefined
    const { pipeline, checkpointer, journal } = this.#running
    const { appendSeconds, syncSeconds, refused } = pipeline.measures
    const { tail } = this.#parts
    return {
      appendSeconds,
      syncSeconds,
      checkpointSeconds: checkpointer.seconds,
      queuedRequests: pipeline.queuedRequests,
      queuedBytes: pipeline.queuedBytes,
      refusedRequests: refused,
      journalUsedBytes: journal.usedBytes,
      journalCapacityBytes: journal.capacityBytes,
      tailBytes: tail.bytes,
      unflushedBytes: tail.unflushedBytes,
    }
  }

  /** See `EngineBackup`; one that is under way when the engine closes is given up. */
  backup(wanted: BackupOptions): Promise<BackupResult> {
    if (this.#running === undefined) return Promise.reject(this.#readOnly())
    if (this.#backup !== undefined) return Promise.reject(backupUnderWay())
    const backup = this.#writeBackup(wanted, this.#running).finally(() => {
      this.#backup = undefined
    })
    this.#backup = backup
    return backup
  }

  async #writeBackup(wanted: BackupOptions, running: Running): Promise<BackupResult> {
    const { options, directory } = this.#parts
    // What changes nothing is through once everything before it is durable: what relaxed streams acknowledged, too.
    const judge = (): Judgement<void> => ({ changes: [], result: undefined })
    await running.pipeline.submit({ bytes: CONTROL_REQUEST_BYTES, judge })
    using held = await running.checkpointer.hold()
    const condition = running.pipeline.condition()
    if (held === undefined)
      throw condition === undefined ? diskFull(ROOM_FOR_CHECKPOINT) : this.#readOnly()
    return await writeBackup({
      ...wanted,
      disk: options.disk,
      from: directory.paths,
      checkpoint: held.checkpoint,
      signal: this.#closing.signal,
    })
  }

  async close(): Promise<void> {
    const { segments, directory, space } = this.#parts
    space[Symbol.dispose]()
    this.#closing.abort(new HeadgateError('LogReadOnly', 'the engine is closing'))
    await this.#backup?.catch(() => {})
    try {
      if (this.#running !== undefined) await this.#closeRunning(this.#running)
    } finally {
      this.#condition ??= 'The engine is closed.'
      await segments[Symbol.asyncDispose]()
      directory.lock[Symbol.dispose]()
    }
  }

  /** What a crash left over goes before its name is used again; what nothing explains is put aside. */
  async #tidy(): Promise<void> {
    const { options, directory, segments, recovered } = this.#parts
    const { leftOver, unexplained, damage } = recovered
    const { paths } = directory
    // Where something is damaged, what seems left over may be all that is left of it.
    const aside = damage.isNone ? unexplained : [...leftOver, ...unexplained]
    if (damage.isNone) await segments.discard(leftOver)
    const files = aside.map((name) => segmentPath(paths.streams, name))
    await quarantine(options.disk, paths, files, options.logger)
  }

  /** What cannot be read is let go of, so that what is left is whole; the caller has a copy of it. */
  async #giveUp(): Promise<void> {
    const { options, sizes, directory, recovered } = this.#parts
    const { disk } = options
    const { paths } = directory
    await mendSegments(disk, await findUnsound(disk, paths.streams, this.view))
    skipLost(this.view, lostBytes(recovered.damage, paths.journal, sizes.journal.laterFileBytes))
  }

  async #start(): Promise<Running> {
    const { options, sizes, directory, segments, tail, buffers, recovered } = this.#parts
    const { disk, clock, random, logger } = options
    const { paths } = directory
    const { end, superblock } = recovered
    const superblocks = new Superblocks(disk, paths.root, {
      ...superblock,
      opens: superblock.opens + 1,
      closed: false,
    })
    const journal = await openJournal({
      disk,
      directory: paths.journal,
      sizes: sizes.journal,
      buffers,
      start: {
        epoch: end.epochLast + 1,
        sequence: end.sequence,
        previousCrc: end.previousCrc,
        salt: Math.floor(random.next() * SALT_RANGE),
      },
      ...(logger === undefined ? {} : { logger }),
    })
    const checkpointer: Checkpointer = new Checkpointer(
      {
        clock,
        logger,
        view: this.view,
        journal,
        segments,
        tail,
        files: new CheckpointFiles(disk, paths.checkpoint),
        superblocks,
        checkpointBytes: sizes.checkpointBytes,
        rollOf: (shard) => rollOf(this.view.stream(shard.incarnation), sizes.segmentBytes),
        checkPlace: () => checkMarker(disk, directory),
        onFailure: (error) => this.#fail(error),
      },
      journal.point,
    )
    const sink = new DiskSink({
      view: this.view,
      journal,
      tail,
      checkpointer,
      forget: () => this.admission.load(this.view),
    })
    const pipeline = new CommitPipeline(sink, clock)
    const compactor = this.#compact(checkpointer, () => pipeline.condition())
    return { journal, checkpointer, superblocks, pipeline, compactor }
  }

  #compact(checkpointer: Checkpointer, condition: () => string | undefined): Compactor {
    const { options, sizes, segments, gate } = this.#parts
    const { segmentBytes } = sizes
    return new Compactor({
      clock: options.clock,
      logger: options.logger,
      view: this.view,
      keys: this.keys,
      segments,
      segmentBytes,
      rollOf: (shard) => rollOf(this.view.stream(shard.incarnation), segmentBytes),
      condition,
      checkpoint: async () => {
        await checkpointer.settled()
        await checkpointer.run()
      },
      released: (incarnation, bytes) => gate.released(incarnation, bytes),
    })
  }

  /** Lets what is queued through, gives back what was reserved, and vouches for all that was written. */
  async #closeRunning(running: Running): Promise<void> {
    const { pipeline, checkpointer, compactor, superblocks, journal } = running
    compactor[Symbol.dispose]()
    await compactor.settled()
    try {
      await pipeline.settled()
      if (pipeline.condition() !== undefined) return
      await pipeline.submit({
        bytes: CONTROL_REQUEST_BYTES,
        judge: () => this.admission.judgeClose(this.view),
      })
      await checkpointer.settled()
      await checkpointer.run()
      const { sequence } = journal.point
      const closed = superblocks.current.point.sequence === sequence
      await superblocks.write({ durableSequence: journal.syncedSequence, closed })
    } catch (error) {
      // Without room for it, the next opening finds what it would find after a crash.
      if (!isDiskFull(error)) throw error
    } finally {
      checkpointer[Symbol.dispose]()
      pipeline.refuse('The engine is closed.')
      await pipeline.settled()
      await checkpointer.settled()
      await journal[Symbol.asyncDispose]()
    }
  }

  #fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    this.#parts.options.logger?.error('A checkpoint failed; the engine is read-only', { error })
    this.#running?.pipeline.refuse(`A checkpoint could not be written: ${message}`, error)
    this.#running?.journal.stopReleasing(error)
    this.#condition ??= `A checkpoint could not be written: ${message}`
  }

  #readOnly(): HeadgateError {
    return new HeadgateError(
      'LogReadOnly',
      `expected a log that takes writes, got: ${this.#condition}`,
      { cause: this.#cause, hint: 'Restore the data directory from a copy, or repair it.' },
    )
  }
}

function backupUnderWay(): HeadgateError {
  return new HeadgateError('ResourceBusy', 'expected no backup under way, got one', {
    hint: 'Wait until it is through.',
  })
}

interface Running {
  readonly journal: Journal
  readonly checkpointer: Checkpointer
  readonly compactor: Compactor
  readonly superblocks: Superblocks
  readonly pipeline: CommitPipeline<DiskGroup>
}

/** The least that a record takes in the journal. */
const RECORD_BYTES_MIN = 2

/** How much of the journal is not known any more; of a file that is away, all that it can have held. */
function lostBytes({ places }: Damage, journal: string, fileBytes: number): number {
  return places
    .filter(({ path }) => path.startsWith(journal))
    .reduce((sum, { from, to, missing }) => sum + (missing ? fileBytes : to - from), 0)
}

/** Which shards the lost records were of is lost with them, so none of them gives those sequences out again. */
function skipLost(view: LogView<DiskShard>, bytes: number): void {
  for (const { record, shards } of view.streams.values()) {
    for (const { log } of shards) {
      log.forgetLost({ from: 1, to: Number.MAX_SAFE_INTEGER })
      const isOpen = record.sealed === undefined
      if (isOpen && bytes > 0) log.skipTo(log.next + Math.ceil(bytes / RECORD_BYTES_MIN))
    }
  }
}

/** What a relaxed shard may have given out before the crash is not given out again; true where any was. */
function skipReserved(view: LogView<DiskShard>): boolean {
  let skipped = false
  for (const stream of view.streams.values()) {
    for (const { log, reserved } of stream.shards) {
      if (reserved <= log.next) continue
      log.skipTo(reserved)
      skipped = true
    }
  }
  return skipped
}
