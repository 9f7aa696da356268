/**
 * The files that hold everything: appends frames to the newest one, starts another when it is full, removes those
 * that no readable batch lies in, and reads batches back. One group commit at a time writes; reads go on beside it.
 *
 * Each file begins with a snapshot of all but the records. A file is removed only after a newer one was made durable
 * whose snapshot no longer names it.
 */
import type { HeadgateError } from '../error.ts'
import type { Disk, DiskFile } from '../ports/disk.ts'
import type { Logger } from '../ports/logger.ts'
import type { Random } from '../ports/random.ts'
import { asBuffer, corrupt, nextSequence, readHeader, verifyBody } from './batch-header.ts'
import type { AppendChange, Change } from './change.ts'
import { Damage } from './damage.ts'
import { diskFull, isDiskFull } from './disk-full.ts'
import { type EncodedFrame, encodeFrame, type FrameContent, type JournalEntry } from './frame.ts'
import { readFully } from './journal-scan.ts'
import type { LogView } from './log-view.ts'
import { journalPath, type Recovered } from './recovery.ts'
import type { IndexEntry } from './shard-index.ts'
import { restoreSnapshot, type Snapshot, takeSnapshot } from './snapshot.ts'
import { type CachedFrame, cachedBatch, type JournalPlace, TailCache } from './tail-cache.ts'

export const JOURNAL_FILE_BYTES: number = 64 * 1024 * 1024

export interface JournalOptions {
  readonly disk: Disk
  readonly directory: string
  readonly random: Random
  readonly view: LogView<JournalPlace>
  readonly logger: Logger | undefined
  readonly fileBytes: number
}

interface JournalFile {
  readonly file: DiskFile
  /** Where the next frame goes. */
  bytes: number
  /** Batches in it that can be read. */
  live: number
  readers: number
  removed: boolean
}

interface Unsynced {
  readonly changes: readonly Change[]
  readonly frame: EncodedFrame
  readonly epoch: number
  readonly position: number
}

export class Journal {
  /** How often the directory was opened: what is given out in one opening is told from the next. */
  opens = 0
  readonly #options: JournalOptions
  readonly #files = new Map<number, JournalFile>()
  readonly #tail = new TailCache()
  readonly #damage = new Damage()
  #unsynced: Unsynced[] = []
  #epoch = 0
  #salt = 0
  #sequence = 0
  #synced = 0
  #previousCrc = 0

  constructor(options: JournalOptions) {
    this.#options = options
  }

