/**
 * The engine on a disk: what it acknowledged is there after a crash, and what is not durable is not readable.
 *
 * A write is judged, encoded into a frame together with all that wait, written, synced once, and then made visible.
 * On opening, the journal is read from end to end; what is damaged makes the engine read-only, never smaller.
 */
import type { Capabilities, Engine } from '../engine.ts'
import { HeadgateError } from '../error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Disk } from '../ports/disk.ts'
import type { Logger } from '../ports/logger.ts'
import type { Random } from '../ports/random.ts'
import { Admission } from './admission.ts'
import { openDataDirectory } from './data-directory.ts'
import { isDiskFull } from './disk-full.ts'
import { GroupCommitter, type GroupSink } from './group-committer.ts'
import { JOURNAL_FILE_BYTES, Journal } from './journal.ts'
import { LogView } from './log-view.ts'
import { recoverJournal } from './recovery.ts'
import type { IndexEntry } from './shard-index.ts'
import { CONTROL_REQUEST_BYTES, type CommitRequest, type Store } from './store.ts'
import { StoreEngine } from './store-engine.ts'
import { StreamListeners } from './stream-listeners.ts'
import type { JournalPlace } from './tail-cache.ts'

export interface DiskEngineOptions {
  readonly directory: string
  readonly clock: Clock
  readonly random: Random
  readonly disk: Disk
  readonly logger?: Logger
  /** A journal file that is longer is followed by another. */
  readonly journalFileBytes?: number
}

/** More generations than one opening gives out. */
const GENERATIONS_PER_OPENING = 2 ** 24

const CAPABILITIES: Capabilities = {
  atomicWrite: true,
  // After a crash a relaxed shard goes on behind what it had reserved.
  contiguousSequences: false,
  expectNext: true,
  idempotencyKey: true,
  durable: true,
}

/** Throws DataDirectoryInUse, DataDirectoryUnusable and DiskFull; damaged data gives an engine with a condition. */
export async function openDiskEngine(options: DiskEngineOptions): Promise<Engine> {
  const { disk, directory, random } = options
  try {
    const { journal, lock } = await openDataDirectory(disk, directory, random)
    try {
      return await openJournal(options, journal, lock)
    } catch (error) {
      lock[Symbol.dispose]()
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

async function openJournal(
  { clock, random, disk, logger, journalFileBytes }: DiskEngineOptions,
  directory: string,
  lock: Disposable,
): Promise<Engine> {
  const listeners = new StreamListeners(logger)
  const view = new LogView<JournalPlace>({
    dropped: (entries) => journal.dropped(entries),
    streamChanged: (name) => listeners.tell(name),
  })
  const fileBytes = journalFileBytes ?? JOURNAL_FILE_BYTES
  const journal = new Journal({ disk, directory, random, view, logger, fileBytes })
  const recovered = await recoverJournal({
    disk,
    directory,
    onFrame: (content, epoch, position) => journal.replay(content, epoch, position),
    onDamage: (path, from, to, missing) => journal.damaged(path, from, to, missing),
    onAhead: (snapshot) => journal.ahead(snapshot),
    problem: () => journal.problem(),
  })
  journal.adopt(recovered)
  skipReserved(view)
  if (recovered.problem === undefined) {
    try {
      await journal.begin(recovered.clean && recovered.last !== undefined)
    } catch (error) {
      await journal.close()
      throw error
    }
  }
  const generationBase = journal.opens * GENERATIONS_PER_OPENING
  const admission = new Admission({ clock, random, generationBase })
  admission.load(view)
  const sink: GroupSink = {
    write: (changes) => journal.write(changes),
    sync: () => journal.sync(),
    forget: () => admission.load(view),
  }
  const committer = new GroupCommitter(sink, clock)
  if (recovered.problem !== undefined) {
    logger?.error('The journal is damaged; the engine is read-only', { error: recovered.problem })
    committer.refuse(recovered.problem.message, recovered.problem)
  }
  return new StoreEngine({
    store: new DiskStore(view, committer, journal),
    admission,
    listeners,
    clock,
    logger,
    capabilities: CAPABILITIES,
    close: async () => {
      try {
        await closeOrderly(committer, admission, view)
      } finally {
        committer.refuse('The engine is closed.')
        await committer.settled()
        await journal.close()
        lock[Symbol.dispose]()
      }
    },
  })
}

class DiskStore implements Store<JournalPlace> {
  readonly view: LogView<JournalPlace>
  readonly #committer: GroupCommitter
  readonly #journal: Journal

  constructor(view: LogView<JournalPlace>, committer: GroupCommitter, journal: Journal) {
    this.view = view
    this.#committer = committer
    this.#journal = journal
  }

  commit<Result>(request: CommitRequest<Result>): Promise<Result> {
    return this.#committer.submit(request)
  }

  fetch(entries: readonly IndexEntry<JournalPlace>[]): Promise<Uint8Array> {
    return this.#journal.fetch(entries)
  }

  condition(): string | undefined {
    return this.#committer.condition()
  }
}

/** What a relaxed shard may have given out before the crash is not given out again. */
function skipReserved(view: LogView<JournalPlace>): void {
  for (const stream of view.streams.values()) {
    for (const { index, reserved } of stream.shards) index.skipTo(reserved)
  }
}

/** Lets what is queued through, gives back what was reserved, and vouches for all that was written. */
async function closeOrderly(
  committer: GroupCommitter,
  admission: Admission,
  view: LogView<JournalPlace>,
): Promise<void> {
  await committer.settled()
  if (committer.condition() !== undefined) return
  try {
    await committer.submit({
      bytes: CONTROL_REQUEST_BYTES,
      judge: () => admission.judgeClose(view),
    })
  } catch (error) {
    // Without room for it, the next opening finds what it would find after a crash.
    if (!isDiskFull(error)) throw error
  }
}
