/**
 * The files that frames go into, one after the other: filled with zeros before they are used, so that a sync has
 * nothing but data to write, and used again once they are released. It knows room and order; frames are not its
 * business.
 *
 * Going on in another file is no operation on the disk: the next frame just goes to the start of a free file, under
 * an epoch higher by one. A file is made in the background when the load outgrows the files there are.
 */
import { dirname } from 'node:path'
import { HeadgateError } from '../../error.ts'
import type { Disk, DiskFile } from '../../ports/disk.ts'
import type { Logger } from '../../ports/logger.ts'
import { diskFull, isDiskFull } from '../disk-full.ts'
import { FRAME_ALIGN_BYTES } from './frame.ts'
import type { JournalPoint, JournalSizes } from './journal.ts'
import { absentSlot, journalPath, journalSlots } from './journal-path.ts'
import { writeOrRefuse } from './write-or-refuse.ts'

export const JOURNAL_FILES_MIN = 2
/** A quarter of it is the least that holds a frame. */
export const JOURNAL_FILE_BYTES_MIN: number = 4 * FRAME_ALIGN_BYTES
/** Filled between two syncs, so that none of them keeps the disk for long. */
const FILL_STEP_BYTES = 4 * 1024 * 1024

export interface JournalFilesOptions {
  readonly disk: Disk
  readonly directory: string
  readonly logger: Logger | undefined
  readonly sizes: JournalSizes
  /** Of the first use of a file. */
  readonly epoch: number
}

export interface JournalFile {
  readonly slot: number
  readonly file: DiskFile
  readonly bytes: number
  /** Of its last use; 0 before the first. */
  epoch: number
  /** Where that use ends. */
  end: number
  unsynced: boolean
}

type Place = Pick<JournalPoint, 'epoch' | 'position'>

export class JournalFiles implements AsyncDisposable {
  readonly #options: JournalFilesOptions
  readonly #files: JournalFile[]
  readonly #stopping = new AbortController()
  #current: JournalFile
  #released: Place
  #growing: Promise<boolean> | undefined
  /** Since the last change of file: what failed is tried again with the next one. */
  #growthFailed = false
  /** Resolves when a file may have become free. */
  #changed = Promise.withResolvers<void>()

  private constructor(options: JournalFilesOptions, files: JournalFile[], current: JournalFile) {
    this.#options = options
    this.#files = files
    this.#current = current
    this.#released = { epoch: options.epoch, position: 0 }
    current.epoch = options.epoch
  }

  /** Takes over what is there, whatever it holds, and makes what is missing. */
  static async open(options: JournalFilesOptions): Promise<JournalFiles> {
    const { disk, directory, sizes, logger } = options
    const files: JournalFile[] = []
    try {
      await disk.directories.make(directory)
      await disk.directories.sync(dirname(directory))
      const slots = [...journalSlots(await disk.directories.list(directory))]
      for (const slot of slots) {
        const file = await openFile(options, slot)
        if (file !== undefined) files.push(file)
      }
      while (files.length < JOURNAL_FILES_MIN) {
        const slot = absentSlot(slots)
        slots.push(slot)
        files.push(await makeFile(options, slot, sizes.firstFileBytes))
      }
    } catch (error) {
      if (!isDiskFull(error) || files.length === 0) {
        for (const { file } of files) await file.close()
        throw isDiskFull(error) ? diskFull(error) : error
      }
      logger?.warn('The disk has no room for another journal file', { files: files.length })
    }
    try {
      await disk.directories.sync(directory)
    } catch (error) {
      for (const { file } of files) await file.close()
      throw error
    }
    return new JournalFiles(options, files, files[0] as JournalFile)
  }

  /** Where the next frame goes, if it fits. */
  get place(): Place {
    return { epoch: this.#current.epoch, position: this.#current.end }
  }

  get capacityBytes(): number {
    return this.#files.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get smallestBytes(): number {
    return Math.min(...this.#files.map(({ bytes }) => bytes))
  }

  /** Behind the release. */
  get usedBytes(): number {
    const { epoch: released, position } = this.#released
    return this.#files.reduce((sum, { epoch, end }) => {
      if (epoch < released) return sum
      return sum + end - (epoch === released ? position : 0)
    }, 0)
  }

