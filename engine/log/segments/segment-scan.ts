/**
 * Walks the batches of one segment by their headers, without their bodies, and goes on behind damage: from the next
 * place where a batch lies that belongs here, its body sound too.
 *
 * Whatever the bytes say, it allocates no more than its window, and each step goes forward.
 */
import { crc32 } from 'node:zlib'
import { HeadgateError } from '../../error.ts'
import { BATCH_HEADER_BYTES, type BatchHeader, nextSequence, peekHeader } from '../batch-header.ts'
import type { FileLease } from './descriptor-cache.ts'
import type { IndexPlace, SegmentIndex } from './segment-index.ts'

/** What every batch of a segment must fit. */
export interface SegmentBounds {
  readonly incarnation: number
  readonly shard: number
  readonly base: number
  readonly next: number
  readonly bytes: number
}

/** A batch, or sequences that cannot be read: from `from` up to below `next`. */
export type ScanStep =
  | { readonly kind: 'batch'; readonly position: number; readonly header: BatchHeader }
  | { readonly kind: 'lost'; readonly from: number; readonly next: number; readonly until: number }

/** For a look around an entry of the index. */
export const LOOK_BYTES: number = 16 * 1024
/** For a scan of the whole segment. */
export const SCAN_BYTES: number = 512 * 1024

/** Bodies summed in the search for one batch behind damage: records may hold what looks like headers. */
const CANDIDATES_MAX = 64
const MAGIC = Buffer.from('HGB1')

export function batchBytes(header: BatchHeader): number {
  return BATCH_HEADER_BYTES + header.bodyBytes
}

/** The header of the batch at `position` of the segment and `at` of the bytes; undefined unless it belongs there. */
export function soundHeader(
  bytes: Buffer,
  at: number,
  bounds: SegmentBounds,
  position: number,
  sequenceLeast: number,
): BatchHeader | undefined {
  const header = headerAt(bytes, at)
  if (header === undefined || header.count === 0) return undefined
  if (header.incarnation !== bounds.incarnation || header.shard !== bounds.shard) return undefined
  if (header.baseSequence < sequenceLeast || nextSequence(header) > bounds.next) return undefined
  return position + batchBytes(header) <= bounds.bytes ? header : undefined
}

export class SegmentScan {
  readonly #lease: FileLease
  readonly #bounds: SegmentBounds
  readonly #window: Buffer
  #held: Buffer
  #start = 0

  constructor(lease: FileLease, bounds: SegmentBounds, windowBytes: number) {
    this.#lease = lease
    this.#bounds = bounds
    this.#window = Buffer.allocUnsafe(windowBytes)
    this.#held = this.#window.subarray(0, 0)
  }

  /** Whether a batch lies there for certain; its body is not looked at. */
  async holds({ position, sequence }: IndexPlace): Promise<boolean> {
    return (await this.#headerAt(position, sequence)) !== undefined
  }

  /** From a place where a batch starts, whose sequence is known to be no lower. The index, where given, bounds what damage takes. */
  async *walk(start: IndexPlace, index?: SegmentIndex): AsyncGenerator<ScanStep, void, undefined> {
    let { position, sequence } = start
    while (position < this.#bounds.bytes) {
      const header = await this.#headerAt(position, sequence)
      if (header !== undefined) {
        yield { kind: 'batch', position, header }
        position += batchBytes(header)
        sequence = nextSequence(header)
        continue
      }
      const known = index?.after(position) ?? this.#bounds.bytes
      const until = await this.#resume(position + 1, sequence, Math.min(known, this.#bounds.bytes))
      const resumed = await this.#headerAt(until, sequence)
      if (resumed === undefined && until < this.#bounds.bytes) {
        // The entry of the index leads to a damaged header, too.
        position = until
        continue
      }
      const next = resumed?.baseSequence ?? this.#bounds.next
      if (next > sequence) yield { kind: 'lost', from: sequence, next, until }
      position = until
    }
  }

  async #headerAt(position: number, sequenceLeast: number): Promise<BatchHeader | undefined> {
    if (position >= this.#bounds.bytes) return undefined
    const bytes = await this.#look(position, BATCH_HEADER_BYTES)
    return soundHeader(bytes, 0, this.#bounds, position, sequenceLeast)
  }

  /** Where the first whole batch at or behind `from` starts; `limit` where there is none before. */
  async #resume(from: number, sequenceLeast: number, limit: number): Promise<number> {
    let candidates = 0
    for (let position = from; position < limit; ) {
      const bytes = await this.#look(position, Math.min(this.#window.length, limit - position))
      const found = bytes.indexOf(MAGIC)
      if (found < 0) {
        if (bytes.length < MAGIC.length) return limit
        position += bytes.length - MAGIC.length + 1
        continue
      }
      position += found
      const header = await this.#headerAt(position, sequenceLeast)
      if (header !== undefined) {
        if (await this.#isBodySound(position, header)) return position
        if (++candidates >= CANDIDATES_MAX) return limit
      }
      position++
    }
    return limit
  }

  async #isBodySound(position: number, header: BatchHeader): Promise<boolean> {
    const end = position + batchBytes(header)
    let crc = 0
    for (let at = position + BATCH_HEADER_BYTES; at < end; ) {
      const bytes = await this.#look(at, Math.min(this.#window.length, end - at))
      if (bytes.length === 0) return false
      crc = crc32(bytes, crc)
      at += bytes.length
    }
    return crc === header.bodyCrc
  }

  /** As much of the segment as counts and the file has; valid until the next look. */
  async #look(position: number, bytes: number): Promise<Buffer> {
    const end = Math.min(position + bytes, this.#bounds.bytes)
    if (position < this.#start || end > this.#start + this.#held.length) {
      const counts = Math.max(0, Math.min(this.#window.length, this.#bounds.bytes - position))
      const got = await this.#lease.read(this.#window.subarray(0, counts), position)
      this.#held = this.#window.subarray(0, got)
      this.#start = position
    }
    return this.#held.subarray(position - this.#start, Math.max(end - this.#start, 0))
  }
}

function headerAt(bytes: Buffer, at: number): BatchHeader | undefined {
  // The usual case without the cost of an error.
  if (bytes.length - at < BATCH_HEADER_BYTES) return undefined
  try {
    return peekHeader(bytes, at)
  } catch (error) {
    if (error instanceof HeadgateError && error.code === 'LogCorrupt') return undefined
    throw error
  }
}
