/** The records of one shard in memory: the model that shards on disk are compared with. */

import type { ReadResult } from './log.ts'
import type { ShardLog, ShardPiece } from './shard-log.ts'
import { concatTail, findInTail, type TailBatch } from './tail.ts'

export class MemoryShard implements ShardLog {
  #batches: TailBatch[] = []
  #records = 0
  #bytes = 0
  #first = 1
  #next = 1

  get first(): number {
    return this.#first
  }

  get next(): number {
    return this.#next
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Those of a batch that a trim cut through do not count. */
  get records(): number {
    const cut = this.#first - (this.#batches[0]?.baseSequence ?? this.#first)
    return this.#records - Math.max(cut, 0)
  }

  get oldestUs(): number | undefined {
    return this.#batches[0]?.arrivalUs
  }

  get newestUs(): number | undefined {
    return this.#batches.at(-1)?.arrivalUs
  }

  append(batch: TailBatch): void {
    if (this.#batches.length === 0) this.#first = batch.baseSequence
    this.#batches.push(batch)
    this.#records += batch.count
    this.#bytes += batch.byteLength
    this.#next = batch.nextSequence
  }

  trim(first: number): void {
    const kept = this.#batches.findIndex(({ nextSequence }) => nextSequence > first)
    const dropped = this.#batches.splice(0, kept === -1 ? this.#batches.length : kept)
    for (const { count, byteLength } of dropped) {
      this.#records -= count
      this.#bytes -= byteLength
    }
    this.#first = Math.min(Math.max(this.#first, first), this.#next)
    // A gap below the oldest record left belongs to what was dropped.
    this.#first = Math.max(this.#first, this.#batches[0]?.baseSequence ?? this.#next)
  }

  skipTo(next: number): void {
    this.#next = Math.max(this.#next, next)
    if (this.#batches.length === 0) this.#first = this.#next
  }

  async read(from: number, bytesMax: number): Promise<ReadResult> {
    return concatTail(this.#batches, findInTail(this.#batches, from), from, bytesMax)
  }

  async findSequence(sequence: number): Promise<number> {
    const found = this.#batches[findInTail(this.#batches, sequence)]
    return Math.max(sequence, found?.baseSequence ?? this.#next)
  }

  async findTime(arrivalUs: number): Promise<number> {
    const found = this.#batches.find((batch) => batch.arrivalUs >= arrivalUs)
    return Math.max(this.#first, found?.baseSequence ?? this.#next)
  }

  *pieces(): Iterable<ShardPiece> {
    for (const batch of this.#batches) yield pieceOf(batch)
  }
}

export function pieceOf({ nextSequence, byteLength, arrivalUs }: TailBatch): ShardPiece {
  return { nextSequence, bytes: byteLength, oldestUs: arrivalUs, newestUs: arrivalUs }
}
