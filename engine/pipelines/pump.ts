/**
 * The loop of a pipeline: reads a batch, runs the chain, hands the results on, and sees every batch to its end.
 *
 * Hand-off is the back-pressure: the next batch is read when the sink has room and no more than the limits are in
 * flight. Rejected messages come again ahead of fresh ones, for ever, where the input leaves that to us. The loop stays
 * synchronous as long as nobody waits, and gives the event loop its turn.
 */
import { asHeadgateError, HeadgateError } from '../error.ts'
import type { Clock } from '../ports/clock.ts'
import type { ProcessorChain } from './build-context.ts'
import type { Committer, CommitterOwner } from './committer.ts'
import type { InFlightLimits, InputBatch } from './component.ts'
import { type Connectable, Connection, RECONNECT_MS_FIRST } from './connection.ts'
import { Flight, type FlightOwner } from './flight.ts'
import type { Health } from './health.ts'
import type { Batch } from './message.ts'
import type { SourceMeter } from './meters.ts'
import type { Ticket } from './output-stage.ts'
import type { PipelineLatency } from './pipeline-latency.ts'
import type { Place } from './place.ts'
import { type ShardedWay, ShardLanes } from './shard-lanes.ts'
import type { Journeys } from './tracing/journeys.ts'
import type { Rejection } from './transaction.ts'
import { Turn } from './turn.ts'
import { unlessAborted } from './unless-aborted.ts'
import { Wake } from './wake.ts'

/** Bounds what waits for a commit, a fuller batch or a replay; an output bounds itself. */
export const IN_FLIGHT_MESSAGES_MAX = 65_536
export const IN_FLIGHT_BYTES_MAX: number = 32 * 1024 * 1024
export const REPLAY_MS_MAX = 1_000

const IN_FLIGHT_LIMITS: InFlightLimits = {
  messagesMax: IN_FLIGHT_MESSAGES_MAX,
  bytesMax: IN_FLIGHT_BYTES_MAX,
}

/** An input, or the reading side of a buffer. */
export interface PumpSource extends Connectable {
  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined>
  readonly drains?: boolean
}

export interface PumpOptions {
  readonly source: PumpSource
  readonly place: Place
  readonly nack: 'replay' | 'source'
  readonly chain: ProcessorChain
  /** What follows the chain before anything is handed on, where messages of a key keep their order. */
  readonly sharded?: ShardedWay | undefined
  /** Takes one batch; a promise resolves when there is room for another. */
  readonly sink: (batch: Batch, ticket: Ticket, apart: boolean) => void | Promise<void>
  /** The limits are reached: what is held back for a fuller batch should go. */
  readonly relieve: () => void
  readonly committer: (owner: CommitterOwner) => Committer
  /** How many batches may be at the chain at once where it waits; with 1 they keep their order. */
  readonly threads: number
  readonly meter: SourceMeter
  /** Whether each message fares as if it were alone, from the chain to where the sink puts it. */
  readonly alone: boolean
  /** The sink gives back what it cannot deliver when the pipeline stops: its source gives it again one day. */
  readonly givesBack?: boolean
  readonly inFlight?: InFlightLimits | undefined
  /** Whether what is read here counts as received by the pipeline. */
  readonly counts: boolean
  /** Hears of what was delivered. */
  readonly latency?: PipelineLatency | undefined
  /** Where somebody traces. */
  readonly journeys?: Journeys | undefined
}

export interface PumpEnvironment {
  readonly clock: Clock
  readonly health: Health
  /** Aborts when no more is to be read. */
  readonly stopping: AbortSignal
  /** Aborts when the pipeline is closed by force. */
  readonly signal: AbortSignal
}

type Read =
  | { readonly kind: 'batch'; readonly batch: InputBatch }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly error: HeadgateError }

export class Pump implements FlightOwner, CommitterOwner {
  readonly #options: PumpOptions
  readonly #environment: PumpEnvironment
  readonly #connection: Connection
  readonly #committer: Committer
  readonly #lanes: ShardLanes | undefined
  readonly #wake = new Wake()
  readonly #flights = new Set<Flight>()
  readonly #replays: Flight[] = []
  /** Batches for which the chain waits. */
  readonly #waiting = new Set<Promise<void>>()
  #defect: unknown
  #messages = 0
  #bytes = 0
  #reading = false
  #read: Read | undefined
  #ended = false