  /** Whether that many frames of the size fit into what is free now. */
  hasRoom(frames: number, bytes: number): boolean {
    const current = this.#current
    const isFree = this.#isReleased(current)
    let room = Math.floor((current.bytes - (isFree ? 0 : current.end)) / bytes)
    if (room >= frames) return true
    for (const file of this.#free()) room += Math.floor(file.bytes / bytes)
    return room >= frames
  }

  /** The file that a frame of so many bytes, at most a quarter of the smallest file, goes to the end of. */
  async reserve(bytes: number): Promise<JournalFile> {
    while (this.#current.end + bytes > this.#current.bytes) {
      const next = this.#free()[0] ?? (this.#isReleased(this.#current) ? this.#current : undefined)
      if (next === undefined) await this.#change()
      else this.#use(next)
    }
    return this.#current
  }

  /**
   * Waits until that many frames of the size have room, for a set that began must not wait for a release: it cannot
   * be released before its end. DiskFull where they would not even fit if all were free.
   */
  async reserveAll(frames: number, bytes: number): Promise<void> {
    for (;;) {
      if (this.#isReleased(this.#current) && this.#current.end > 0) this.#use(this.#current)
      if (this.hasRoom(frames, bytes)) return
      const whole = this.#files.reduce((sum, file) => sum + Math.floor(file.bytes / bytes), 0)
      if (whole < frames) {
        if (!(await this.#grow()))
          throw diskFull(new Error(`journal files for ${whole} parts of ${frames}`))
      } else {
        void this.#grow()
        await this.#change()
      }
    }
  }

  /** Says that a frame of so many bytes was written to the end of the file. */
  wrote(file: JournalFile, bytes: number): void {
    file.end += bytes
    file.unsynced = true
    if (file.end * 2 > file.bytes && this.#free().length === 0) void this.#grow()
  }

  /** In the order of their frames, so that what is durable has no hole. */
  async sync(): Promise<void> {
    const unsynced = this.#files.filter((file) => file.unsynced)
    unsynced.sort((left, right) => left.epoch - right.epoch)
    for (const file of unsynced) {
      file.unsynced = false
      await file.file.sync()
    }
  }

  release({ epoch, position }: Place): void {
    const released = this.#released
    if (epoch < released.epoch) return
    if (epoch === released.epoch && position <= released.position) return
    this.#released = { epoch, position }
    this.#wake()
  }

  stopReleasing(reason: unknown): void {
    this.#stopping.abort(reason)
    this.#wake()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopReleasing(
      new HeadgateError('LogReadOnly', 'expected an open journal, got one that was closed'),
    )
    await this.#growing
    for (const { file } of this.#files.splice(0)) await file.close()
  }

  #isReleased({ epoch, end }: JournalFile): boolean {
    const released = this.#released
    return epoch < released.epoch || (epoch === released.epoch && end <= released.position)
  }

  #free(): readonly JournalFile[] {
    return this.#files.filter((file) => file !== this.#current && this.#isReleased(file))
  }

  #use(file: JournalFile): void {
    file.epoch = this.#current.epoch + 1
    file.end = 0
    this.#current = file
    this.#growthFailed = false
  }

  async #change(): Promise<void> {
    this.#stopping.signal.throwIfAborted()
    await this.#changed.promise
    this.#stopping.signal.throwIfAborted()
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  /** Adds a file; false where there are enough, or it cannot be made, which is no failure. */
  #grow(): Promise<boolean> {
    const { sizes } = this.#options
    if (this.#growthFailed || this.#files.length >= sizes.filesMax) return Promise.resolve(false)
    this.#growing ??= this.#addFile().finally(() => {
      this.#growing = undefined
      this.#wake()
    })
    return this.#growing
  }

  async #addFile(): Promise<boolean> {
    const { logger, sizes } = this.#options
    const { signal } = this.#stopping
    const slot = absentSlot(this.#files.map((file) => file.slot))
    try {
      this.#files.push(await makeFile(this.#options, slot, sizes.laterFileBytes, signal))
      return true
    } catch (error) {
      this.#growthFailed = true
      if (signal.aborted) return false
      const message = error instanceof Error ? error.message : String(error)
      logger?.warn('No journal file was added; those that are there are used on', { message })
      return false
    }
  }
}

/** As it is, or filled up where a crash left it short; undefined where it is of no use. */
async function openFile(
  { disk, directory, sizes }: JournalFilesOptions,
  slot: number,
): Promise<JournalFile | undefined> {
  const file = await disk.files.open(journalPath(directory, slot), 'journal')
  try {
    await fill(file, await file.size(), sizes.firstFileBytes)
  } catch (error) {
    if (isDiskFull(error) && (await file.size()) >= JOURNAL_FILE_BYTES_MIN)
      return journalFile(slot, file)
    await file.close()
    if (isDiskFull(error)) return undefined
    throw error
  }
  return journalFile(slot, file)
}

/** A new file in the slot, all zeros; itself and its name are durable. */
async function makeFile(
  { disk, directory }: JournalFilesOptions,
  slot: number,
  bytes: number,
  signal?: AbortSignal,
): Promise<JournalFile> {
  const path = journalPath(directory, slot)
  const made = await disk.files.open(path, 'create')
  try {
    await fill(made, 0, bytes, signal)
    await disk.directories.sync(directory)
    await made.close()
    return await journalFile(slot, await disk.files.open(path, 'journal'))
  } catch (error) {
    await made.close().catch(() => {})
    await disk.files.remove(path).catch(() => {})
    throw error
  }
}

async function fill(file: DiskFile, from: number, to: number, signal?: AbortSignal): Promise<void> {
  const zeros = Buffer.alloc(Math.max(Math.min(FILL_STEP_BYTES, to - from), 0))
  for (let at = from; at < to; at += zeros.length) {
    signal?.throwIfAborted()
    await writeOrRefuse(file, zeros.subarray(0, to - at), at)
    await file.sync()
  }
}

async function journalFile(slot: number, file: DiskFile): Promise<JournalFile> {
  try {
    const size = await file.size()
    const bytes = size - (size % FRAME_ALIGN_BYTES)
    return { slot, file, bytes, epoch: 0, end: 0, unsynced: false }
  } catch (error) {
    await file.close()
    throw error
  }
}
