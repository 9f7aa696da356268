/**
 * Where the files of segments come from and go to. One that is discarded is used again where a segment of its size is
 * needed, as writing over blocks that exist costs a fraction of making new ones.
 *
 * Names are durable after `sync`, and two names of one file are the danger: a crash may bring back an old name beside
 * a new one. So only files are used again that a checkpoint named or this store made, whose names are known, and what
 * an earlier life left to be used again is removed. A file that lies where a new segment belongs is never written to.
 */
import { dirname, join } from 'node:path'
import type { Disk } from '../../ports/disk.ts'
import type { DescriptorCache } from './descriptor-cache.ts'
import { parseSegmentName, segmentPath } from './segment-file.ts'
import type { SegmentFileName } from './segment-store.ts'

/** What a disk that fills cannot get back at once: at the usual size, 512 MiB. */
export const RECYCLED_FILES_MAX = 8

export interface AllocationPlaces {
  readonly disk: Disk
  readonly streams: string
  readonly recycled: string
  readonly descriptors: DescriptorCache
}

export class SegmentAllocation {
  readonly #places: AllocationPlaces
  readonly #directories = new Set<string>()
  readonly #unsynced = new Set<string>()
  /** Made, and in no shard's metas yet: an append that failed comes again. */
  readonly #made = new Set<string>()
  /** Large enough to be used again, once they are discarded. */
  readonly #reusable = new Set<string>()
  readonly #pool: string[] = []
  #poolCount = 0
  #isPoolReady = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(places: AllocationPlaces) {
    this.#places = places
  }

  /** The file of a segment that begins; `large` where it will fill one that is used again. Gives its path. */
  make(name: SegmentFileName, large: boolean): Promise<string> {
    return this.#inTurn(async () => {
      const path = segmentPath(this.#places.streams, name)
      if (this.#made.has(path)) return path
      await this.#makeDirectory(dirname(path))
      if (!(large && (await this.#reuse(path)))) await this.#create(path)
      this.#unsynced.add(dirname(path))
      this.#made.add(path)
      return path
    })
  }

  /** The segment is in the metas of its shard now. */
  settle(path: string): void {
    this.#made.delete(path)
  }

  /** The shard let go of it, and its file is worth to be used again. */
  release(path: string): void {
    this.#reusable.add(path)
  }

  discard(files: readonly SegmentFileName[]): Promise<void> {
    return this.#inTurn(async () => {
      await this.#preparePool()
      const directories = new Set<string>()
      for (const name of files) {
        const path = segmentPath(this.#places.streams, name)
        await this.#discardFile(path)
        directories.add(dirname(path))
      }
      for (const directory of directories) await this.#removeIfEmpty(directory)
    })
  }

  /** Makes the names durable that changed before the call. */
  sync(): Promise<void> {
    return this.#inTurn(async () => {
      for (const directory of [...this.#unsynced]) {
        const { disk, descriptors } = this.#places
        await descriptors.withRoom(() => disk.directories.sync(directory))
        this.#unsynced.delete(directory)
      }
    })
  }

  async list(): Promise<readonly SegmentFileName[]> {
    const names: SegmentFileName[] = []
    for (const directory of await this.#list(this.#places.streams)) {
      for (const file of await this.#list(join(this.#places.streams, directory))) {
        const name = parseSegmentName(directory, file)
        if (name !== undefined) names.push(name)
      }
    }
    return names
  }

  async #create(path: string): Promise<void> {
    const { disk, descriptors } = this.#places
    await descriptors.forget(path)
    await ignoring(['ENOENT'], () => disk.files.remove(path))
    await descriptors.create(path)
  }

  async #reuse(path: string): Promise<boolean> {
    await this.#preparePool()
    const { disk, recycled, descriptors } = this.#places
    const found = this.#pool.at(-1)
    if (found === undefined) return false
    await descriptors.forget(path)
    await disk.files.rename(join(recycled, found), path)
    this.#pool.pop()
    this.#unsynced.add(recycled)
    return true
  }

  async #discardFile(path: string): Promise<void> {
    const { disk, recycled, descriptors } = this.#places
    // A reader keeps its open file when the name goes, but must not see it written again.
    const reusable = this.#reusable.delete(path) && !descriptors.isLeased(path)
    this.#made.delete(path)
    await descriptors.forget(path)
    this.#unsynced.add(dirname(path))
    await ignoring(['ENOENT'], async () => {
      if (!reusable || this.#pool.length >= RECYCLED_FILES_MAX) return disk.files.remove(path)
      const name = `${String(this.#poolCount++).padStart(8, '0')}.segment`
      await disk.files.rename(path, join(recycled, name))
      this.#pool.push(name)
      this.#unsynced.add(recycled)
    })
  }

  async #preparePool(): Promise<void> {
    if (this.#isPoolReady) return
    const { disk, recycled } = this.#places
    await disk.directories.make(recycled)
    for (const name of await this.#list(recycled)) {
      await ignoring(['ENOENT'], () => disk.files.remove(join(recycled, name)))
    }
    this.#unsynced.add(recycled).add(dirname(recycled))
    this.#isPoolReady = true
  }

  async #makeDirectory(directory: string): Promise<void> {
    if (this.#directories.has(directory)) return
    await this.#places.disk.directories.make(directory)
    this.#directories.add(directory)
    this.#unsynced.add(dirname(directory)).add(dirname(this.#places.streams))
  }

  /** One that cannot be removed costs a name and is tried again with the next file. */
  async #removeIfEmpty(directory: string): Promise<void> {
    const { disk, streams } = this.#places
    if ((await this.#list(directory)).length > 0) return
    this.#directories.delete(directory)
    try {
      await disk.files.remove(directory)
    } catch (error) {
      // One that a crash took is as good as removed; it cannot be synced either.
      if (!hasCode(error, ['ENOENT'])) return
    }
    this.#unsynced.delete(directory)
    this.#unsynced.add(streams)
  }

  async #list(directory: string): Promise<readonly string[]> {
    try {
      const { disk, descriptors } = this.#places
      return await descriptors.withRoom(() => disk.directories.list(directory))
    } catch (error) {
      if (hasCode(error, ['ENOENT', 'ENOTDIR'])) return []
      throw error
    }
  }

  /** Names are made and removed one after the other. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => undefined)
    return turn
  }
}

async function ignoring(codes: readonly string[], work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!hasCode(error, codes)) throw error
  }
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
