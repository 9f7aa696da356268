/**
 * Compacts one shard once: of the sealed segments it leaves out what a later record of the same key supersedes, and
 * removals that were there for their time.
 *
 * 1. The latest sequence of each key is found in what is new since the last time, as far as memory allows; what lies
 *    behind that is for the next time.
 * 2. All segments up to there are read for what would be left of each.
 * 3. Segments that lose records, or fit their neighbours, are written anew, oldest first, synced, and put in their
 *    place; the old ones go once a checkpoint names the new. A crash leaves each key's latest record wherever it comes.
 *
 * One read or write at a time, in pieces between which others have their turn.
 */
import { setImmediate } from 'node:timers/promises'
import { BATCH_HEADER_BYTES, readHeader } from '../batch-header.ts'
import type { DiskShard } from '../disk-shard.ts'
import { RecordCursor } from '../record-cursor.ts'
import type { SegmentFileName, SegmentMeta } from '../segments/segment-store.ts'
import {
  type CompactionState,
  groupShares,
  type SegmentShare,
  sealedOf,
  TOMBSTONE_KEPT_MS,
} from './compaction-rule.ts'
import { withoutRecords } from './delta-batch.ts'
import { keyBytes, keyText } from './key-budget.ts'
import { SCAN_PIECE_BYTES } from './key-indexes.ts'

/** Of keys that one compaction may hold; with more of them, it takes several. */
export const COMPACTION_KEYS_BYTES_MAX: number = 64 * 1024 * 1024
/** Removals that one compaction may leave out. */
export const COMPACTION_TOMBSTONES_MAX = 262_144

/** A sync of much would keep the device from those who wait for an acknowledgement. */
const SYNC_BYTES: number = 2 * 1024 * 1024

export interface CompactionRequest {
  readonly log: DiskShard
  readonly state: CompactionState
  readonly segmentBytes: number
  readonly keysBytesMax: number
  /** Undefined while the clock is in doubt: no removal goes then. */
  readonly nowUs: number | undefined
  /** False once the stream is gone, sealed or not compacted any more, or the store closes. */
  readonly isWanted: () => boolean
  /** Of these keys, those that no other shard has a record of that a removal hides. */
  readonly removable: (keys: ReadonlySet<string>) => Promise<ReadonlySet<string>>
  /** Makes durable what was composed. */
  readonly sync: () => Promise<void>
  /** Removes a file that is not needed after all. */
  readonly discard: (file: SegmentFileName) => Promise<void>
  /** Other segments are in the place of these, which hold so many bytes less. */
  readonly replaced: (from: readonly SegmentMeta[], bytesReleased: number) => Promise<void>
  /** The record that removed the key is left out. */
  readonly forget: (key: string, sequence: number) => void
}

/** Nothing went wrong: what was to be compacted is not wanted or not there any more. */
export class CompactionStopped extends Error {}

interface Tombstone {
  readonly sequence: number
  readonly key: string
  readonly share: SegmentShare
  readonly bytes: number
}

export class ShardCompaction {
  readonly #request: CompactionRequest
  readonly #latest = new Map<string, number>()
  /** Records from here on stay for now. */
  #end = 0
  #tombstoneUs: number | undefined
  #tombstones: Tombstone[] = []
  readonly #removed = new Set<number>()

  constructor(request: CompactionRequest) {
    this.#request = request
  }

  /** How many segments were written. Throws CompactionStopped, or what a read or write failed with. */
  async run(): Promise<number> {
    const { log, state, segmentBytes, nowUs } = this.#request
    const sealed = sealedOf(log.metas)
    await this.#findLatest(sealed)
    const shares: SegmentShare[] = []
    for (const meta of sealed) {
      if (meta.base < this.#end) shares.push(await this.#measure(meta))
    }
    await this.#judgeTombstones(shares)
    let written = 0
    for (const group of groupShares(shares, segmentBytes)) {
      if (group.length === 1 && group[0]?.droppedRecords === 0) continue
      await this.#rewrite(group.map(({ meta }) => meta))
      written++
    }
    state.cleanTo = this.#end
    state.tombstoneUs = this.#tombstoneUs
    state.lookedUs = nowUs ?? state.lookedUs
    return written
  }

  async #findLatest(sealed: readonly SegmentMeta[]): Promise<void> {
    const { state, keysBytesMax } = this.#request
    let bytes = 0
    this.#end = sealed.at(-1)?.next ?? 0
    for (const meta of sealed) {
      if (meta.next <= state.cleanTo) continue
      for await (const piece of this.#pieces(meta)) {
        const cursor = new RecordCursor(piece, state.cleanTo)
        while (cursor.next()) {
          if (cursor.key === undefined) continue
          const key = keyText(cursor.key)
          if (!this.#latest.has(key)) bytes += keyBytes(key)
          if (bytes > keysBytesMax && this.#latest.size > 0) {
            this.#end = cursor.sequence
            return
          }
          this.#latest.set(key, cursor.sequence)
        }
      }
    }
  }

  async #measure(meta: SegmentMeta): Promise<SegmentShare> {
    const share: SegmentShare = { meta, keptRecords: 0, keptBytes: 0, droppedRecords: 0 }
    for await (const piece of this.#pieces(meta)) {
      for (const batch of batchesIn(piece)) {
        const before = share.keptRecords
        const cursor = new RecordCursor(batch)
        while (cursor.next()) {
          if (!this.#isKept(cursor)) {
            share.droppedRecords++
            continue
          }
          share.keptRecords++
          share.keptBytes += cursor.encodedEnd - cursor.encodedStart
          this.#noteTombstone(cursor, share)
        }
        if (share.keptRecords > before) share.keptBytes += BATCH_HEADER_BYTES
      }
    }
    return share
  }