  constructor(options: PumpOptions, environment: PumpEnvironment) {
    this.#options = options
    this.#environment = environment
    this.#connection = new Connection(options.place, options.source, {
      clock: environment.clock,
      health: environment.health,
      signal: environment.signal,
    })
    this.#committer = options.committer(this)
    this.#lanes = options.sharded === undefined ? undefined : this.#makeLanes(options.sharded)
  }

  open(): Promise<void> {
    return this.#connection.open()
  }

  /** True once the source gave its last batch by itself. */
  get ended(): boolean {
    return this.#ended && !this.#environment.stopping.aborted
  }

  /** Until the source ended or was told to, and everything in flight is settled. Rejects on a defect only. */
  async run(onEnd: () => void): Promise<void> {
    const { stopping, signal, clock } = this.#environment
    const ring = (): void => this.#wake.ring()
    stopping.addEventListener('abort', ring)
    signal.addEventListener('abort', ring)
    const turn = new Turn(clock)
    let told = false
    while (!signal.aborted) {
      if (this.#defect !== undefined) throw this.#defect
      const flight = this.#replays.shift() ?? this.#fresh()
      if (flight !== undefined) {
        const sent = this.#send(flight)
        if (sent !== undefined) await sent
        if (turn.over()) await turn.pass()
        continue
      }
      if (this.#over() && !told) {
        told = true
        onEnd()
      }
      if (this.#over() && this.#flights.size === 0) break
      await this.#wake.wait()
    }
    if (signal.aborted) this.#giveUp()
    stopping.removeEventListener('abort', ring)
    signal.removeEventListener('abort', ring)
  }

  landed(flight: Flight): void {
    if (!this.#flights.has(flight)) return
    if (flight.enlisted.length > 0 || flight.source.mark !== undefined) this.#committer.add(flight)
    else this.#settle(flight)
  }

  rejected(flight: Flight, rejection: Rejection): void {
    if (!this.#flights.has(flight)) return
    this.#environment.health.trouble(REJECTED, rejection.error)
    if (this.#isForSource(flight)) this.#refuse(flight, rejection)
    else this.#replay(flight)
  }

  /**
   * What was enlisted is not written yet. A source that hears of the rejection hears that of it too, and repeats all of
   * it or nothing; where nobody does, what was not rejected is written.
   */
  #refuse(flight: Flight, { error, origins }: Rejection): void {
    const { settle } = flight.source
    if (flight.enlisted.length > 0 && settle === undefined) {
      this.#committer.add(flight)
      return
    }
    const unwritten = flight.enlisted.flatMap(({ messages }) =>
      messages.map(({ origin }) => origin),
    )
    const shown = this.#environment.health.mask.headgateError(error)
    this.#release(flight, shown.message)
    settle?.({ error: shown, origins: new Set([...origins, ...unwritten]) })
  }

  committed(flight: Flight): void {
    this.#settle(flight)
  }

  failed(flight: Flight, error: HeadgateError): void {
    flight.startOver()
    this.rejected(flight, { error, origins: new Set(flight.source.messages) })
  }

  dropped(flight: Flight): void {
    this.#release(flight, ABANDONED)
  }

  /** Again after a while; but what its source will give again after a restart need not hold up a stop. */
  #replay(flight: Flight): void {
    const { clock, signal, stopping } = this.#environment
    const { mark } = flight.source
    const comesAgain = mark !== undefined || this.#options.givesBack === true
    const patience = comesAgain ? stopping : signal
    if ((mark !== undefined && mark.offset() === undefined) || (comesAgain && stopping.aborted)) {
      this.#abandonLane(flight)
      return
    }
    clock.sleep(replayMs(flight.attempts), patience).then(
      () => {
        this.#replays.push(flight)
        this.#wake.ring()
      },
      () => this.#abandonLane(flight),
    )
  }

  /** The flight and those behind it: none of them can be committed without it. */
  #abandonLane(flight: Flight): void {
    for (const behind of this.#committer.forgetFrom(flight)) this.#release(behind, ABANDONED)
    this.#release(flight, ABANDONED)
  }

  #settle(flight: Flight): void {
    if (!this.#flights.has(flight)) return
    // Where the source decides about what is rejected, it comes again as something new, or never.
    if (flight.attempts > 1 || this.#isForSource(flight)) {
      this.#environment.health.over(REJECTED)
    }
    this.#options.latency?.delivered(flight.source, flight.begunMs)
    this.#release(flight)
    flight.source.settle?.(undefined)
  }

  /** `error`: why not all of it was delivered. */
  #release(flight: Flight, error?: string): void {
    if (!this.#flights.delete(flight)) return
    for (const journey of flight.journeys ?? NO_JOURNEYS) journey.end(error)
    this.#options.meter.timing.end(flight.begunMs)
    this.#messages -= flight.source.messages.length
    this.#bytes -= flight.weight
    this.#wake.ring()
  }

  #over(): boolean {
    return this.#ended && !this.#reading && this.#read === undefined
  }

  /** The next batch of the source, where one is at hand and may be taken. */
  #fresh(): Flight | undefined {
    if (this.#read === undefined) this.#ask()
    const read = this.#read
    if (read === undefined) return undefined
    this.#read = undefined
    if (read.kind === 'batch') return this.#board(read.batch)
    if (read.kind === 'end') this.#ended = true
    else this.#pause(read.error)
    return undefined
  }

  #ask(): void {
    const { stopping } = this.#environment
    if (this.#reading || this.#ended) return
    if (stopping.aborted && this.#options.source.drains !== true) {
      this.#ended = true
      return
    }
    const { messagesMax, bytesMax } = this.#options.inFlight ?? IN_FLIGHT_LIMITS
    if (this.#messages >= messagesMax || this.#bytes >= bytesMax) {
      this.#options.relieve()
      return
    }
    if (!this.#connection.connected) {
      const connected = unlessAborted(this.#connection.ensure(), stopping)
      this.#await(connected.then(() => this.#options.source.read(stopping)))
      return
    }
    try {
      const read = this.#options.source.read(stopping)
      if (read instanceof Promise) this.#await(read)
      else this.#read = toRead(read)
    } catch (thrown) {
      this.#read = { kind: 'failed', error: asHeadgateError(thrown) }
    }
  }

  #await(reading: Promise<InputBatch | undefined>): void {
    this.#reading = true
    reading.then(
      (batch) => this.#arrived(toRead(batch)),
      (thrown) => this.#arrived({ kind: 'failed', error: asHeadgateError(thrown) }),
    )
  }

  #arrived(read: Read): void {
    this.#reading = false
    this.#read = read
    if (this.#environment.signal.aborted && read.kind === 'batch') reject(read.batch)
    this.#wake.ring()
  }

  #board(batch: InputBatch): Flight {
    const { health } = this.#environment
    health.over(this.#options.place.name)
    if (this.#options.counts) health.counters.inputReceived += batch.messages.length
    const { meter, place } = this.#options
    meter.read(batch.messages)
    if (place.tap?.open === true) place.tap.gave(batch.messages)
    const flight = new Flight(batch, this, meter.timing.begin())
    flight.journeys = this.#options.journeys?.begin(batch.messages)
    this.#flights.add(flight)
    this.#messages += batch.messages.length
    this.#bytes += flight.weight
    this.#committer.register(flight)
    return flight
  }

  /** A failed read: connect again, or wait a little, unless no more was wanted anyway. */
  #pause(error: HeadgateError): void {
    const { stopping, health, clock } = this.#environment
    if (stopping.aborted) {
      this.#ended = true
      return
    }
    if (error.code === 'NotConnected') {
      this.#connection.lose(error)
      this.#wake.ring()
      return
    }
    health.trouble(this.#options.place.name, error)
    this.#reading = true
    clock
      .sleep(RECONNECT_MS_FIRST, stopping)
      .catch(() => {})
      .then(() => {
        this.#reading = false
        this.#wake.ring()
      })
  }

  #send(flight: Flight): void | Promise<void> {
    const transaction = flight.begin()
    const { messages, source } = flight
    if (source.apart === true && messages.length > 1 && !this.#goTogether(source)) {
      return this.#sendApart(flight, transaction.splitApart(messages))
    }
    return this.#start(messages, source, transaction)
  }

  async #sendApart({ messages, source }: Flight, tickets: readonly Ticket[]): Promise<void> {
    for (const [index, message] of messages.entries()) {
      const ticket = tickets[index]
      const sent = ticket === undefined ? undefined : this.#start([message], source, ticket)
      if (sent !== undefined) await sent
    }
  }

  #makeLanes(way: ShardedWay): ShardLanes {
    return new ShardLanes({
      ...way,
      hand: (batches, ticket, apart) => this.#hand(batches, ticket, apart),
      signal: this.#environment.signal,
      failed: (thrown) => {
        this.#defect = thrown
        this.#wake.ring()
      },
    })
  }

  /** Whoever does not wait is handed on in order; for whoever does, others may begin as long as there are threads. */
  #start(messages: Batch, source: InputBatch, ticket: Ticket): void | Promise<void> {
    const { threads } = this.#options
    const { signal } = this.#environment
    const batches = this.#process(messages, source)
    const apart = source.apart === true
    if (!(batches instanceof Promise)) return this.#pass(batches, ticket, apart)
    const work = batches.then((all) =>
      signal.aborted ? undefined : this.#pass(all, ticket, apart),
    )
    if (threads === 1) return work
    const done = work
      .catch((thrown) => {
        this.#defect = thrown
      })
      .then(() => {
        this.#waiting.delete(done)
        this.#wake.ring()
      })
    this.#waiting.add(done)
    return this.#waiting.size < threads ? undefined : Promise.race(this.#waiting)
  }

  #goTogether({ processors }: InputBatch): boolean {
    return this.#options.alone && (processors === undefined || processors.alone)
  }

  /** First the processors that the batch brought along, then the pipeline's. */
  #process(messages: Batch, source: InputBatch): readonly Batch[] | Promise<readonly Batch[]> {
    const { chain } = this.#options
    const { signal } = this.#environment
    if (source.processors === undefined) return chain.run(messages, signal)
    const batches = source.processors.run(messages, signal)
    return batches instanceof Promise
      ? batches.then((all) => chain.runAll(all, signal))
      : chain.runAll(batches, signal)
  }

  #pass(batches: readonly Batch[], ticket: Ticket, apart: boolean): void | Promise<void> {
    return this.#lanes === undefined
      ? this.#hand(batches, ticket, apart)
      : this.#lanes.push(batches, ticket, apart)
  }

  #isForSource({ source }: Flight): boolean {
    return (source.nack ?? this.#options.nack) === 'source'
  }

  #hand(batches: readonly Batch[], ticket: Ticket, apart: boolean): void | Promise<void> {
    const [only] = batches
    if (only === undefined) return ticket.resolve(undefined)
    if (batches.length === 1) return this.#options.sink(only, ticket, apart)
    return this.#handEach(batches, ticket.split(batches.length), apart)
  }

  async #handEach(
    batches: readonly Batch[],
    tickets: readonly Ticket[],
    apart: boolean,
  ): Promise<void> {
    for (const [index, batch] of batches.entries()) {
      const ticket = tickets[index]
      if (ticket !== undefined) await this.#options.sink(batch, ticket, apart)
    }
  }

  /** Closed by force: whoever waits at a source hears that it was not delivered; others will come again. */
  #giveUp(): void {
    for (const flight of this.#flights) {
      if (this.#isForSource(flight)) reject(flight.source)
    }
    this.#flights.clear()
  }
}

const REJECTED = 'rejected'
/** On spans. */
const ABANDONED = 'given up; it is read again'
const NO_JOURNEYS: NonNullable<Flight['journeys']> = []

function reject(batch: InputBatch): void {
  const error = new HeadgateError('StopTimedOut', 'the pipeline was closed before it delivered')
  batch.settle?.({ error, origins: new Set(batch.messages) })
}

function toRead(batch: InputBatch | undefined): Read {
  return batch === undefined ? { kind: 'end' } : { kind: 'batch', batch }
}

/** The first replay is immediate; then the waits double from 1 ms. */
function replayMs(attempts: number): number {
  return attempts <= 1 ? 0 : Math.min(2 ** (attempts - 2), REPLAY_MS_MAX)
}
