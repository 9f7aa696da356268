/** Finds the index of a segment: in memory, behind its batches, or by a scan of them; the answers are the same. */
import { isDiskFull } from '../disk-full.ts'
import type { DescriptorCache, FileLease } from './descriptor-cache.ts'
import { IndexCache } from './index-cache.ts'
import type { Segment } from './segment.ts'
import { indexBytesMax, indexPosition, SegmentIndex } from './segment-index.ts'
import { batchBytes, SCAN_BYTES, SegmentScan } from './segment-scan.ts'

export class SegmentIndexes {
  readonly #cache = new IndexCache()
  readonly #loading = new Map<string, Promise<SegmentIndex>>()
  /** Sealed segments whose index is not in their file, by path. */
  readonly #unwritten = new Map<string, Segment>()

  /** That of a segment that begins: empty. */
  begin(path: string): void {
    this.#cache.put(path, new SegmentIndex())
  }

  /** The one in memory, however much of its segment it covers. */
  peek(path: string): SegmentIndex | undefined {
    return this.#cache.get(path)
  }

  drop(path: string): void {
    this.#cache.delete(path)
    this.#unwritten.delete(path)
  }

  /** Nothing is appended to the segment any more: its index is written with the next chance. */
  seal(segment: Segment): void {
    this.#unwritten.set(segment.path, segment)
  }

  async of(segment: Segment, lease: FileLease): Promise<SegmentIndex> {
    for (;;) {
      const found = this.#cache.get(segment.path)
      if (found !== undefined && found.end >= segment.bytes) return found
      const loading = this.#loading.get(segment.path)
      if (loading !== undefined) {
        const loaded = await loading
        if (loaded.end >= segment.bytes) return loaded
        continue
      }
      const load = this.#load(segment, lease, found)
      this.#loading.set(segment.path, load)
      try {
        return await load
      } finally {
        this.#loading.delete(segment.path)
      }
    }
  }

  /** Puts indexes behind their sealed segments. It may fail at any time: they are made again by a scan. */
  async write(descriptors: DescriptorCache): Promise<void> {
    for (const [path, segment] of this.#unwritten) {
      this.#unwritten.delete(path)
      const index = this.#cache.get(path)
      if (index === undefined || index.end < segment.bytes) continue
      using lease = descriptors.lease(path)
      try {
        await lease.write(index.encode(segment, segment.bytes), indexPosition(segment.bytes))
      } catch (error) {
        const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT'
        if (!isGone && !isDiskFull(error)) throw error
      }
    }
  }

  async #load(
    segment: Segment,
    lease: FileLease,
    found: SegmentIndex | undefined,
  ): Promise<SegmentIndex> {
    const index = found ?? (await readStored(segment, lease)) ?? new SegmentIndex()
    if (index.end < segment.bytes) {
      await extend(index, segment, lease)
      if (segment.sealed) this.#unwritten.set(segment.path, segment)
    }
    this.#cache.put(segment.path, index)
    return index
  }
}

async function readStored(segment: Segment, lease: FileLease): Promise<SegmentIndex | undefined> {
  if (!segment.sealed) return undefined
  const block = Buffer.allocUnsafe(indexBytesMax(segment.bytes))
  const got = await lease.read(block, indexPosition(segment.bytes))
  return SegmentIndex.decode(block.subarray(0, got), segment, segment.bytes)
}

/** From where it ends to what counts of the segment. */
async function extend(index: SegmentIndex, segment: Segment, lease: FileLease): Promise<void> {
  const scan = new SegmentScan(lease, segment, Math.min(SCAN_BYTES, segment.bytes))
  const { sequence } = index.floor(Number.MAX_SAFE_INTEGER - 1, segment.base)
  for await (const step of scan.walk({ position: index.end, sequence })) {
    if (step.kind === 'lost') {
      index.skipTo(step.until)
      continue
    }
    const { position, header } = step
    index.add(position, batchBytes(header), header.baseSequence, header.arrivalUs)
  }
  index.skipTo(segment.bytes)
}
