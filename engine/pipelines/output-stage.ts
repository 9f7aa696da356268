/**
 * Everything around an output: its processors, batching, a bound on writes at once, and reconnection.
 *
 * A batch comes with a ticket (a transaction, or an outer output's wait) that hears how the batch ended. A write that
 * finds the connection gone waits and is written again; any other failure rejects the ticket, and whoever holds the
 * messages decides what follows. It never repeats a write by itself.
 */
import { asHeadgateError, HeadgateError } from '../error.ts'
import type { Clock } from '../ports/clock.ts'
import { Batcher, type BatchTriggers } from './batch-policy.ts'
import type { ProcessorChain } from './build-context.ts'
import type { Chain } from './chain.ts'
import type { Delivery, Output } from './component.ts'
import { Connection } from './connection.ts'
import type { Health } from './health.ts'
import type { Batch } from './message.ts'
import { OutputMeter } from './meters.ts'
import type { Place } from './place.ts'
import { type Accepted, refuseFailed } from './refuse-failed.ts'
import { lookedAt, refusalLookedAt } from './tap-ticket.ts'
import { type Enlisted, isOriginLost, type Outcome, rejectionOf } from './transaction.ts'
import { unlessAborted } from './unless-aborted.ts'

/** Who hears of the end of one batch. A Transaction is one. */
export interface Ticket {
  split(count: number): readonly Ticket[]
  resolve(outcome: Outcome): void
  enlist(enlisted: Enlisted): void
}

export interface OutputStageOptions {
  readonly output: Output
  readonly place: Place
  readonly processors: Chain | undefined
  readonly batching:
    | { readonly triggers: BatchTriggers; readonly processors: ProcessorChain }
    | undefined
  readonly maxInFlight: number
  /** Whether each message fares here as if it were alone. */
  readonly alone?: boolean
  /** Whether it refuses what failed at a processor: in a strict pipeline, but where that is brought on purpose. */
  readonly strict?: boolean
  /** Whether what it delivers counts as delivered by the pipeline: an output within another does not. */
  readonly counts?: boolean
}

export interface StageEnvironment {
  readonly clock: Clock
  readonly health: Health
  /** Aborts when the pipeline is closed by force. */
  readonly signal: AbortSignal
}

/** What a write under way gets to end by itself once its messages are no longer wanted. */
export const ABANDON_GRACE_MS = 2_000

/** One ticket and the part of the batch that it answers for. */
interface Share {
  readonly ticket: Ticket
  readonly batch: Batch
}

export class OutputStage {
  readonly #options: OutputStageOptions
  readonly #environment: StageEnvironment
  readonly #connection: Connection
  readonly #batcher: Batcher<Share> | undefined
  readonly #meter: OutputMeter
  readonly #waiting: (() => void)[] = []
  readonly #abandoned = new AbortController()
  readonly #cutOff = new AbortController()
  readonly #writeSignal: AbortSignal
  #writes = 0
  #draining = false

