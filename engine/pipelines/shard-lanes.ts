/**
 * Lets the batches of a pipeline through its processors in lanes: what has the same key goes through the same lane, one
 * after the other, and is handed on in that order. Lanes do not wait for each other.
 *
 * A lane holds so many batches and no more; whoever pushes waits for room.
 */
import type { Batch } from './message.ts'
import type { Ticket } from './output-stage.ts'
import { partByKey, type ShardKey } from './shard-key.ts'

/** Where the batches of a lane wait for each other. */
export const LANE_BATCHES_MAX = 4

type Batches = readonly Batch[]

/** What the lanes lead through. */
export interface ShardedWay {
  readonly key: ShardKey
  readonly lanes: number
  readonly run: (batch: Batch, signal: AbortSignal, lane: number) => Batches | Promise<Batches>
  /** Whether `run` may be called again for a lane before it answered, and answer as it likes; else one waits for the other. */
  readonly ahead: boolean
  /** How many batches a lane holds, with what is at the processors. */
  readonly batchesMax: number
}

export interface ShardLanesOptions extends ShardedWay {
  readonly hand: (batches: Batches, ticket: Ticket, apart: boolean) => void | Promise<void>
  /** Nothing is handed on once it aborts. */
  readonly signal: AbortSignal
  /** Something went wrong that no message is to blame for. */
  readonly failed: (thrown: unknown) => void
}

export class ShardLanes {
  readonly #options: ShardLanesOptions
  /** For each lane what ends when a batch was handed on, the oldest first. */
  readonly #lanes: readonly Promise<void>[][]

  constructor(options: ShardLanesOptions) {
    this.#options = options
    this.#lanes = Array.from({ length: options.lanes }, () => [])
  }

  /** Batches that were made of one and share its ticket. A promise resolves when there is room for more. */
  push(batches: Batches, ticket: Ticket, apart: boolean): void | Promise<void> {
    const { key, lanes } = this.#options
    const parts = batches.flatMap((batch) =>
      partByKey(batch, key, lanes).flatMap((part, lane) =>
        part.length === 0 ? [] : [{ part, lane }],
      ),
    )
    const [only] = parts
    if (only === undefined) return ticket.resolve(undefined)
    const tickets = parts.length === 1 ? [ticket] : ticket.split(parts.length)
    for (const [index, { part, lane }] of parts.entries()) {
      const own = tickets[index]
      if (own !== undefined) this.#enter(lane, part, own, apart)
    }
    if (this.#lanes.some((lane) => this.#isFull(lane))) return this.#room()
  }

  #isFull({ length }: readonly Promise<void>[]): boolean {
    return length >= this.#options.batchesMax
  }

  async #room(): Promise<void> {
    for (const lane of this.#lanes) while (this.#isFull(lane)) await lane[0]
  }

  #enter(place: number, batch: Batch, ticket: Ticket, apart: boolean): void {
    const { run, ahead, hand, signal } = this.#options
    const lane = this.#lanes[place] ?? []
    const before = lane.at(-1)
    try {
      if (before === undefined) {
        const results = run(batch, signal, place)
        const handed =
          results instanceof Promise
            ? results.then((all) => (signal.aborted ? undefined : hand(all, ticket, apart)))
            : hand(results, ticket, apart)
        if (handed instanceof Promise) this.#follow(lane, handed)
        return
      }
      const results = ahead ? run(batch, signal, place) : undefined
      // Whoever waits for it below hears of it.
      if (results instanceof Promise) results.catch(() => {})
      const handed = before
        .then(() => results ?? run(batch, signal, place))
        .then((all) => (signal.aborted ? undefined : hand(all, ticket, apart)))
      this.#follow(lane, handed)
    } catch (thrown) {
      this.#options.failed(thrown)
    }
  }

  #follow(lane: Promise<void>[], handed: Promise<void>): void {
    const gone: Promise<void> = handed
      .catch((thrown) => this.#options.failed(thrown))
      .then(() => {
        lane.splice(lane.indexOf(gone), 1)
      })
    lane.push(gone)
  }
}
