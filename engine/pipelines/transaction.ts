/**
 * A batch on its way and who has to hear how it ended.
 *
 * A transaction resolves once. Where a processor makes several batches of one, the transaction splits: it resolves when
 * all its children did, and what they rejected is told apart by the messages' origins. Filtered is delivered: a
 * transaction without children resolves well. What stream outputs enlist waits here until the whole transaction is
 * decided. It knows nothing of retries: the runtime decides what follows from an outcome.
 */
import { HeadgateError } from '../error.ts'
import type { RecordInput } from '../log/record.ts'
import type { Batch, Message } from './message.ts'
import type { StreamTarget } from './pipeline.ts'

/** Undefined: everything was delivered or filtered. */
export type Outcome = Rejection | undefined

export interface Rejection {
  readonly error: HeadgateError
  /** Origins of the rejected messages. */
  readonly origins: ReadonlySet<Message>
  /**
   * The rejected messages themselves, as an output was given them, where it told them apart: messages that were made of
   * one have one origin, and whoever handed them in still knows which were delivered.
   */
  readonly failed?: ReadonlyMap<Message, HeadgateError>
}

/** An output throws this when some messages of a batch were delivered and others were not. */
export class BatchError extends HeadgateError {
  /** Those that were not, as they were handed to the output. */
  readonly failed: ReadonlyMap<Message, HeadgateError>

  constructor(failed: ReadonlyMap<Message, HeadgateError>) {
    const [first] = failed.values()
    if (first === undefined) throw new Error('a BatchError names at least one message')
    const others = failed.size === 1 ? '' : ` (and ${failed.size - 1} more)`
    super(first.code, `${first.message}${others}`, { cause: first })
    this.failed = failed
  }
}

/** What one write of a stream output adds to the transaction, message by message. */
export interface Enlisted {
  readonly target: StreamTarget
  /** Parallel to `messages`. */
  readonly records: readonly RecordInput[]
  readonly messages: Batch
  /** They are dead letters: each stands for all that its record was to become. */
  readonly deadLetters?: true
}

/** Hears of the end of a transaction, once. */
export interface TransactionOwner {
  resolved(transaction: Transaction): void
}

export class Transaction {
  readonly owner: TransactionOwner
  readonly parent: Transaction | undefined
  /** What stream outputs enlisted, in the order in which they did; only the root has any. */
  readonly enlisted: Enlisted[] = []
  outcome: Outcome
  /** The one message that it carries, and answers for whatever became of it. */
  readonly #sole: Message | undefined
  #pending = 1

  constructor(owner: TransactionOwner, parent?: Transaction, sole?: Message) {
    this.owner = owner
    this.parent = parent
    this.#sole = sole
  }

  /** Resolves once `count` children did. */
  split(count: number): readonly Transaction[] {
    this.#pending = count
    return Array.from({ length: count }, () => new Transaction(this.owner, this))
  }

  /** One child for each message. */
  splitApart(messages: Batch): readonly Transaction[] {
    this.#pending = messages.length
    return messages.map((message) => new Transaction(this.owner, this, message))
  }

  enlist(enlisted: Enlisted): void {
    const root = this.#root()
    root.enlisted.push(enlisted)
  }

  resolve(outcome: Outcome): void {
    if (this.#pending <= 0) throw new Error('a transaction resolves once')
    this.outcome = mergedOutcome(this.outcome, outcome)
    this.#pending -= 1
    if (this.#pending > 0) return
    if (this.outcome !== undefined && this.#sole !== undefined) {
      this.outcome = { error: this.outcome.error, origins: new Set([this.#sole.origin]) }
    }
    if (this.parent === undefined) this.owner.resolved(this)
    else this.parent.resolve(this.outcome)
  }

  #root(): Transaction {
    let root: Transaction = this
    while (root.parent !== undefined) root = root.parent
    return root
  }
}

/**
 * What an output's failure means for the batch that it was given: some messages, or all. The error is that of the
 * first, never one that names messages: who hears of it may know them under other names, or only what they were made of.
 */
export function rejectionOf(error: HeadgateError, batch: Batch): Rejection {
  if (!(error instanceof BatchError)) {
    return { error, origins: new Set(batch.map((message) => message.origin)) }
  }
  const { failed } = error
  const [first = error] = failed.values()
  return {
    error: first,
    origins: new Set(Array.from(failed.keys(), ({ origin }) => origin)),
    failed,
  }
}

/**
 * Whether what was rejected is not among the messages that went in: a message that was made of several, such as an
 * archive, has an origin of its own and answers for all of them.
 */
export function isOriginLost(outcome: Rejection, given: Batch): boolean {
  const known = new Set(given.map((message) => message.origin))
  return [...outcome.origins].some((origin) => !known.has(origin))
}

/** What either rejects, for the reason of the first. */
export function mergedOutcome(one: Outcome, other: Outcome): Outcome {
  if (one === undefined || other === undefined) return one ?? other
  const origins = new Set([...one.origins, ...other.origins])
  if (one.failed === undefined || other.failed === undefined) return { error: one.error, origins }
  return { error: one.error, origins, failed: new Map([...one.failed, ...other.failed]) }
}
