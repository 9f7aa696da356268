/**
 * One who looks at a point of a pipeline: chooses records, and shows each before and after.
 *
 * A record is chosen when it comes in, and what came of it is shown with the number that it had. A component that makes
 * several records of one, or one of several, leaves some without a number. It ends once it showed as many as it may.
 */
import type { Query } from '../bloblang/mapping.ts'
import type { HeadgateError } from '../error.ts'
import type { Clock, Timer } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { Batch, Message } from './message.ts'
import { parentsOf } from './tap-parents.ts'
import type { TapPlace } from './tap-point.ts'
import type { Outcome } from './transaction.ts'

/** What comes of the last records is waited for so long, and no longer: it may be what hangs. */
export const TAP_LAST_MS_MAX = 2_000

export type TapSide = 'before' | 'after'

/** What a tap shows. */
export interface TapChoice {
  readonly side: TapSide | 'both'
  /** The share of records that is chosen: above 0, and 1 for each. */
  readonly sample: number
  /** How many records are chosen; with `after` alone, how many are shown. */
  readonly limit: number
  /** Judges what comes in; with `after` alone, what came of it. What it fails on is not wanted. */
  readonly filter?: Query
}

/** Called in the pipeline's own turn: it must be quick, and never throw. */
export interface TapListener {
  seen(record: TapRecord): void
  /**
   * Nothing more is shown: the limit was reached, or the pipeline was closed when so many were left up to it. Not called
   * after a disposal.
   */
  ended(why: TapEnd, left: number): void
}

export type TapEnd = 'limit' | 'closed'

export interface TapRecord {
  /** Where it is seen. */
  readonly place: TapPlace
  readonly side: TapSide
  readonly timeUs: number
  /** Counts the batches that came to the point, from 1. */
  readonly batch: number
  /** In its batch, from 0. */
  readonly index: number
  /** Counts the records that came while it was looked, from 1; absent where nobody can tell which it was made of. */
  readonly number?: number
  /** Undefined where nothing came of the record. */
  readonly message: Message | undefined
  readonly failure?: TapFailure
}

export interface TapFailure {
  readonly text: string
  /** Of the component that failed. */
  readonly path: string
  readonly label: string
}

/** What a tap needs of the pipeline that it is in. */
export interface TapEnvironment {
  readonly clock: Pick<Clock, 'schedule'>
  readonly random: Random
  /** Takes out of a text what nobody is to see. */
  readonly mask: (text: string) => string
  readonly place: TapPlace
}

/** When and as which of its point a batch came. */
export interface TapMoment {
  readonly batch: number
  readonly timeUs: number
}

/** What one tap wants to know of one batch; one of the two is called. */
export interface TapLook {
  became(batches: readonly Batch[], timeUs: number): void
  settled(outcome: Outcome, timeUs: number): void
}

/** What was chosen of a batch; a record's number is `first` and its index. */
interface Chosen {
  readonly messages: Batch
  readonly indexes: ReadonlySet<number>
  readonly first: number
  readonly batch: number
}

export class Tap {
  readonly #options: TapChoice
  readonly #listener: TapListener
  readonly #environment: TapEnvironment
  #left: number
  /** How many are passed over before the next is chosen. */
  #gap: number
  #numbered = 0
  /** Looks that have not heard what became of their batch. */
  #pending = 0
  #patience: Timer | undefined
  #over = false

  constructor(options: TapChoice, listener: TapListener, environment: TapEnvironment) {
    this.#options = options
    this.#listener = listener
    this.#environment = environment
    this.#left = options.limit
    this.#gap = this.#nextGap()
  }

