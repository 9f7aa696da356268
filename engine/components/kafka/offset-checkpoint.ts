/**
 * How far a partition is done: the highest offset beneath which everything was delivered, though batches end in any order.
 *
 * It keeps what was handed out until everything before it ended, and counts it: that is what `checkpoint_limit` bounds.
 */

/** One batch that was handed out. */
export interface CheckpointTicket {
  /** The offset after its last message. */
  readonly next: bigint
  readonly count: number
  done: boolean
}

export class OffsetCheckpoint {
  readonly #tickets: CheckpointTicket[] = []
  #pending = 0
  #reached: bigint | undefined

  /** Messages that were handed out and are not yet beneath the mark. */
  get pending(): number {
    return this.#pending
  }

  /** The next offset to read after a restart; undefined while nothing was delivered. */
  get reached(): bigint | undefined {
    return this.#reached
  }

  /** In the order of offsets. */
  take(next: bigint, count: number): CheckpointTicket {
    const ticket = { next, count, done: false }
    this.#tickets.push(ticket)
    this.#pending += count
    return ticket
  }

  /** True when the mark moved. */
  resolve(ticket: CheckpointTicket): boolean {
    ticket.done = true
    let ended = 0
    for (const { next, count, done } of this.#tickets) {
      if (!done) break
      this.#reached = next
      this.#pending -= count
      ended += 1
    }
    this.#tickets.splice(0, ended)
    return ended > 0
  }
}
