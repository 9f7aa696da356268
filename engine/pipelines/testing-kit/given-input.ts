/**
 * An input that gives the batches of a test, and hears what became of each message.
 *
 * It stays open until all are settled, or until it is told that nothing moves any more: what an output holds back for a
 * fuller batch goes once the input has ended.
 */
import type { HeadgateError } from '../../error.ts'
import type { Input, InputBatch } from '../component.ts'
import type { Batch, Message } from '../message.ts'
import { isOriginLost, type Outcome } from '../transaction.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { Wake } from '../wake.ts'
import type { Activity } from './activity.ts'

/** A message that was given, and that nothing took. */
export interface RejectedMessage {
  readonly message: Message
  readonly error: HeadgateError
}

export class GivenInput implements Input {
  readonly rejected: RejectedMessage[] = []
  readonly #batches: Batch[]
  readonly #activity: Activity
  readonly #wake = new Wake()
  #unsettled = 0
  #over = false

  constructor(batches: readonly Batch[], activity: Activity) {
    this.#batches = batches.filter((batch) => batch.length > 0)
    this.#activity = activity
  }

  async connect(): Promise<void> {}

  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined> {
    return this.#next() ?? (this.#isThrough ? undefined : this.#wait(signal))
  }

  async close(): Promise<void> {
    this.end()
  }

  /** Nothing moves any more. False where it has ended already. */
  end(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#wake.ring()
    return true
  }

  get #isThrough(): boolean {
    return this.#over || (this.#batches.length === 0 && this.#unsettled === 0)
  }

  #next(): InputBatch | undefined {
    const messages = this.#batches.shift()
    if (messages === undefined) return undefined
    this.#unsettled += 1
    this.#activity.moved()
    return { messages, settle: (outcome) => this.#settle(messages, outcome) }
  }

  async #wait(signal: AbortSignal): Promise<InputBatch | undefined> {
    while (!this.#isThrough) await unlessAborted(this.#wake.wait(), signal)
    return undefined
  }

  #settle(messages: Batch, outcome: Outcome): void {
    this.#unsettled -= 1
    this.#activity.moved()
    if (outcome !== undefined) {
      // What was made of several, such as an archive, answers for all of them.
      const all = isOriginLost(outcome, messages)
      const rejected = messages.filter((message) => all || outcome.origins.has(message.origin))
      this.rejected.push(...rejected.map((message) => ({ message, error: outcome.error })))
    }
    this.#wake.ring()
  }
}