  /** Whether no record of the batch is chosen; else it has to be looked at. */
  passes({ length }: Batch): boolean {
    if (this.#gap < length && !this.#over) return false
    this.#gap -= length
    this.#numbered += length
    return true
  }

  /** A batch on its way in; undefined where it is of no interest what becomes of it. */
  look(messages: Batch, { batch, timeUs }: TapMoment): TapLook | undefined {
    const { side } = this.#options
    const chosen = this.#choose(messages, batch)
    if (chosen.indexes.size === 0) return undefined
    if (side !== 'after') {
      this.#left -= chosen.indexes.size
      for (const index of chosen.indexes) {
        this.#show({ side: 'before', timeUs, ...placed(chosen, index), message: messages[index] })
      }
    }
    if (side === 'before') {
      this.#endWhenDone()
      return undefined
    }
    this.#pending += 1
    this.#endWhenDone()
    return {
      became: (batches, laterUs) => this.#became(chosen, batches, laterUs),
      settled: (outcome, laterUs) => this.#settled(chosen, outcome, laterUs),
    }
  }

  /** A batch that begins here: there is no before. */
  gave(messages: Batch, { batch, timeUs }: TapMoment): void {
    const chosen = this.#choose(messages, batch)
    for (const index of chosen.indexes) {
      const record = { side: 'after', timeUs, ...placed(chosen, index) } as const
      if (this.#options.side === 'both') this.#left -= 1
      this.#showAfter({ ...record, message: messages[index] }, messages, index)
    }
    this.#endWhenDone()
  }

  /** Nothing is shown from now on, and nobody hears of it. */
  stop(): void {
    this.#over = true
    this.#patience?.cancel()
  }

  end(why: TapEnd): void {
    if (this.#over) return
    this.stop()
    this.#listener.ended(why, this.#left)
  }

  #became(chosen: Chosen, batches: readonly Batch[], timeUs: number): void {
    const parents = parentsOf(chosen.messages, batches)?.values()
    if (parents === undefined) this.#kept(chosen, batches, timeUs)
    else this.#parted(chosen, batches, parents, timeUs)
    this.#pending -= 1
    this.#endWhenDone()
  }

  /** What came out is one for each that went in, in the same place. */
  #kept(chosen: Chosen, batches: readonly Batch[], timeUs: number): void {
    const messages = batches[0] ?? []
    for (const index of chosen.indexes) {
      const record = { side: 'after', timeUs, ...placed(chosen, index) } as const
      this.#showAfter({ ...record, message: messages[index] }, messages, index)
    }
  }

  #parted(
    chosen: Chosen,
    batches: readonly Batch[],
    parents: Iterator<readonly number[], undefined>,
    timeUs: number,
  ): void {
    const { batch } = chosen
    const gone = new Set(chosen.indexes)
    let isTold = true
    for (const messages of batches) {
      for (const [index, message] of messages.entries()) {
        const from = parents.next().value ?? []
        if (from.length === 0) isTold = false
        else if (!from.some((parent) => chosen.indexes.has(parent))) continue
        for (const parent of from) gone.delete(parent)
        const [only] = from
        const number =
          from.length === 1 && only !== undefined ? { number: chosen.first + only } : {}
        this.#showAfter(
          { side: 'after', timeUs, batch, index, ...number, message },
          messages,
          index,
        )
      }
    }
    // Whether a filter would have wanted what is not there, nobody knows.
    if (isTold && !this.#judgesAfter) {
      for (const index of gone) {
        const record = { side: 'after', timeUs, ...placed(chosen, index) } as const
        this.#showAfter({ ...record, message: undefined }, chosen.messages, index)
      }
    }
  }

  /** What was delivered is not shown again. */
  #settled(chosen: Chosen, outcome: Outcome, timeUs: number): void {
    const { messages } = chosen
    for (const index of outcome === undefined ? [] : chosen.indexes) {
      const message = messages[index]
      const why = message === undefined ? undefined : whyOf(message, outcome)
      if (why === undefined) continue
      const record = { side: 'after', timeUs, ...placed(chosen, index), message } as const
      this.#showAfter({ ...record, failure: this.#failureOf(why) }, messages, index)
    }
    this.#pending -= 1
    this.#endWhenDone()
  }

  #failureOf({ message }: HeadgateError): TapFailure {
    const { mask, place } = this.#environment
    return { text: mask(message), path: place.path, label: place.label }
  }

  get #judgesAfter(): boolean {
    return this.#options.side === 'after' && this.#options.filter !== undefined
  }

  #showAfter(record: Shown, messages: Batch, index: number): void {
    if (this.#options.side === 'after') {
      if (this.#left <= 0 || !this.#wants(messages, index)) return
      this.#left -= 1
    }
    this.#show(record)
  }

  #show(shown: Shown): void {
    if (this.#over) return
    const record = { ...shown, place: this.#environment.place }
    const failure = record.failure ?? this.#failureIn(record.message)
    this.#listener.seen(failure === undefined ? record : { ...record, failure })
  }

  #failureIn(message: Message | undefined): TapFailure | undefined {
    const failure = message?.failure()
    if (failure === undefined) return undefined
    const { text, sourcePath, sourceLabel } = failure
    return { text: this.#environment.mask(text), path: sourcePath, label: sourceLabel }
  }

  #endWhenDone(): void {
    if (this.#left > 0 || this.#over) return
    if (this.#pending === 0) this.end('limit')
    else
      this.#patience ??= this.#environment.clock.schedule(TAP_LAST_MS_MAX, () => this.end('limit'))
  }

  #choose(messages: Batch, batch: number): Chosen {
    const first = this.#numbered + 1
    this.#numbered += messages.length
    const indexes = new Set<number>()
    // Where what came of them is judged, nobody knows how many are wanted of them.
    const most = this.#over || this.#left <= 0 ? 0 : this.#judgesAfter ? Infinity : this.#left
    let index = this.#gap
    for (; index < messages.length && indexes.size < most; index += 1 + this.#nextGap()) {
      if (this.#judgesAfter || this.#wants(messages, index)) indexes.add(index)
    }
    this.#gap = Math.max(0, index - messages.length)
    return { messages, indexes, first, batch }
  }

  #wants(messages: Batch, index: number): boolean {
    const { filter } = this.#options
    if (filter === undefined) return true
    try {
      return filter.test(messages, index)
    } catch {
      return false
    }
  }

  /** So that whoever chooses few of many looks at those few only. */
  #nextGap(): number {
    const { sample } = this.#options
    if (sample >= 1) return 0
    return Math.floor(Math.log1p(-this.#environment.random.next()) / Math.log1p(-sample))
  }
}

function whyOf(message: Message, outcome: Outcome): HeadgateError | undefined {
  if (outcome?.failed !== undefined) return outcome.failed.get(message)
  return outcome?.origins.has(message.origin) === true ? outcome.error : undefined
}

type Shown = Omit<TapRecord, 'place'>

function placed(
  { first, batch }: Chosen,
  index: number,
): Pick<TapRecord, 'batch' | 'index' | 'number'> {
  return { batch, index, number: first + index }
}
