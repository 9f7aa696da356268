/**
 * One batch of the input from the read to its end: what is still to be delivered of it, and what its attempts enlisted.
 *
 * Each attempt is a transaction over the messages that are left. What a rejected message enlisted in the attempt (it
 * may have been parted, and one part delivered) is forgotten with it, so a replay never enlists twice.
 */
import type { InputBatch } from './component.ts'
import type { Batch } from './message.ts'
import { type Portion, portionsOf } from './portions.ts'
import { NOT_TIMED } from './sampled-timing.ts'
import type { Journey } from './tracing/journey.ts'
import { type Enlisted, type Rejection, Transaction, type TransactionOwner } from './transaction.ts'
import { wholeOrLetter, without } from './whole-or-letter.ts'

export interface FlightOwner {
  /** Every message was delivered, filtered or enlisted. */
  landed(flight: Flight): void
  /** Some were not. */
  rejected(flight: Flight, rejection: Rejection): void
}

export class Flight implements TransactionOwner {
  readonly source: InputBatch
  readonly weight: number
  /** For the meter of its source. */
  readonly begunMs: number
  readonly #owner: FlightOwner
  /** What the next attempt sends. */
  messages: Batch
  /** In the order of the input's messages. */
  enlisted: readonly Enlisted[] = []
  attempts = 0
  /** Of its messages, where somebody traces. */
  journeys: readonly Journey[] | undefined
  /** What is still to be written, once everything is decided. */
  #portions: readonly Portion[] = []
  /** How many messages were written, from the first on. */
  #reached = 0
  #replayed = false

  constructor(source: InputBatch, owner: FlightOwner, begunMs: number = NOT_TIMED) {
    this.begunMs = begunMs
    this.source = source
    this.messages = source.messages
    this.#owner = owner
    let weight = 0
    for (const message of source.messages) weight += message.weight
    this.weight = weight
  }

  /** Whether everything is decided, and only the commit is missing. */
  get ready(): boolean {
    return this.#portions.length > 0
  }

  /** What is written next; undefined until all is decided, and once all is written. */
  get portion(): Portion | undefined {
    return this.#portions[0]
  }

  get lastPortion(): boolean {
    return this.#portions.length === 1
  }

  /** Everything is decided. Throws RecordTooLarge when it can never be written. */
  decide(portionBytesMax?: number): void {
    const left = portionsOf(this.#left(), this.enlisted, portionBytesMax)
    this.#portions = left.map((one) => ({ ...one, reached: one.reached + this.#reached }))
  }

  /** The portion is durable; true when it was the last. */
  wrote(): boolean {
    this.#reached = this.portion?.reached ?? this.#reached
    this.#portions = this.#portions.slice(1)
    return this.#portions.length === 0
  }

  begin(): Transaction {
    this.attempts += 1
    return new Transaction(this)
  }

  /** Called by the transaction. */
  resolved(transaction: Transaction): void {
    const { outcome } = transaction
    if (outcome === undefined) {
      this.#keep(transaction.enlisted)
      this.#owner.landed(this)
      return
    }
    this.#keep(transaction.enlisted.map((enlisted) => without(enlisted, outcome.origins)))
    this.messages = this.source.messages.filter((message) => outcome.origins.has(message.origin))
    // A component that lost the origin of a message leaves us no choice but to send everything again.
    if (this.messages.length < outcome.origins.size) this.startOver()
    this.#replayed = true
    this.#owner.rejected(this, outcome)
  }

  /** The commit failed: nothing of what is left exists, all of it has to come again. */
  startOver(): void {
    this.messages = this.#left()
    this.enlisted = []
    this.#portions = []
  }

  #left(): Batch {
    const { messages } = this.source
    return this.#reached === 0 ? messages : messages.slice(this.#reached)
  }

  #keep(enlisted: readonly Enlisted[]): void {
    const kept = enlisted.filter(({ records }) => records.length > 0)
    const all = this.enlisted.length === 0 ? kept : [...this.enlisted, ...kept]
    this.enlisted = wholeOrLetter(all)
    if (this.#replayed && this.enlisted.length > 1) this.enlisted = inInputOrder(this)
  }
}

/** What was replayed came late; it goes where its message stood. */
function inInputOrder({ source, enlisted }: Flight): readonly Enlisted[] {
  const places = new Map(source.messages.map((message, index) => [message.origin, index]))
  const single = enlisted.flatMap(({ records, messages: from, ...kind }) =>
    records.map((record, index) => {
      const message = from[index]
      const place = message === undefined ? 0 : (places.get(message.origin) ?? 0)
      const messages = message ? [message] : []
      return { place, enlisted: { ...kind, records: [record], messages } }
    }),
  )
  return single.toSorted((one, other) => one.place - other.place).map((entry) => entry.enlisted)
}