  #isKept(record: RecordCursor): boolean {
    const { key, sequence } = record
    if (key === undefined || sequence >= this.#end) return true
    const latest = this.#latest.get(keyText(key))
    if (latest !== undefined && latest > sequence) return false
    return !this.#removed.has(sequence)
  }

  #noteTombstone(record: RecordCursor, share: SegmentShare): void {
    const { key, sequence, arrivalUs } = record
    if (key === undefined || record.data.length > 0 || sequence >= this.#end) return
    const { nowUs } = this.#request
    const isDue = nowUs !== undefined && arrivalUs + TOMBSTONE_KEPT_MS * 1000 < nowUs
    if (isDue && this.#tombstones.length < COMPACTION_TOMBSTONES_MAX) {
      const bytes = record.encodedEnd - record.encodedStart
      this.#tombstones.push({ sequence, key: keyText(key), share, bytes })
    } else {
      this.#tombstoneUs = Math.min(this.#tombstoneUs ?? arrivalUs, arrivalUs)
    }
  }

  /** What a removal hides in this shard goes with it; what it hides in others must be gone before. */
  async #judgeTombstones(shares: readonly SegmentShare[]): Promise<void> {
    if (this.#tombstones.length === 0) return
    const keys = new Set(this.#tombstones.map(({ key }) => key))
    const removable = await this.#request.removable(keys)
    let kept = shares.reduce((sum, { keptRecords }) => sum + keptRecords, 0)
    for (const { sequence, key, share, bytes } of this.#tombstones) {
      // A shard that has a record has a place to go on from.
      if (!removable.has(key) || kept === 1) continue
      this.#removed.add(sequence)
      share.keptRecords--
      share.droppedRecords++
      share.keptBytes = share.keptRecords === 0 ? 0 : share.keptBytes - bytes
      kept--
    }
    this.#tombstones = this.#tombstones.filter(({ sequence }) => this.#removed.has(sequence))
  }

  async #rewrite(from: readonly SegmentMeta[]): Promise<void> {
    const { log, sync, discard, replaced, forget } = this.#request
    const { incarnation, shard } = log
    const base = from[0]?.base ?? 0
    const next = from.at(-1)?.next ?? base
    const generation = Math.max(...from.map((meta) => meta.generation)) + 1
    let isReplaced = false
    try {
      const meta = await log.compose({ base, next, generation }, this.#kept(from))
      await sync()
      this.#check()
      // Retention may have taken some of them meanwhile.
      if (!from.every((each) => log.metas.includes(each))) throw new CompactionStopped()
      const before = log.bytes
      for (const { sequence, key } of this.#tombstones) {
        if (sequence >= base && sequence < next) forget(key, sequence)
      }
      log.replace(from, [meta])
      isReplaced = true
      await replaced(from, before - log.bytes)
    } catch (error) {
      if (!isReplaced) await discard({ incarnation, shard, base, generation })
      throw error
    }
  }

  async *#kept(from: readonly SegmentMeta[]): AsyncGenerator<Uint8Array, void, undefined> {
    let unsynced = 0
    for (const meta of from) {
      for await (const piece of this.#pieces(meta)) {
        for (const batch of batchesIn(piece)) {
          for (const rest of withoutRecords(batch, (record) => this.#isKept(record))) {
            unsynced += rest.length
            yield rest
          }
        }
        if (unsynced < SYNC_BYTES) continue
        await this.#request.sync()
        unsynced = 0
      }
    }
  }

  async *#pieces({ base, next }: SegmentMeta): AsyncGenerator<Buffer, void, undefined> {
    for (let from = base; from < next; ) {
      this.#check()
      const read = await this.#request.log.readSegments(from, SCAN_PIECE_BYTES)
      if (read === undefined || readHeader(read.bytes).baseSequence >= next) return
      yield Buffer.from(read.bytes.buffer, read.bytes.byteOffset, read.bytes.byteLength)
      from = read.next
      await setImmediate()
    }
  }

  #check(): void {
    if (!this.#request.isWanted()) throw new CompactionStopped()
  }
}

function* batchesIn(bytes: Buffer): Generator<Buffer, void, undefined> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + BATCH_HEADER_BYTES + readHeader(bytes, at).bodyBytes
    yield bytes.subarray(at, end)
    at = end
  }
}
