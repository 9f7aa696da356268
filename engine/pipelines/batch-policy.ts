/**
 * Decides when gathered messages are written as one batch: by count, size, a check of the newest, or time.
 *
 * It only builds batches up; a batch that is larger than the policy asks for is never parted. The period counts from
 * the last flush, not from the first message: what comes after a long silence leaves at once.
 */
import { type TObject, type TSchema, Type } from '../../crds/typebox.ts'
import type { Query } from '../bloblang/mapping.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import { durationField, processorsField, queryField } from './fields.ts'
import type { Batch, Message } from './message.ts'

export const batchPolicySchema: TObject<Record<string, TSchema>> = Type.Object(
  {
    count: Type.Integer({
      default: 0,
      minimum: 0,
      description: 'Messages of a batch; 0 for no such limit.',
    }),
    byte_size: Type.Integer({
      default: 0,
      minimum: 0,
      description: 'Bytes of a batch; 0 for no such limit.',
    }),
    period: durationField({
      default: '',
      description: 'How long after the last batch the next one leaves, full or not.',
    }),
    check: queryField({
      default: '',
      description: 'A query on the newest message; true ends the batch.',
    }),
    processors: processorsField({ default: [], description: 'Run on each whole batch.' }),
  },
  { description: 'Gathers messages into larger batches before they are written.' },
) as unknown as TObject<Record<string, TSchema>>

export interface BatchPolicyConfig {
  readonly count: number
  readonly byte_size: number
  readonly period: string
  readonly check: string
  readonly processors: readonly unknown[]
}

export interface BatchTriggers {
  readonly countMax: number | undefined
  readonly bytesMax: number | undefined
  readonly periodMs: number | undefined
  readonly check: Query | undefined
}

/** Why a batch left; `flush`: somebody wanted all that is held back. */
export type BatchMechanism = 'count' | 'size' | 'check' | 'period' | 'flush'

/** Gathers whatever comes with its messages (`T`), and hands both over when the policy says so. */
export class Batcher<T> {
  readonly #triggers: BatchTriggers
  readonly #clock: Clock
  readonly #flushed: (batch: Batch, tickets: readonly T[], mechanism: BatchMechanism) => void
  #messages: Message[] = []
  #tickets: T[] = []
  #bytes = 0
  #lastFlushMs: number
  #timer: Timer | undefined

  constructor(
    triggers: BatchTriggers,
    clock: Clock,
    flushed: (batch: Batch, tickets: readonly T[], mechanism: BatchMechanism) => void,
  ) {
    this.#triggers = triggers
    this.#clock = clock
    this.#flushed = flushed
    this.#lastFlushMs = clock.monotonicMs()
  }

  add(batch: Batch, ticket: T): void {
    this.#tickets.push(ticket)
    let full: BatchMechanism | undefined
    for (const message of batch) full = this.#take(message) ?? full
    if (full === undefined) this.#arm()
    else this.flush(full)
  }

  flush(mechanism: BatchMechanism = 'flush'): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#lastFlushMs = this.#clock.monotonicMs()
    if (this.#messages.length === 0) return
    const [messages, tickets] = [this.#messages, this.#tickets]
    this.#messages = []
    this.#tickets = []
    this.#bytes = 0
    this.#flushed(messages, tickets, mechanism)
  }

  /** Forgets what is gathered. */
  close(): void {
    this.#timer?.cancel()
    this.#messages = []
    this.#tickets = []
  }

  #take(message: Message): BatchMechanism | undefined {
    const { countMax, bytesMax, check } = this.#triggers
    this.#messages.push(message)
    if (countMax !== undefined && this.#messages.length >= countMax) return 'count'
    if (bytesMax !== undefined) {
      this.#bytes += message.content().length
      if (this.#bytes >= bytesMax) return 'size'
    }
    return check !== undefined && holds(check, this.#messages) ? 'check' : undefined
  }

  #arm(): void {
    const { periodMs } = this.#triggers
    if (periodMs === undefined || this.#timer !== undefined) return
    const sinceMs = this.#clock.monotonicMs() - this.#lastFlushMs
    this.#timer = this.#clock.schedule(Math.max(0, periodMs - sinceMs), () => this.flush('period'))
  }
}

/** A check that fails counts as false. */
function holds(check: Query, messages: Batch): boolean {
  try {
    return check.test(messages, messages.length - 1)
  } catch {
    return false
  }
}
