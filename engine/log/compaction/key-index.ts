/**
 * The latest sequence of each key in one shard, and whether that record removed the key. It exists once somebody asked
 * for a key, takes in what is appended from then on, and is whole once the records of before are read, in any order:
 * of two records of a key, the higher sequence counts.
 *
 * Where the keys take more memory than there is, it gives up all of them, and answers nothing any more.
 */
import { asBuffer } from '../batch-header.ts'
import { RecordCursor } from '../record-cursor.ts'
import type { ShardLog } from '../shard-log.ts'
import { type TailBatch, tailBytes } from '../tail.ts'
import { type KeyBudget, keyBytes, keyText } from './key-budget.ts'

export interface KeyPlace {
  readonly sequence: number
  /** The record is empty: the key is gone. */
  readonly removed: boolean
}

export class KeyIndex {
  readonly #log: ShardLog
  readonly #budget: KeyBudget
  /** Negative for a record that removes its key. */
  readonly #sequences = new Map<string, number>()
  #bytes = 0
  /** Keys whose latest record lies below it are gone from the map. */
  #purgedTo = 0
  /** What it would have needed at least when it gave up. */
  #bytesNeeded: number | undefined
  /** All that is in the shard is in it. */
  isWhole = false

  constructor(log: ShardLog, budget: KeyBudget) {
    this.#log = log
    this.#budget = budget
  }

  get size(): number {
    return this.#sequences.size
  }

  /** Undefined while it has not given up. */
  get bytesNeeded(): number | undefined {
    return this.#bytesNeeded
  }

  /** A batch of its shard, just appended. */
  note(batch: TailBatch): void {
    if (this.#bytesNeeded === undefined) this.noteBytes(tailBytes(batch), 0)
  }

  /** Batches back to back, of which records below `from` do not count. */
  noteBytes(bytes: Uint8Array, from: number): void {
    const cursor = new RecordCursor(asBuffer(bytes), from)
    while (cursor.next()) {
      const { key } = cursor
      if (key !== undefined) this.#put(keyText(key), cursor.sequence, cursor.data.length === 0)
      if (this.#bytesNeeded !== undefined) return
    }
  }

  /** The latest record of the key; undefined where there is none, or retention has passed it. */
  find(key: string): KeyPlace | undefined {
    const held = this.#sequences.get(key)
    if (held === undefined || Math.abs(held) < this.#log.first) return undefined
    return { sequence: Math.abs(held), removed: held < 0 }
  }

  /** Compaction leaves the record out that removed the key. */
  forget(key: string, sequence: number): void {
    if (this.#sequences.get(key) === -sequence) this.#drop(key)
  }

  /** Gives back what it takes; it is of no use afterwards. */
  release(): void {
    this.#budget.give(this.#bytes)
    this.#bytes = 0
    this.#sequences.clear()
    this.isWhole = false
  }

  #put(key: string, sequence: number, removed: boolean): void {
    const held = this.#sequences.get(key)
    if (held === undefined && !this.#take(keyBytes(key))) return
    if (held === undefined || Math.abs(held) < sequence) {
      this.#sequences.set(key, removed ? -sequence : sequence)
    }
  }

  #take(bytes: number): boolean {
    if (!this.#budget.take(bytes)) {
      this.#purge()
      if (!this.#budget.take(bytes)) {
        const needed = this.#bytes + bytes
        this.release()
        this.#bytesNeeded = needed
        return false
      }
    }
    this.#bytes += bytes
    return true
  }

  #purge(): void {
    const { first } = this.#log
    if (first <= this.#purgedTo) return
    this.#purgedTo = first
    for (const [key, sequence] of this.#sequences) {
      if (Math.abs(sequence) < first) this.#drop(key)
    }
  }

  #drop(key: string): void {
    this.#sequences.delete(key)
    this.#bytes -= keyBytes(key)
    this.#budget.give(keyBytes(key))
  }
}
