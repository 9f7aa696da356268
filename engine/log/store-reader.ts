/** Reads one shard from a position on, in whole batches; waits for more where there is none. */
import { HeadgateError } from '../error.ts'
import type { DeadlineWaits } from './deadline-waits.ts'
import type { Position, Reader, ReadResult } from './log.ts'
import { type ShardView, waitersOf } from './log-view.ts'
import type { Store } from './store.ts'

/** Bounds one read, whatever the caller asks for; a single larger batch still comes in whole. */
export const READ_BYTES_MAX: number = 16 * 1024 * 1024

export class StoreReader implements Reader {
  readonly #store: Store
  readonly #waits: DeadlineWaits
  readonly #disposed = new AbortController()
  #position: Position

  constructor(store: Store, waits: DeadlineWaits, at: Position) {
    this.#store = store
    this.#waits = waits
    this.#position = at
  }

  get position(): Position {
    return this.#position
  }

  async next(
    bytesMax: number,
    waitMs: number,
    signal?: AbortSignal,
  ): Promise<ReadResult | undefined> {
    const ended = this.#disposed.signal
    if (ended.aborted || signal?.aborted === true) return undefined
    let shard = this.#shard()
    if (shard.log.next <= this.#position.sequence) {
      const either = signal === undefined ? ended : AbortSignal.any([ended, signal])
      await this.#waits.wait(waitersOf(shard), waitMs, either)
      if (either.aborted) return undefined
      shard = this.#shard()
    }
    const from = this.#position.sequence
    if (shard.log.next <= from) return undefined
    const read = await shard.log.read(from, Math.min(bytesMax, READ_BYTES_MAX))
    this.#position = { ...this.#position, sequence: read.next }
    return read.bytes.length === 0 ? undefined : read
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort()
  }

  /** Throws PositionInvalid when what follows the position is gone: a reader must know that it missed records. */
  #shard(): ShardView {
    const { stream, incarnation, shard, sequence } = this.#position
    const view = this.#store.view.shard(incarnation, shard)
    if (view === undefined) throw positionInvalid(`stream ${stream} as it was`, 'it was deleted')
    if (sequence < view.log.first) {
      throw positionInvalid(
        `a position from ${view.log.first} on in shard ${shard} of ${stream}`,
        `${sequence}, which retention has passed`,
      )
    }
    return view
  }
}

export function positionInvalid(expected: string, got: string): HeadgateError {
  return new HeadgateError('PositionInvalid', `expected ${expected}, got ${got}`, {
    hint: 'Resolve a new position, such as the earliest one.',
  })
}
