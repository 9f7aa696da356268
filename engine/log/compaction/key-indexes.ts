/**
 * Makes the key indexes of the shards that are asked for a key, one at a time, by one read of all that the shard holds,
 * in pieces between which others have their turn.
 *
 * All indexes of an engine share one budget. A stream whose keys do not fit is refused reads by key, at once as long
 * as no memory comes free: a scan for each read would be slow without a word.
 */
import { setImmediate } from 'node:timers/promises'
import { HeadgateError } from '../../error.ts'
import type { ShardView, StreamView } from '../log-view.ts'
import { KeyBudget } from './key-budget.ts'
import { KeyIndex } from './key-index.ts'

/** What one step of a scan reads. */
export const SCAN_PIECE_BYTES: number = 256 * 1024

interface Held {
  readonly shard: ShardView
  readonly index: KeyIndex
  readonly isNeeded: () => boolean
}

export class KeyIndexes {
  readonly #budget: KeyBudget
  readonly #held = new Set<Held>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(budget: KeyBudget = new KeyBudget()) {
    this.#budget = budget
  }

  /**
   * The whole indexes of all shards that the stream has when it resolves. Throws KeysTooMany, and LogCorrupt where
   * the records of before cannot be read. `isNeeded` tells later on whether the stream is still there and compacted.
   */
  async of(stream: StreamView, isNeeded: () => boolean): Promise<readonly KeyIndex[]> {
    for (;;) {
      const shard = stream.shards.find(({ keys }) => keys?.isWhole !== true)
      if (shard === undefined) break
      const turn = this.#turn.then(() => this.#make(stream, shard, isNeeded))
      this.#turn = turn.catch(() => undefined)
      await turn
    }
    return stream.shards.flatMap(({ keys }) => keys ?? [])
  }

  async #make(stream: StreamView, shard: ShardView, isNeeded: () => boolean): Promise<void> {
    if (shard.keys?.isWhole === true) return
    this.#reclaim()
    const needed = shard.keys?.bytesNeeded
    if (needed !== undefined && needed > this.#budget.free) throw keysTooMany(stream.record.name)
    const index = new KeyIndex(shard.log, this.#budget)
    shard.keys = index
    const held: Held = { shard, index, isNeeded }
    this.#held.add(held)
    try {
      await fill(index, shard)
    } catch (error) {
      this.#held.delete(held)
      index.release()
      shard.keys = undefined
      throw error
    }
    if (index.bytesNeeded !== undefined) throw keysTooMany(stream.record.name)
    index.isWhole = true
  }

  /** Streams come and go, and are compacted no more. */
  #reclaim(): void {
    for (const held of this.#held) {
      const { shard, index, isNeeded } = held
      if (shard.keys === index && index.bytesNeeded === undefined && isNeeded()) continue
      this.#held.delete(held)
      index.release()
      if (shard.keys === index && index.bytesNeeded === undefined) shard.keys = undefined
    }
  }
}

/** What is appended meanwhile, the index is told by who appends. */
async function fill(index: KeyIndex, { log }: ShardView): Promise<void> {
  const end = log.next
  for (let from = log.first; from < end && index.bytesNeeded === undefined; ) {
    const { bytes, next } = await log.read(from, SCAN_PIECE_BYTES)
    if (bytes.length === 0) return
    index.noteBytes(bytes, from)
    from = next
    await setImmediate()
  }
}

function keysTooMany(stream: string): HeadgateError {
  return new HeadgateError(
    'KeysTooMany',
    `expected the keys of ${stream} to fit the memory for reads by key, got more`,
    {
      hint: 'Read the stream from its start instead; it is compacted all the same. Fewer or shorter keys fit.',
    },
  )
}
