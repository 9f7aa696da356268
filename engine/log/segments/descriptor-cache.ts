/**
 * The files that are open, at most so many: the least recently used one that nobody uses is closed for another, and
 * also when the platform has no more descriptors to give.
 *
 * A file with writes that no sync covers is synced before it is closed, as a later descriptor would not hear that
 * writing back failed. After a failed sync nothing is written or synced again: what was written since the last good one
 * may be lost, and only a fresh start from the journal knows what that was. Reading goes on.
 */
import type { DiskFile, DiskFiles } from '../../ports/disk.ts'
import type { Logger } from '../../ports/logger.ts'
import { readFully, writeFully } from '../transfer-fully.ts'

/** Syncs at once: the pool of threads has other users, whom acknowledgements wait for. */
const SYNCS_MAX = 2

/** A file in use: not closed, used again or removed until it is disposed. It is opened when it is first needed. */
export interface FileLease extends Disposable {
  /** Reads until `into` is full or the file ends; returns how much that was. */
  read(into: Uint8Array, position: number): Promise<number>
  /** Writes all of it, however short the platform's writes are. */
  write(bytes: Uint8Array, position: number): Promise<void>
  size(): Promise<number>
}

interface Descriptor {
  readonly path: string
  pins: number
  file: Promise<DiskFile> | undefined
  writable: boolean
  dirty: boolean
  /** Not to be found any more; closed once nobody uses it. */
  forgotten: boolean
  /** Opened for reading only, before somebody wrote; a reader may still be at it. */
  outdated: readonly Promise<DiskFile>[]
}

export class DescriptorCache {
  readonly #files: DiskFiles
  readonly #descriptorsMax: number
  readonly #logger: Logger | undefined
  /** The least recently used first. */
  readonly #descriptors = new Map<string, Descriptor>()
  readonly #closing = new Set<Promise<void>>()
  #open = 0
  #failure: { readonly error: unknown } | undefined

  constructor(files: DiskFiles, descriptorsMax: number, logger?: Logger) {
    this.#files = files
    this.#descriptorsMax = descriptorsMax
    this.#logger = logger
  }

  /** How many files are open or being opened. */
  get open(): number {
    return this.#open
  }

  /** Throws what a sync failed with. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  fail(error: unknown): void {
    this.#failure ??= { error }
  }

  lease(path: string): FileLease {
    const descriptor = this.#touch(path)
    descriptor.pins++
    let held = true
    return {
      read: async (into, position) => readFully(await this.#opened(descriptor), into, position),
      write: async (bytes, position) => {
        this.check()
        const file = await this.#openedToWrite(descriptor)
        try {
          await writeFully(file, bytes, position)
        } finally {
          // A write that is under way is not covered by a sync that began after it.
          descriptor.dirty = true
        }
      },
      size: async () => (await this.#opened(descriptor)).size(),
      [Symbol.dispose]: () => {
        if (held) this.#unpin(descriptor)
        held = false
      },
    }
  }

  /** Makes the file, which must not exist. */
  async create(path: string): Promise<void> {
    this.check()
    const descriptor = this.#touch(path)
    descriptor.pins++
    try {
      descriptor.writable = true
      await this.#openInto(descriptor, 'create')
    } finally {
      this.#unpin(descriptor)
    }
  }