  constructor(options: OutputStageOptions, environment: StageEnvironment) {
    this.#options = options
    this.#environment = environment
    this.#writeSignal = AbortSignal.any([environment.signal, this.#cutOff.signal])
    this.#connection = new Connection(options.place, options.output, environment)
    this.#meter = new OutputMeter(options.place.metrics, environment.clock)
    const { batching } = options
    if (batching !== undefined) {
      this.#batcher = new Batcher(batching.triggers, environment.clock, (batch, shares, why) => {
        this.#meter.gathered(why)
        this.#writeGathered(batch, shares)
      })
    }
  }

  open(): Promise<void> {
    return this.#connection.open()
  }

  /** Takes the batch; a promise resolves when there is room for another. */
  push(batch: Batch, ticket: Ticket): void | Promise<void> {
    const { processors } = this.#options
    if (processors === undefined) return this.#accept(batch, ticket)
    const results = processors.run(batch, this.#environment.signal)
    return results instanceof Promise
      ? results.then((batches) => this.#acceptAll(batches, ticket))
      : this.#acceptAll(results, ticket)
  }

  /** What is held back for a fuller batch goes now. */
  flush(): void {
    this.#batcher?.flush()
    this.#options.output.relay?.('flush')
  }

  /** From now on nothing is held back for a fuller batch. */
  drain(): void {
    this.#draining = true
    this.#batcher?.flush()
    this.#options.output.relay?.('drain')
  }

  /**
   * The messages will be read again, so nothing is worth a long wait: writes that wait for a connection fail now,
   * and those that are under way get a little time.
   */
  abandon(): void {
    const reason = new HeadgateError('OutputFailed', 'the pipeline is stopping')
    this.#abandoned.abort(reason)
    this.#options.output.relay?.('abandon')
    const { clock, signal } = this.#environment
    clock.sleep(ABANDON_GRACE_MS, signal).then(
      () => this.#cutOff.abort(reason),
      () => {},
    )
  }

  async close(): Promise<void> {
    this.#batcher?.close()
    this.#connection.close()
    await this.#options.processors?.close()
    await this.#options.batching?.processors.close()
    await this.#options.output.close()
  }

  #acceptAll(batches: readonly Batch[], ticket: Ticket): void | Promise<void> {
    const [only] = batches
    if (only === undefined) return ticket.resolve(undefined)
    if (batches.length === 1) return this.#accept(only, ticket)
    return this.#acceptEach(batches, ticket.split(batches.length))
  }

  async #acceptEach(batches: readonly Batch[], tickets: readonly Ticket[]): Promise<void> {
    for (const [index, batch] of batches.entries()) {
      const ticket = tickets[index]
      if (ticket !== undefined) await this.#accept(batch, ticket)
    }
  }

  #accept(batch: Batch, ticket: Ticket): void | Promise<void> {
    if (this.#options.strict !== true) return this.#take(batch, ticket)
    const accepted = this.#refuseFailed(batch, ticket)
    return accepted === undefined ? undefined : this.#take(accepted.batch, accepted.ticket)
  }

  #take(batch: Batch, ticket: Ticket): void | Promise<void> {
    if (this.#batcher === undefined) {
      if (this.#writes < this.#options.maxInFlight) return this.#write(batch, ticket)
      return this.#turn().then(() => this.#write(batch, ticket))
    }
    this.#batcher.add(batch, { ticket, batch })
    if (this.#draining) this.#batcher.flush()
    if (this.#writes >= this.#options.maxInFlight) return this.#turn()
  }

  /** Resolves when fewer writes than the most are under way. */
  async #turn(): Promise<void> {
    while (this.#writes >= this.#options.maxInFlight) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** What is left to write, and who hears of the refusal with the rest; undefined where nothing is left. */
  #refuseFailed(batch: Batch, ticket: Ticket): Accepted | undefined {
    const { tap } = this.#options.place
    const hearing = tap?.open === true ? refusalLookedAt(tap, batch, ticket) : ticket
    const accepted = refuseFailed(batch, hearing)
    if (accepted.refused > 0) this.#meter.rejected(accepted.refused)
    if (accepted.batch.length > 0) return accepted
    accepted.ticket.resolve(undefined)
    return undefined
  }

  /** Returns at once; the ticket is resolved when the write ended. */
  #write(batch: Batch, given: Ticket): void {
    const { tap } = this.#options.place
    const ticket = tap?.open === true ? lookedAt(tap, batch, given) : given
    const begunMs = this.#meter.timing.begin()
    if (!this.#connection.connected) {
      this.#track(this.#writeConnected(batch, ticket), batch, ticket, begunMs)
      return
    }
    try {
      const delivery = this.#delivery(ticket)
      const written = this.#options.output.write(batch, delivery)
      if (written instanceof Promise) {
        this.#track(this.#persist(written, batch, delivery), batch, ticket, begunMs)
      } else {
        this.#delivered(batch, ticket, begunMs)
      }
    } catch (thrown) {
      if (isNotConnected(thrown)) {
        this.#connection.lose(thrown)
        this.#track(this.#writeConnected(batch, ticket), batch, ticket, begunMs)
      } else {
        this.#failed(thrown, batch, ticket, begunMs)
      }
    }
  }

  /** What the policy's processors failed on is not written either. */
  #writeSound(batch: Batch, ticket: Ticket): void {
    const accepted =
      this.#options.strict === true ? this.#refuseFailed(batch, ticket) : { batch, ticket }
    if (accepted !== undefined) this.#write(accepted.batch, accepted.ticket)
  }

  #writeConnected(batch: Batch, ticket: Ticket): Promise<void> {
    return this.#persist(undefined, batch, this.#delivery(ticket))
  }

  /** Until it is written, or failed for another reason than a lost connection. */
  async #persist(
    first: Promise<void> | undefined,
    batch: Batch,
    delivery: Delivery,
  ): Promise<void> {
    let written = first
    for (;;) {
      try {
        if (written !== undefined) return await written
      } catch (thrown) {
        if (!isNotConnected(thrown)) throw thrown
        this.#connection.lose(thrown)
      }
      await unlessAborted(this.#connection.ensure(), this.#abandoned.signal)
      written = Promise.resolve(delivery).then((given) => this.#options.output.write(batch, given))
    }
  }

  #track(writing: Promise<void>, batch: Batch, ticket: Ticket, begunMs: number): void {
    this.#writes += 1
    writing.then(
      () => {
        this.#release()
        this.#delivered(batch, ticket, begunMs)
      },
      (thrown) => {
        this.#release()
        this.#failed(thrown, batch, ticket, begunMs)
      },
    )
  }

  #release(): void {
    this.#writes -= 1
    this.#waiting.shift()?.()
  }

  #delivered(batch: Batch, ticket: Ticket, begunMs: number): void {
    this.#count(batch.length, begunMs)
    ticket.resolve(undefined)
  }

  #failed(thrown: unknown, batch: Batch, ticket: Ticket, begunMs: number): void {
    const rejection = rejectionOf(asHeadgateError(thrown), batch)
    this.#environment.health.counters.outputErrors += 1
    this.#meter.failed()
    this.#count(Math.max(0, batch.length - rejection.origins.size), begunMs)
    ticket.resolve(rejection)
  }

  #count(messages: number, begunMs: number): void {
    this.#meter.timing.end(begunMs)
    this.#meter.delivered(messages)
    if (this.#options.counts === true) this.#environment.health.counters.outputSent += messages
  }

  #delivery(ticket: Ticket): Delivery {
    return {
      signal: this.#writeSignal,
      enlist: (enlisted) => ticket.enlist(enlisted),
      report: (trouble) => this.#connection.report(trouble),
    }
  }

  /** A gathered batch, through the policy's processors, as one write that answers for all who gave a share. */
  #writeGathered(batch: Batch, shares: readonly Share[]): void {
    const ticket = new SharedTicket(shares)
    const chain = this.#options.batching?.processors
    const results = chain === undefined ? [batch] : chain.run(batch, this.#environment.signal)
    const write = (batches: readonly Batch[]): void => {
      const joined = batches.length === 1 ? (batches[0] ?? []) : batches.flat()
      if (joined.length === 0) ticket.resolve(undefined)
      else this.#writeSound(joined, ticket)
    }
    if (results instanceof Promise) results.then(write)
    else write(results)
  }
}

