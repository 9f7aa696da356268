/**
 * What a running pipeline shows of itself: counters as plain numbers, what is connected, and what went wrong last.
 *
 * It decides nothing. A trouble belongs to a place (the input, an output, the commit) and stays until that place says
 * that it is over, so a message that is retried for ever stays visible for ever.
 */
import type { HeadgateError } from '../error.ts'
import type { Logger } from '../ports/logger.ts'
import { PipelineMetrics } from './component-metrics.ts'
import type { Connection } from './connection.ts'
import type { ConnectionStatus } from './pipeline.ts'
import { VariableMask } from './variable-mask.ts'

export interface Counters {
  inputReceived: number
  processorErrors: number
  outputSent: number
  outputErrors: number
}

const NOTHING_MASKED = new VariableMask(undefined, () => undefined)

export class Health {
  readonly counters: Counters = {
    inputReceived: 0,
    processorErrors: 0,
    outputSent: 0,
    outputErrors: 0,
  }
  readonly metrics: PipelineMetrics
  readonly #connections = new Set<Connection>()
  readonly #disconnected = new Set<string>()
  readonly #troubles = new Map<string, string>()
  readonly #notes = new Map<string, string>()
  readonly #listeners = new Set<() => void>()
  readonly #logger: Logger
  readonly #pipeline: string
  /** For whatever is said of the pipeline. */
  readonly mask: VariableMask
  #crashed: ((error: HeadgateError) => void) | undefined
  #ending = false
  #closing = false

  constructor(
    logger: Logger,
    pipeline: string,
    mask: VariableMask = NOTHING_MASKED,
    metrics: PipelineMetrics = new PipelineMetrics(),
  ) {
    this.mask = mask
    this.metrics = metrics
    this.#logger = logger
    this.#pipeline = pipeline
  }

  get connected(): boolean {
    return this.#disconnected.size === 0
  }

  /** The oldest trouble that is not over. */
  get message(): string | undefined {
    return oldest(this.#troubles)
  }

  /** The oldest of what is wrong and holds nothing up. */
  get note(): string | undefined {
    return oldest(this.#notes)
  }

  /** A connection that counts in from now on. */
  enlist(connection: Connection): void {
    this.#connections.add(connection)
  }

  /** Its component was closed; what the whole pipeline was connected to stays known when all of it closes. */
  discharge(connection: Connection): void {
    if (this.#closing) return
    this.#connections.delete(connection)
    this.found(connection.place.name)
  }

  /** In the order in which they were built, but for what connects through others. */
  connections(): readonly ConnectionStatus[] {
    const shown = [...this.#connections].filter(({ place }) => place.connects)
    return shown.map(({ status }) =>
      status.error === undefined ? status : { ...status, error: this.mask.text(status.error) },
    )
  }

  watch(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) }
  }

  changed(): void {
    for (const listener of this.#listeners) listener()
  }

  lost(place: string, error?: HeadgateError): void {
    if (error !== undefined) this.trouble(place, error)
    if (this.#disconnected.has(place)) return
    this.#disconnected.add(place)
    this.changed()
  }

  found(place: string): void {
    this.#troubles.delete(place)
    if (this.#disconnected.delete(place)) this.changed()
  }

  /**
   * A trouble is logged once, not at every try: what holds a pipeline up is worth a line, not a flood. To be held to a
   * rate is none: it goes on many times a second, and the stream says so itself.
   */
  trouble(place: string, error: HeadgateError): void {
    if (error.code === 'RateExceeded') return
    const before = this.#troubles.get(place)
    const message = this.mask.text(error.message)
    this.#troubles.set(place, message)
    if (before === message) return
    if (!this.#ending)
      this.#logger.warn('a pipeline is held up; it is tried again', {
        pipeline: this.#pipeline,
        place,
        reason: message,
      })
    this.changed()
  }

  /** What holds nothing up, and whoever shows it logs it; undefined once it is over. */
  show(place: string, error: HeadgateError | undefined): void {
    if (error === undefined) this.#notes.delete(place)
    else this.#notes.set(place, this.mask.text(error.message))
    this.changed()
  }

  /** Called once, with why the whole pipeline is to fail at once. */
  onCrash(listener: (error: HeadgateError) => void): void {
    this.#crashed = listener
  }

  crash(error: HeadgateError): void {
    const crashed = this.#crashed
    this.#crashed = undefined
    crashed?.(error)
  }

  /** What fails from now on fails because it is told to stop: nobody needs a line about that. */
  end(): void {
    this.#ending = true
  }

  /** Everything is closed now, each component by itself. */
  close(): void {
    this.#closing = true
  }

  over(place: string): void {
    if (this.#troubles.delete(place)) this.changed()
  }
}

function oldest(said: ReadonlyMap<string, string>): string | undefined {
  const [first] = said
  return first === undefined ? undefined : `${first[0]}: ${first[1]}`
}
