/** The log port over a store. */
import { HeadgateError } from '../error.ts'
import type { Admission } from './admission.ts'
import type { DeadlineWaits } from './deadline-waits.ts'
import {
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

export class StoreLog<Place> implements Log {
  readonly #store: Store<Place>
  readonly #admission: Admission
  readonly #waits: DeadlineWaits

  constructor(store: Store<Place>, admission: Admission, waits: DeadlineWaits) {
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
    if (!(at.sequence >= shard.index.first)) {
      throw positionInvalid(
        `a position from ${shard.index.first} on in shard ${at.shard} of ${at.stream}`,
        `${at.sequence}`,
      )
    }
    return new StoreReader(this.#store, this.#waits, at)
  }

  async resolve(ref: ShardRef, where: Where): Promise<Position> {
    const { index } = this.#require(ref, streamNotFound)
    const { stream, incarnation, shard } = ref
    const at = (sequence: number): Position => ({ stream, incarnation, shard, sequence })
    switch (where.kind) {
      case 'earliest':
        return at(index.first)
      case 'latest':
        return at(index.next)
      case 'sequence': {
        const { sequence } = where
        if (!(sequence >= index.first && sequence <= index.next)) {
          const expected = `a sequence from ${index.first} to ${index.next} in shard ${shard} of ${stream}`
          throw positionInvalid(expected, `${sequence}`)
        }
        const found = index.at(index.find(sequence))
        return at(Math.max(sequence, found?.baseSequence ?? index.next))
      }
      case 'time': {
        const found = index.at(index.findTime(where.arrivalUs))
        return at(Math.max(index.first, found?.baseSequence ?? index.next))
      }
      default:
        return where satisfies never
    }
  }

  #require(
    { stream, incarnation, shard }: ShardRef,
    another: (name: string, incarnation: number, current: number) => HeadgateError,
  ): ShardView<Place> {
    const view = this.#store.view.streams.get(stream)
    if (view === undefined) throw streamNotFound(stream, incarnation, undefined)
    if (view.incarnation !== incarnation) throw another(stream, incarnation, view.incarnation)
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