  /** Applies a frame that recovery found. */
  replay(content: FrameContent, epoch: number, position: number): void {
    const batches = content.batches.values()
    for (const entry of content.entries) {
      if (typeof entry === 'number') {
        for (const { header, start, bytes } of batches.take(entry)) {
          this.#file(epoch).live++
          const { incarnation, shard, baseSequence, count, arrivalUs } = header
          const name = this.#options.view.stream(incarnation)?.record.name
          if (name !== undefined) this.#damage.reached(name, incarnation, shard, baseSequence)
          const place = { epoch, position: position + start, frame: undefined }
          const next = nextSequence(header)
          const rest = { baseSequence, nextSequence: next, count, arrivalUs, bytes, place }
          this.#options.view.append(incarnation, shard, rest)
        }
      } else if (entry.kind === 'snapshot') {
        this.opens = entry.opens
        this.#damage.reachedSnapshot(entry)
        restoreSnapshot(this.#options.view, entry)
      } else if (entry.kind === 'opened') {
        this.opens = entry.opens
      } else {
        this.#options.view.apply(entry)
      }
    }
  }

  /** Notes what recovery could not read, between the frames before and behind it. */
  damaged(path: string, from: number, to: number, missing: boolean): void {
    this.#damage.add(this.#options.view, path, from, to, missing)
  }

  /** Takes over streams whose creation is damaged, so that their records have a place. */
  ahead({ changes }: Snapshot): void {
    const { view } = this.#options
    for (const change of changes) {
      if (change.kind !== 'stream' || view.stream(change.incarnation) !== undefined) continue
      view.apply(change)
    }
  }

  /** What is damaged, when anything is. */
  problem(): HeadgateError | undefined {
    return this.#damage.problem()
  }

  /** A batch that this file holds can no longer be read. */
  dropped(entries: readonly IndexEntry<JournalPlace>[]): void {
    for (const { place } of entries) this.#file(place.epoch).live--
  }

  /** Takes over the files that recovery opened. */
  adopt({ files, last }: Recovered): void {
    for (const { epoch, file, bytes } of files) {
      const { live } = this.#file(epoch)
      this.#files.set(epoch, { file, bytes, live, readers: 0, removed: false })
      this.#epoch = epoch
    }
    if (last === undefined) return
    this.#salt = last.salt
    this.#sequence = last.sequence
    this.#previousCrc = last.crc
  }

  /** What was recovered becomes durable, and this opening is put down, before anything is answered. */
  async begin(clean: boolean): Promise<void> {
    const { disk, directory } = this.#options
    this.opens++
    if (this.#epoch > 0) await this.#file(this.#epoch).file.sync()
    await disk.directories.sync(directory)
    this.#synced = this.#sequence
    if (clean) await this.#writeFrame([{ kind: 'opened', opens: this.opens }])
    else await this.#roll()
    await this.#file(this.#epoch).file.sync()
    this.#synced = this.#sequence
  }

  async write(changes: readonly Change[]): Promise<void> {
    if (this.#file(this.#epoch).bytes >= this.#options.fileBytes) {
      await this.sync()
      await this.#roll()
    }
    const position = this.#file(this.#epoch).bytes
    const frame = await this.#writeFrame(changes)
    this.#unsynced.push({ changes, frame, epoch: this.#epoch, position })
  }

  async sync(): Promise<void> {
    await this.#file(this.#epoch).file.sync()
    this.#synced = this.#sequence
    const durable = this.#unsynced
    this.#unsynced = []
    for (const group of durable) this.#show(group)
  }

  async fetch(entries: readonly IndexEntry<JournalPlace>[]): Promise<Uint8Array> {
    const [first] = entries
    if (entries.length === 1 && first !== undefined) {
      const cached = cachedBatch(first.place, first.bytes)
      if (cached !== undefined) return cached
    }
    const total = entries.reduce((sum, { bytes }) => sum + bytes, 0)
    const fetched = Buffer.allocUnsafe(total)
    let at = 0
    for (const entry of entries) {
      const into = fetched.subarray(at, at + entry.bytes)
      const cached = cachedBatch(entry.place, entry.bytes)
      if (cached === undefined) await this.#read(entry, into)
      else into.set(cached)
      at += entry.bytes
    }
    return fetched
  }

  async close(): Promise<void> {
    for (const { file } of this.#files.values()) await file.close()
    this.#files.clear()
  }

  async #read(entry: IndexEntry<JournalPlace>, into: Buffer): Promise<void> {
    const { epoch, position } = entry.place
    const journalFile = this.#file(epoch)
    journalFile.readers++
    try {
      const count = await readFully(journalFile.file, into, position)
      if (count < into.length) throw corrupt(`a batch at byte ${position} of file ${epoch}`, 'none')
      const header = readHeader(into)
      verifyBody(into, header)
      if (header.baseSequence !== entry.baseSequence) throw corrupt('the batch', 'another one')
    } finally {
      journalFile.readers--
      if (journalFile.removed && journalFile.readers === 0) await journalFile.file.close()
    }
  }

  /** Makes a durable group readable. */
  #show({ changes, frame, epoch, position }: Unsynced): void {
    const { view } = this.#options
    const journalFile = this.#file(epoch)
    const cached: CachedFrame = { position, bytes: frame.bytes }
    let batches = 0
    for (const change of changes) {
      if (change.kind !== 'append') {
        view.apply(change)
        continue
      }
      const start = frame.batchStarts[batches++] ?? 0
      const place: JournalPlace = { epoch, position: position + start, frame: cached }
      journalFile.live++
      view.append(change.incarnation, change.shard, entryOf(change, place))
    }
    if (batches > 0) this.#tail.add(cached)
  }

  async #writeFrame(changes: readonly (Change | JournalEntry)[]): Promise<EncodedFrame> {
    const journalFile = this.#file(this.#epoch)
    const frame = encodeFrame(
      {
        epoch: this.#epoch,
        salt: this.#salt,
        sequence: this.#sequence + 1,
        synced: this.#synced,
        previousCrc: this.#previousCrc,
      },
      changes,
    )
    await writeFully(journalFile.file, frame.bytes, journalFile.bytes)
    this.#sequence++
    this.#previousCrc = frame.crc
    journalFile.bytes += frame.bytes.length
    return frame
  }

