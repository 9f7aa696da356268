/** The log port over a store. */
import { HeadgateError } from '../error.ts'
import type { Admission } from './admission.ts'
import { findLatest } from './compaction/latest-record.ts'
import type { DeadlineWaits } from './deadline-waits.ts'
import {
  type FoundRecord,
  type Log,
  type Position,
  type Reader,
  type ShardRef,
  type Where,
  WRITE_SET_BYTES_MAX,
  type WriteResult,
  type WriteSet,
} from './log.ts'
import type { ShardView } from './log-view.ts'
import { CONTROL_REQUEST_BYTES, type Store } from './store.ts'
import { positionInvalid, StoreReader } from './store-reader.ts'
import { shardOutOfRange, streamNotFound } from './stream-heads.ts'

export class StoreLog implements Log {
  readonly #store: Store
  readonly #admission: Admission
  readonly #waits: DeadlineWaits

  constructor(store: Store, admission: Admission, waits: DeadlineWaits) {
    this.#store = store
    this.#admission = admission
    this.#waits = waits
  }

  /** Not async: the promise of the commit is the only one that a write costs. */
  write(set: WriteSet, signal?: AbortSignal): Promise<WriteResult> {
    const bytes = measureSet(set)
    if (bytes > WRITE_SET_BYTES_MAX) return Promise.reject(setTooLarge(bytes))
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    return this.#store.commit({
      bytes: bytes + CONTROL_REQUEST_BYTES,
      signal,
      judge: () => this.#admission.judgeWrite(set),
    })
  }

  open(at: Position): Reader {
    const shard = this.#require(at, positionInvalidIncarnation)
    if (!(at.sequence >= shard.log.first)) {
      throw positionInvalid(
        `a position from ${shard.log.first} on in shard ${at.shard} of ${at.stream}`,
        `${at.sequence}`,
      )
    }
    return new StoreReader(this.#store, this.#waits, at)
  }

  async resolve(ref: ShardRef, where: Where): Promise<Position> {
    const { log } = this.#require(ref, streamNotFound)
    const { stream, incarnation, shard } = ref
    const at = (sequence: number): Position => ({ stream, incarnation, shard, sequence })
    switch (where.kind) {
      case 'earliest':
        return at(log.first)
      case 'latest':
        return at(log.next)
      case 'sequence': {
        const { sequence } = where
        if (!(sequence >= log.first && sequence <= log.next)) {
          const expected = `a sequence from ${log.first} to ${log.next} in shard ${shard} of ${stream}`
          throw positionInvalid(expected, `${sequence}`)
        }
        return at(await log.findSequence(sequence))
      }
      case 'time':
        return at(await log.findTime(where.arrivalUs))
      default:
        return where satisfies never
    }
  }

  async latest(
    name: string,
    incarnation: number,
    key: Uint8Array,
  ): Promise<FoundRecord | undefined> {
    const { view, keys } = this.#store
    const stream = view.find(name, incarnation)
    if (stream === undefined) {
      throw streamNotFound(name, incarnation, view.streams.get(name)?.incarnation)
    }
    if (stream.record.compaction !== 'key') throw notCompacted(name)
    const isNeeded = (): boolean =>
      view.stream(incarnation) === stream && stream.record.compaction === 'key'
    const found = await findLatest(keys, stream, key, isNeeded)
    if (view.stream(incarnation) !== stream) throw streamNotFound(name, incarnation, undefined)
    return found
  }

  #require(
    { stream, incarnation, shard }: ShardRef,
    another: (name: string, incarnation: number, current: number) => HeadgateError,
  ): ShardView {
    const { view: all } = this.#store
    const view = all.find(stream, incarnation)
    const current = all.streams.get(stream)?.incarnation
    if (view === undefined && current !== undefined) throw another(stream, incarnation, current)
    if (view === undefined) throw streamNotFound(stream, incarnation, undefined)
    const found = view.shards[shard]
    if (found === undefined) throw shardOutOfRange(stream, view.shards.length, shard)
    return found
  }
}

function positionInvalidIncarnation(
  name: string,
  incarnation: number,
  current: number,
): HeadgateError {
  return positionInvalid(
    `a position in incarnation ${current} of stream ${name}`,
    `one in ${incarnation}`,
  )
}

function notCompacted(name: string): HeadgateError {
  return new HeadgateError(
    'BadRequest',
    `expected a compacted stream for a read by key, got ${name}, which keeps every record`,
    { hint: 'Read it from a position, or declare it with compaction: key.' },
  )
}

function setTooLarge(bytes: number): HeadgateError {
  return new HeadgateError(
    'RecordTooLarge',
    `expected a write of at most ${WRITE_SET_BYTES_MAX} bytes, got ${bytes}`,
    { hint: 'Write fewer records at once.' },
  )
}

function measureSet({ appends, offsets, trims }: WriteSet): number {
  let bytes = 0
  for (const { batch } of appends) bytes += batch.length
  return bytes + 64 * ((offsets?.length ?? 0) + (trims?.length ?? 0))
}
