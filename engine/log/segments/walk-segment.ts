/**
 * Walks every byte of one segment that a checkpoint names: its header, the batches with their bodies and records, the
 * index, and what lies behind. It goes on behind damage, and says for each damaged part which sequences went with it.
 */
import type { Disk, DiskFile } from '../../ports/disk.ts'
import {
  BATCH_HEADER_BYTES,
  type BatchHeader,
  nextSequence,
  peekHeader,
  verifyBody,
} from '../batch-header.ts'
import { ScanWindow } from '../journal/scan-window.ts'
import { RecordCursor } from '../record-cursor.ts'
import { readFully } from '../transfer-fully.ts'
import type { FileLease } from './descriptor-cache.ts'
import { readWindow } from './read-window.ts'
import type { Segment } from './segment.ts'
import { decodeSegmentHeader, type SegmentHeader } from './segment-file.ts'
import { indexBytesMax, indexPosition, SegmentIndex } from './segment-index.ts'
import { batchBytes, SCAN_BYTES, SegmentScan } from './segment-scan.ts'
import { SEGMENT_HEADER_BYTES } from './segment-store.ts'

/** Where no sound batch of this segment lies: no batch at all, one that belongs elsewhere, or one that is damaged. */
export interface DamagedPart {
  readonly kind: 'header' | 'place' | 'body' | 'records'
  readonly from: number
  readonly to: number
  /** The sequences that went with it, up to below `next`; none where they are equal. */
  readonly sequence: number
  readonly next: number
}

export interface SoundBatch {
  readonly position: number
  readonly header: BatchHeader
  /** Valid until the next one. */
  readonly bytes: Buffer
  /** Of its last record. */
  readonly newestUs: number
}

export interface WalkedSegment {
  /** Undefined where the block is no sound header. */
  readonly header: SegmentHeader | undefined
  readonly fileBytes: number
  readonly damaged: readonly DamagedPart[]
  readonly tally: SegmentTally
  /** A sound index for just this segment lies behind it; undefined where it is not sealed. */
  readonly index: SegmentIndex | undefined
  readonly behind: { readonly zeroBytes: number; readonly otherBytes: number }
}

/** Of the sound batches. */
export interface SegmentTally {
  batches: number
  records: number
  next: number
  bytes: number
  oldestUs: number
  newestUs: number
  /** Batches that arrived before the one before them. */
  early: number
  /** Runs of sequences that no batch has, though nothing is damaged there. */
  readonly gaps: { readonly from: number; readonly next: number }[]
  /** Of each sound batch's start, to hold the index to. */
  readonly starts: Map<number, number>
}

/** Throws what the disk throws: ENOENT where the file is missing. */
export async function walkSegment(disk: Disk, segment: Segment): Promise<WalkedSegment> {
  const file = await disk.files.open(segment.path, 'read')
  try {
    const fileBytes = await file.size()
    const header = headerOf(await readWindow(file, 0, SEGMENT_HEADER_BYTES))
    const damaged: DamagedPart[] = []
    const tally = newTally(segment)
    for await (const batch of soundBatches(file, fileBytes, segment, damaged)) count(tally, batch)
    const index = segment.sealed ? await indexOf(file, segment) : undefined
    const behind = await lookBehind(file, segment.bytes, fileBytes)
    return { header, fileBytes, damaged, tally, index, behind }
  } finally {
    await file.close()
  }
}