/** Parts the outcome of a gathered batch among those who gave to it. */
class SharedTicket implements Ticket {
  readonly #shares: readonly Share[]

  constructor(shares: readonly Share[]) {
    this.#shares = shares
  }

  split(): readonly Ticket[] {
    throw new Error('a gathered batch is written as one')
  }

  resolve(outcome: Outcome): void {
    const all = this.#shares.flatMap(({ batch }) => batch)
    const lost = outcome !== undefined && isOriginLost(outcome, all)
    for (const { ticket, batch } of this.#shares) {
      if (outcome === undefined) ticket.resolve(undefined)
      else ticket.resolve(lost ? rejectionOf(outcome.error, batch) : shareOf(outcome, batch))
    }
  }

  enlist(enlisted: Enlisted): void {
    const known = new Set(this.#shares.flatMap(({ batch }) => batch.map(({ origin }) => origin)))
    for (const [place, { ticket, batch }] of this.#shares.entries()) {
      const origins = new Set(batch.map((message) => message.origin))
      const mine = enlisted.messages.flatMap(({ origin }, index) =>
        // What was made of several goes with the first of them.
        origins.has(origin) || (place === 0 && !known.has(origin)) ? [index] : [],
      )
      ticket.enlist({
        ...enlisted,
        records: mine.flatMap((index) => enlisted.records[index] ?? []),
        messages: mine.flatMap((index) => enlisted.messages[index] ?? []),
      })
    }
  }
}

function shareOf(outcome: NonNullable<Outcome>, batch: Batch): Outcome {
  const origins = batch
    .map((message) => message.origin)
    .filter((origin) => outcome.origins.has(origin))
  return origins.length === 0 ? undefined : { error: outcome.error, origins: new Set(origins) }
}

function isNotConnected(thrown: unknown): thrown is HeadgateError {
  return thrown instanceof HeadgateError && thrown.code === 'NotConnected'
}