  /** Does what takes a descriptor for a moment, closing files for it while the platform has none to give. */
  async withRoom<Result>(work: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!isOutOfDescriptors(error) || !(await this.#closeOne())) throw error
      }
    }
  }

  isLeased(path: string): boolean {
    return (this.#descriptors.get(path)?.pins ?? 0) > 0
  }

  /** Whoever uses it may go on; for others the path means a file that is opened anew. */
  async forget(path: string): Promise<void> {
    const descriptor = this.#descriptors.get(path)
    if (descriptor === undefined) return
    this.#descriptors.delete(path)
    descriptor.forgotten = true
    if (descriptor.pins === 0) await this.#close(descriptor)
  }

  /** Makes all durable that was written before the call; throws when that failed now or ever. */
  async sync(): Promise<void> {
    this.check()
    const dirty = [...this.#descriptors.values()].filter((descriptor) => descriptor.dirty)
    for (const descriptor of dirty) descriptor.pins++
    const queue = dirty.values()
    const work = async (): Promise<void> => {
      for (const descriptor of queue) {
        if (this.#failure === undefined) await this.#sync(descriptor)
        this.#unpin(descriptor)
      }
    }
    await Promise.all(Array.from({ length: SYNCS_MAX }, work))
    await this.#closed()
    this.check()
  }

  async close(): Promise<void> {
    for (const path of [...this.#descriptors.keys()]) await this.forget(path)
    await this.#closed()
  }

  #touch(path: string): Descriptor {
    const descriptor = this.#descriptors.get(path) ?? newDescriptor(path)
    this.#descriptors.delete(path)
    this.#descriptors.set(path, descriptor)
    return descriptor
  }

  #unpin(descriptor: Descriptor): void {
    descriptor.pins--
    if (descriptor.pins > 0) return
    const { outdated } = descriptor
    descriptor.outdated = []
    this.#open -= outdated.length
    for (const file of outdated) void this.#track(this.#closeFile(file))
    if (descriptor.forgotten) void this.#close(descriptor)
    else if (descriptor.file === undefined) this.#descriptors.delete(descriptor.path)
    else if (this.#open > this.#descriptorsMax) void this.#closeOne()
  }

  #opened(descriptor: Descriptor): Promise<DiskFile> {
    return descriptor.file ?? this.#openInto(descriptor, 'read')
  }

  #openedToWrite(descriptor: Descriptor): Promise<DiskFile> {
    if (descriptor.writable && descriptor.file !== undefined) return descriptor.file
    if (descriptor.file !== undefined) {
      descriptor.outdated = [...descriptor.outdated, descriptor.file]
    }
    descriptor.writable = true
    return this.#openInto(descriptor, 'update')
  }

  async #openInto(descriptor: Descriptor, mode: 'create' | 'update' | 'read'): Promise<DiskFile> {
    const opening = this.#openFile(descriptor.path, mode)
    descriptor.file = opening
    try {
      return await opening
    } catch (error) {
      if (descriptor.file === opening) {
        descriptor.file = undefined
        descriptor.writable = false
      }
      throw error
    }
  }

  async #openFile(path: string, mode: 'create' | 'update' | 'read'): Promise<DiskFile> {
    this.#open++
    try {
      if (this.#open > this.#descriptorsMax) await this.#closeOne()
      return await this.withRoom(() => this.#files.open(path, mode))
    } catch (error) {
      this.#open--
      throw error
    }
  }

  /** False where every file is in use. Those that need no sync go first. */
  async #closeOne(): Promise<boolean> {
    let victim: Descriptor | undefined
    for (const descriptor of this.#descriptors.values()) {
      if (descriptor.pins > 0 || descriptor.file === undefined) continue
      victim ??= descriptor
      if (descriptor.dirty) continue
      victim = descriptor
      break
    }
    if (victim === undefined) return false
    this.#descriptors.delete(victim.path)
    await this.#close(victim)
    return true
  }

  #close(descriptor: Descriptor): Promise<void> {
    const { file } = descriptor
    if (file === undefined) return Promise.resolve()
    descriptor.file = undefined
    // Counted at once, so that nobody closes another for the same room.
    this.#open--
    return this.#track(this.#syncAndClose(descriptor, file))
  }

  async #syncAndClose(descriptor: Descriptor, file: Promise<DiskFile>): Promise<void> {
    if (descriptor.dirty && !descriptor.forgotten && this.#failure === undefined) {
      await this.#syncFile(file)
    }
    await this.#closeFile(file)
  }

  async #closeFile(file: Promise<DiskFile>): Promise<void> {
    let opened: DiskFile
    try {
      opened = await file
    } catch {
      // Who opened it knows, and has counted it out already.
      this.#open++
      return
    }
    try {
      await opened.close()
    } catch (error) {
      // What was written was synced before.
      this.#logger?.warn('a segment file did not close', { error })
    }
  }

  #sync(descriptor: Descriptor): Promise<void> {
    descriptor.dirty = false
    return descriptor.file === undefined ? Promise.resolve() : this.#syncFile(descriptor.file)
  }

  async #syncFile(file: Promise<DiskFile>): Promise<void> {
    try {
      await (await file).sync()
    } catch (error) {
      this.fail(error)
    }
  }

  #track(closing: Promise<void>): Promise<void> {
    this.#closing.add(closing)
    return closing.finally(() => this.#closing.delete(closing))
  }

  async #closed(): Promise<void> {
    while (this.#closing.size > 0) await Promise.all(this.#closing)
  }
}

function newDescriptor(path: string): Descriptor {
  return {
    path,
    pins: 0,
    file: undefined,
    writable: false,
    dirty: false,
    forgotten: false,
    outdated: [],
  }
}

export function isOutOfDescriptors(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  return error.code === 'EMFILE' || error.code === 'ENFILE'
}