/** The batches that can be read, in order; what cannot is added to `damaged`. */
export async function* soundBatches(
  file: DiskFile,
  fileBytes: number,
  segment: Segment,
  damaged: DamagedPart[] = [],
): AsyncGenerator<SoundBatch, void, undefined> {
  const window = new ScanWindow(file, fileBytes)
  const scan = new SegmentScan(leaseOf(file), segment, Math.min(SCAN_BYTES, segment.bytes))
  let at = SEGMENT_HEADER_BYTES
  let sequence = segment.base
  for await (const step of scan.walk({ position: at, sequence })) {
    const to = step.kind === 'batch' ? step.position : step.until
    if (to > at) {
      const next = step.kind === 'batch' ? sequence : step.next
      const kind = (await isElsewhere(window, at)) ? 'place' : 'header'
      damaged.push({ kind, from: at, to, sequence, next })
    }
    at = to
    if (step.kind === 'lost') {
      sequence = step.next
      continue
    }
    const { header, position } = step
    at += batchBytes(header)
    sequence = nextSequence(header)
    const bytes = await window.read(position, batchBytes(header))
    const part = { from: position, to: at, sequence: header.baseSequence, next: sequence }
    const found = judge(bytes, header)
    if (typeof found === 'number') yield { position, header, bytes, newestUs: found }
    else damaged.push({ kind: found, ...part })
  }
  if (at < segment.bytes) {
    damaged.push({ kind: 'header', from: at, to: segment.bytes, sequence, next: segment.next })
  }
}

/** When the last record arrived, or what is wrong with the batch. */
function judge(bytes: Buffer, header: BatchHeader): number | 'body' | 'records' {
  try {
    if (bytes.length < batchBytes(header)) return 'body'
    verifyBody(bytes, header)
  } catch {
    return 'body'
  }
  try {
    const cursor = new RecordCursor(bytes)
    let records = 0
    while (cursor.next()) records++
    const isLast = cursor.sequence === nextSequence(header) - 1
    return records === header.count && isLast ? cursor.arrivalUs : 'records'
  } catch {
    return 'records'
  }
}

/** A header that is sound in itself, and is not one of this place. */
async function isElsewhere(window: ScanWindow, position: number): Promise<boolean> {
  try {
    peekHeader(await window.read(position, BATCH_HEADER_BYTES), 0)
    return true
  } catch {
    return false
  }
}

function newTally({ base }: Segment): SegmentTally {
  return {
    batches: 0,
    records: 0,
    next: base,
    bytes: SEGMENT_HEADER_BYTES,
    oldestUs: Number.MAX_SAFE_INTEGER,
    newestUs: 0,
    early: 0,
    gaps: [],
    starts: new Map(),
  }
}

function count(tally: SegmentTally, { header, position, newestUs }: SoundBatch): void {
  if (header.baseSequence > tally.next) {
    tally.gaps.push({ from: tally.next, next: header.baseSequence })
  }
  if (header.arrivalUs < tally.newestUs) tally.early++
  tally.starts.set(position, header.baseSequence)
  tally.batches++
  tally.records += header.count
  tally.next = nextSequence(header)
  tally.bytes = position + batchBytes(header)
  tally.oldestUs = Math.min(tally.oldestUs, header.arrivalUs)
  tally.newestUs = Math.max(tally.newestUs, newestUs)
}

function headerOf(block: Buffer): SegmentHeader | undefined {
  try {
    return decodeSegmentHeader(block)
  } catch {
    return undefined
  }
}

async function indexOf(file: DiskFile, segment: Segment): Promise<SegmentIndex | undefined> {
  const block = await readWindow(file, indexPosition(segment.bytes), indexBytesMax(segment.bytes))
  return SegmentIndex.decode(block, segment, segment.bytes)
}

async function lookBehind(
  file: DiskFile,
  from: number,
  fileBytes: number,
): Promise<WalkedSegment['behind']> {
  let zeroBytes = 0
  let otherBytes = 0
  const window = new ScanWindow(file, fileBytes)
  for (let at = from; at < fileBytes; ) {
    const bytes = await window.read(at, SCAN_BYTES)
    if (bytes.length === 0) break
    for (const byte of bytes) {
      if (byte === 0) zeroBytes++
      else otherBytes++
    }
    at += bytes.length
  }
  return { zeroBytes, otherBytes }
}

/** For one who holds the file open. */
function leaseOf(file: DiskFile): FileLease {
  return {
    read: (into, position) => readFully(file, into, position),
    write: () => Promise.reject(new Error('expected no write to a file that is read')),
    size: () => file.size(),
    [Symbol.dispose]: () => {},
  }
}
