/** Puts the parts of a segment store together. It reads and writes nothing until it is asked for something. */
import type { Disk } from '../../ports/disk.ts'
import type { Logger } from '../../ports/logger.ts'
import { CoalescedWrites } from './coalesced-writes.ts'
import { DescriptorCache, isOutOfDescriptors } from './descriptor-cache.ts'
import { SegmentAllocation } from './segment-allocation.ts'
import { SegmentIndexes } from './segment-indexes.ts'
import {
  DESCRIPTORS_MAX,
  SEGMENT_BYTES,
  type SegmentFileName,
  type SegmentMeta,
  type SegmentStore,
  type ShardSegments,
} from './segment-store.ts'
import { type SegmentParts, StoredShard } from './shard-segments.ts'

export interface SegmentStoreOptions {
  readonly disk: Disk
  /** Where the segments of all streams lie. */
  readonly directory: string
  /** Where files wait to be used again. */
  readonly recycled: string
  readonly logger?: Logger
  readonly segmentBytes?: number
  readonly descriptorsMax?: number
}

export async function openSegmentStore(options: SegmentStoreOptions): Promise<SegmentStore> {
  const { disk, directory, recycled, logger } = options
  const descriptors = new DescriptorCache(
    disk.files,
    options.descriptorsMax ?? DESCRIPTORS_MAX,
    logger,
  )
  return new FileSegmentStore({
    streams: directory,
    segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
    descriptors,
    allocation: new SegmentAllocation({ disk, streams: directory, recycled, descriptors }),
    indexes: new SegmentIndexes(),
    writes: new CoalescedWrites(),
    appended: new Set(),
  })
}

class FileSegmentStore implements SegmentStore {
  readonly #parts: SegmentParts

  constructor(parts: SegmentParts) {
    this.#parts = parts
  }

  shard(
    incarnation: number,
    shard: number,
    metas: readonly SegmentMeta[],
    stream: string,
  ): ShardSegments {
    return new StoredShard(this.#parts, { incarnation, shard, stream }, metas)
  }

  async sync(): Promise<void> {
    const { descriptors, allocation } = this.#parts
    await descriptors.sync()
    try {
      await allocation.sync()
    } catch (error) {
      // As with a file, what the next sync would say is not to be believed, unless none was tried.
      if (!isOutOfDescriptors(error)) descriptors.fail(error)
      throw error
    }
  }

  async fillAhead(): Promise<void> {
    const { descriptors, indexes, appended } = this.#parts
    descriptors.check()
    const shards = [...appended]
    appended.clear()
    for (const shard of shards) await shard.fillAhead()
    await indexes.write(descriptors)
    // Zeros that are not on the disk yet would be written together with what follows them.
    await descriptors.sync()
  }

  async discard(files: readonly SegmentFileName[]): Promise<void> {
    this.#parts.descriptors.check()
    await this.#parts.allocation.discard(files)
  }

  withDescriptor<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#parts.descriptors.withRoom(work)
  }

  list(): Promise<readonly SegmentFileName[]> {
    return this.#parts.allocation.list()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.descriptors.close()
  }
}
