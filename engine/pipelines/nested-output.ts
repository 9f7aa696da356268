/** An output within an output: its common fields work as they do at the top, and whoever wraps it waits for the write. */
import type { Delivery, HoldOrder, Output } from './component.ts'
import type { Batch } from './message.ts'
import {
  OutputStage,
  type OutputStageOptions,
  type StageEnvironment,
  type Ticket,
} from './output-stage.ts'
import {
  BatchError,
  type Enlisted,
  isOriginLost,
  type Outcome,
  Transaction,
} from './transaction.ts'

export class NestedOutput implements Output {
  readonly #stage: OutputStage
  /** The last of those that wait for room. */
  #last: Promise<void> | undefined

  constructor(options: OutputStageOptions, environment: StageEnvironment) {
    this.#stage = new OutputStage(options, environment)
  }

  connect(): Promise<void> {
    return this.#stage.open()
  }

  write(batch: Batch, delivery: Delivery): Promise<void> {
    return new Promise((resolve, reject) => {
      const transaction: Ticket & Transaction = new Transaction({
        resolved: ({ outcome, enlisted }) => {
          if (outcome === undefined) {
            for (const one of enlisted) delivery.enlist(one)
            resolve()
          } else {
            reject(errorOf(outcome, batch, enlisted, delivery))
          }
        },
      })
      this.#push(batch, transaction)?.catch(reject)
    })
  }

  relay(order: HoldOrder): void {
    this.#stage[order]()
  }

  close(): Promise<void> {
    return this.#stage.close()
  }

  /** Whoever waits for room keeps its place: many may write at once, and the order is the wrapped output's to keep. */
  #push(batch: Batch, ticket: Ticket): Promise<void> | undefined {
    const before = this.#last
    const pushed =
      before === undefined
        ? this.#stage.push(batch, ticket)
        : before.then(() => this.#stage.push(batch, ticket))
    if (!(pushed instanceof Promise)) return undefined
    const passed = pushed.catch(() => {})
    this.#last = passed
    passed.then(() => {
      if (this.#last === passed) this.#last = undefined
    })
    return pushed
  }
}

/** The messages of the outer batch that were not delivered; what the others enlisted is handed on. */
function errorOf(
  outcome: NonNullable<Outcome>,
  batch: Batch,
  enlisted: readonly Enlisted[],
  delivery: Delivery,
): Error {
  const { failed: named } = outcome
  if (named !== undefined && batch.filter((message) => named.has(message)).length === named.size) {
    if (named.size < batch.length) for (const one of enlisted) delivery.enlist(one)
    return new BatchError(named)
  }
  const failed = batch.filter((message) => outcome.origins.has(message.origin))
  if (failed.length === batch.length || isOriginLost(outcome, batch)) return outcome.error
  for (const one of enlisted) delivery.enlist(one)
  return new BatchError(new Map(failed.map((message) => [message, outcome.error])))
}