  /** Starts a file, once everything in the ones before is durable. Without room for it, all is as it was. */
  async #roll(): Promise<void> {
    const { disk, directory, view, logger } = this.#options
    const dead = [...this.#files].filter(([, { live }]) => live === 0)
    const closed = [...this.#files]
      .filter(([, { live }]) => live > 0)
      .map(([epoch, { bytes }]) => ({ epoch, bytes }))
    await this.#startFile([takeSnapshot(view, this.opens, closed)])
    await this.#file(this.#epoch).file.sync()
    await disk.directories.sync(directory)
    this.#synced = this.#sequence
    for (const [epoch, journalFile] of dead) {
      await disk.files.remove(journalPath(directory, epoch))
      this.#files.delete(epoch)
      journalFile.removed = true
      if (journalFile.readers === 0) await journalFile.file.close()
      logger?.debug('Removed a journal file that nothing needs', { epoch })
    }
  }

  async #startFile(head: readonly JournalEntry[]): Promise<void> {
    const { disk, directory, random } = this.#options
    const former = { epoch: this.#epoch, salt: this.#salt, previousCrc: this.#previousCrc }
    const epoch = former.epoch + 1
    const file = await createFile(disk, journalPath(directory, epoch))
    this.#files.set(epoch, { file, bytes: 0, live: 0, readers: 0, removed: false })
    this.#epoch = epoch
    this.#salt = Math.floor(random.next() * 2 ** 48)
    this.#previousCrc = 0
    try {
      await this.#writeFrame(head)
    } catch (error) {
      if (!isDiskFull(error)) throw error
      // Nothing names the file yet: whatever part of it was written goes with it.
      this.#files.delete(epoch)
      this.#epoch = former.epoch
      this.#salt = former.salt
      this.#previousCrc = former.previousCrc
      await file.close()
      await disk.files.remove(journalPath(directory, epoch))
      throw diskFull(error)
    }
  }

  /** While recovery reads, counts come before the file itself. */
  #file(epoch: number): JournalFile {
    let found = this.#files.get(epoch)
    if (found === undefined) {
      found = { file: NO_FILE, bytes: 0, live: 0, readers: 0, removed: false }
      this.#files.set(epoch, found)
    }
    return found
  }
}

const NO_FILE: DiskFile = {
  read: () => Promise.reject(corrupt('a journal file', 'none')),
  write: () => Promise.reject(corrupt('a journal file', 'none')),
  sync: () => Promise.reject(corrupt('a journal file', 'none')),
  size: async () => 0,
  close: async () => {},
}

function entryOf(change: AppendChange, place: JournalPlace): IndexEntry<JournalPlace> {
  const { baseSequence, count, arrivalUs, batch } = change
  const bytes = batch.length
  return { baseSequence, nextSequence: baseSequence + count, count, arrivalUs, bytes, place }
}

async function createFile(disk: Disk, path: string): Promise<DiskFile> {
  try {
    return await disk.files.open(path, 'create')
  } catch (error) {
    throw isDiskFull(error) ? diskFull(error) : error
  }
}

/**
 * A write may be short; what is left is asked for again, and each failure is final: but for DiskFull, which says that
 * not one byte was taken.
 */
async function writeFully(file: DiskFile, bytes: Uint8Array, position: number): Promise<void> {
  const all = asBuffer(bytes)
  for (let done = 0; done < all.length; ) {
    try {
      done += await file.write(all.subarray(done), position + done)
    } catch (error) {
      throw done === 0 && isDiskFull(error) ? diskFull(error) : error
    }
  }
}
