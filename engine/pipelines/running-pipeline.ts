/**
 * The life of one pipeline: connect outputs before inputs, pump until the input ends or somebody stops it, close.
 *
 * Without a buffer one pump carries batches from the input to the output. With one there are two, and the buffer is
 * the output of the first and the input of the second.
 */
import { asHeadgateError, type HeadgateError } from '../error.ts'
import { Chain } from './chain.ts'
import { Committer } from './committer.ts'
import type { BuiltBuffer, BuiltInput } from './component-builder.ts'
import type { Health } from './health.ts'
import type { Batch } from './message.ts'
import { BufferMeter, inputMeter } from './meters.ts'
import { OutputStage, type OutputStageOptions, type Ticket } from './output-stage.ts'
import { passageOf } from './passage.ts'
import type {
  ConnectionStatus,
  LatencySummary,
  MetricSeries,
  Pipeline,
  PipelineEnvironment,
  PipelineState,
  StopOutcome,
} from './pipeline.ts'
import { PipelineLatency } from './pipeline-latency.ts'
import type { Place } from './place.ts'
import { Pump, type PumpOptions } from './pump.ts'
import type { ShardKey } from './shard-key.ts'
import type { SharedResources } from './shared-resources.ts'
import type { StreamReading } from './stream-readings.ts'
import type { TapListener } from './tap.ts'
import type { TapPlace } from './tap-point.ts'
import type { TapOptions, Taps } from './taps.ts'
import { Journeys, withJourneyWritten } from './tracing/journeys.ts'
import { type Outcome, rejectionOf } from './transaction.ts'
import type { WorkerChain } from './workers/worker-chain.ts'

export interface PipelineParts {
  readonly environment: PipelineEnvironment
  readonly health: Health
  /** Aborting it closes everything by force. */
  readonly force: AbortController
  readonly input: BuiltInput
  readonly buffer: BuiltBuffer | undefined
  readonly chain: Chain
  readonly output: OutputStageOptions
  /** How many batches may be at the processors at once; 1 where absent, which keeps their order. */
  readonly threads?: number
  /** Where the processors run in threads of their own: the same ones as in `chain`. */
  readonly workers?: WorkerChain | undefined
  /** What keeps the order of the messages that have it in common, where several batches are at the processors. */
  readonly shardKey?: ShardKey | undefined
  readonly shared: SharedResources
  readonly readings?: readonly StreamReading[]
  readonly taps: Taps
}

/** A graceful stop gets this part of a deadline that is above a second; the rest is for closing by force. */
const GRACEFUL_SHARE = 0.75
const GRACEFUL_WHOLE_MS = 1_000
/** For what cannot go on; see `#drains`. */
const HELD_UP_GRACE_MS = 1_000

export class RunningPipeline implements Pipeline {
  readonly #parts: PipelineParts
  readonly #health: Health
  readonly #stopping = new AbortController()
  /** Resolves once a stop is to end by force. */
  readonly #hurried = Promise.withResolvers<void>()
  readonly #stage: OutputStage
  readonly #pumps: readonly Pump[]
  readonly #latency: PipelineLatency
  #bufferMeter: BufferMeter | undefined
  #phase: PipelineState['phase'] = 'built'
  #failure: HeadgateError | undefined
  #finished: Promise<void> = Promise.resolve()
  #stop: Promise<StopOutcome> | undefined
  #closed: Promise<void> | undefined

  constructor(parts: PipelineParts) {
    this.#parts = parts
    this.#health = parts.health
    this.#latency = new PipelineLatency(parts.environment.clock)
    this.#stage = new OutputStage(
      { ...parts.output, counts: true },
      {
        clock: parts.environment.clock,
        health: parts.health,
        signal: parts.force.signal,
      },
    )
    this.#pumps = this.#makePumps()
    parts.health.onCrash((error) => this.#crash(error))
  }

  async connect(signal?: AbortSignal): Promise<void> {
    const abort = (): void => this.#parts.force.abort(signal?.reason)
    signal?.addEventListener('abort', abort)
    try {
      signal?.throwIfAborted()
      await this.#stage.open()
      // From the output to the input: nothing is read before there is where to put it.
      for (const pump of this.#pumps.toReversed()) await pump.open()
      signal?.throwIfAborted()
    } catch (thrown) {
      this.#parts.force.abort()
      // Whoever called it off knows: that is no failure.
      if (signal?.aborted === true) this.#enter('stopped')
      else this.#fail(asHeadgateError(thrown))
      await this.#close()
      throw this.#health.mask.error(thrown)
    } finally {
      signal?.removeEventListener('abort', abort)
    }
    this.#enter('running')
    this.#finished = this.#run()
  }

  stop(deadlineMs: number): Promise<StopOutcome> {
    if (deadlineMs === 0) this.#hurried.resolve()
    this.#stop ??= this.#stopOnce(deadlineMs)
    return this.#stop
  }

  state(): PipelineState {
    return {
      phase: this.#phase,
      connected: this.#phase !== 'built' && this.#health.connected,
      message: this.#failure?.message ?? this.#health.message,
      note: this.#health.note,
      counters: { ...this.#health.counters },
    }
  }

  watch(listener: () => void): Disposable {
    return this.#health.watch(listener)
  }

  connections(): readonly ConnectionStatus[] {
    return this.#health.connections()
  }

  series(): readonly MetricSeries[] {
    return this.#health.metrics.series()
  }

  tapPlaces(): readonly TapPlace[] {
    return this.#parts.taps.places()
  }

  tap(at: string, options: TapOptions, listener: TapListener): Disposable {
    return this.#parts.taps.tap(at, options, listener)
  }

  latency(): LatencySummary {
    return this.#latency.summary()
  }

  readings(): readonly StreamReading[] {
    return this.#parts.readings ?? []
  }

  /** Until everything is settled; then all is closed. Never rejects. */
  async #run(): Promise<void> {
    const [first, second] = this.#pumps
    try {
      const running = [this.#runPump(first, second === undefined)]
      if (second !== undefined) running.push(this.#runPump(second, true))
      await Promise.all(running)
    } catch (thrown) {
      this.#parts.force.abort()
      this.#fail(asHeadgateError(thrown))
    }
    if (this.#phase === 'running') {
      await this.#close()
      this.#enter('completed')
    }
  }

  async #runPump(pump: Pump | undefined, last: boolean): Promise<void> {
    await pump?.run(() => {
      if (last) this.#stage.drain()
    })
    if (!last) this.#parts.buffer?.buffer.end()
  }

  async #stopOnce(deadlineMs: number): Promise<StopOutcome> {
    if (this.#phase !== 'running') {
      this.#parts.force.abort()
      await this.#close()
      if (this.#phase === 'built') this.#enter('stopped')
      return 'drained'
    }
    this.#health.end()
    this.#enter('stopping')
    this.#stopping.abort()
    this.#parts.buffer?.buffer.giveBack?.()
    const isReadAgain = this.#parts.input.transactional && this.#parts.buffer === undefined
    if (isReadAgain) this.#stage.abandon()
    const gracefulMs = deadlineMs > GRACEFUL_WHOLE_MS ? deadlineMs * GRACEFUL_SHARE : deadlineMs
    const drained = await (isReadAgain
      ? this.#within(this.#finished, gracefulMs)
      : this.#drains(gracefulMs))
    if (!drained) {
      const { logger, name } = this.#parts.environment
      logger.warn('a pipeline did not drain in time and is closed by force', { pipeline: name })
    }
    this.#parts.force.abort()
    const closeMs = Math.max(deadlineMs - gracefulMs, CLOSE_MS_MIN)
    await this.#within(this.#close(), closeMs, NEVER)
    this.#enter('stopped')
    return drained ? 'drained' : 'forced'
  }

  /**
   * What is held up cannot finish before its trouble is over, so it gets a little time and not all of it: whoever stops
   * it has other things to do.
   */
  async #drains(deadlineMs: number): Promise<boolean> {
    const heldUp = Promise.withResolvers<'held up'>()
    const look = (): void => {
      if (!this.#health.connected || this.#health.message !== undefined) heldUp.resolve('held up')
    }
    using _watching = this.#health.watch(look)
    look()
    const end = await Promise.race([this.#within(this.#finished, deadlineMs), heldUp.promise])
    if (end !== 'held up') return end
    return this.#within(this.#finished, Math.min(deadlineMs, HELD_UP_GRACE_MS))
  }

  async #within(
    promise: Promise<void>,
    ms: number,
    hurried: Promise<void> = this.#hurried.promise,
  ): Promise<boolean> {
    const { clock } = this.#parts.environment
    const timer = new AbortController()
    const late = clock.sleep(ms, timer.signal).then(
      () => false,
      () => true,
    )
    const done = await Promise.race([promise.then(() => true), late, hurried.then(() => false)])
    timer.abort()
    return done
  }

  /** Everything, each once, whatever the others say. */
  #close(): Promise<void> {
    this.#closed ??= this.#closeOnce()
    return this.#closed
  }

  async #closeOnce(): Promise<void> {
    const { input, buffer, chain, workers, shared, taps, environment } = this.#parts
    this.#health.close()
    const closing = [
      input.input.close(),
      input.processors.close(),
      buffer?.buffer.close(),
      chain.close(),
      workers?.close(),
    ]
    const closed = await Promise.allSettled([...closing, this.#stage.close()])
    // Last, for the others may use them to their end.
    closed.push(...(await Promise.allSettled([shared.close()])))
    taps.close()
    for (const result of closed) {
      if (result.status === 'rejected') {
        environment.logger.warn('a component did not close', { reason: String(result.reason) })
      }
    }
  }

  /** At once, and with nothing more delivered; what was in flight comes again where its source can give it again. */
  #crash(error: HeadgateError): void {
    const { logger, name } = this.#parts.environment
    logger.error('a pipeline crashed', { pipeline: name, reason: error.message })
    this.#fail(error)
    this.#parts.force.abort()
    void this.#close()
  }

  #fail(error: HeadgateError): void {
    this.#failure = this.#health.mask.headgateError(error)
    if (error.code === 'Internal') {
      const { logger, name } = this.#parts.environment
      logger.error('a pipeline failed', { pipeline: name, error: error.cause ?? error })
    }
    this.#enter('failed')
  }

  #enter(phase: PipelineState['phase']): void {
    if (this.#phase === phase) return
    this.#phase = phase
    this.#health.changed()
  }

  #makePumps(): readonly Pump[] {
    const { input, buffer, chain, threads = 1, workers, shardKey } = this.#parts
    const toOutput = (batch: Batch, ticket: Ticket): void | Promise<void> =>
      this.#stage.push(batch, ticket)
    const before = buffer === undefined ? input.processors : new Chain([], chain.strictness)
    const { alone, ...passage } = passageOf({ before, chain, threads, workers, shardKey })
    const { clock } = this.#parts.environment
    const meter = inputMeter(input.place.metrics, clock)
    const first = { source: input.input, place: input.place, nack: input.nack, meter, counts: true }
    const toEnd = { ...passage, alone: alone && this.#parts.output.alone === true, sink: toOutput }
    const journeys = this.#journeys(input.place)
    if (buffer === undefined) {
      return [
        this.#pump({
          ...first,
          ...toEnd,
          latency: this.#latency,
          journeys,
        }),
      ]
    }
    this.#bufferMeter = new BufferMeter(buffer.place.metrics, clock)
    return [
      this.#pump({
        ...first,
        chain: input.processors,
        threads: 1,
        alone: buffer.buffer.takesApart === true && input.processors.alone,
        givesBack: buffer.buffer.giveBack !== undefined,
        inFlight: buffer.buffer.inFlight,
        sink: (batch, ticket, apart) => this.#put(batch, ticket, apart),
        latency: buffer.keepsTransaction ? this.#latency : undefined,
        journeys,
      }),
      this.#pump(
        {
          source: buffer.buffer,
          place: buffer.place,
          nack: 'source',
          meter: this.#bufferMeter,
          ...toEnd,
          counts: false,
          // A buffer that has answered for a batch has forgotten when it came.
          latency: buffer.keepsTransaction ? undefined : this.#latency,
          journeys: this.#journeys(buffer.place),
        },
        // It is told by `end` when the first pump is done, not by the stop.
        new AbortController().signal,
      ),
    ]
  }

  /** Undefined where nobody traces. */
  #journeys({ name, path }: Place): Journeys | undefined {
    const { tracing, namespace, name: pipeline } = this.#parts.environment
    if (tracing === undefined) return undefined
    // `input stream`, without what tells it from others for people.
    const source = { name: name.split(' ').slice(0, 2).join('_'), path }
    return new Journeys({ tracing, namespace, pipeline, source })
  }

  #pump(
    options: Omit<PumpOptions, 'committer' | 'relieve'>,
    stopping: AbortSignal = this.#stopping.signal,
  ): Pump {
    const { engine, clock } = this.#parts.environment
    const { signal } = this.#parts.force
    const environment = { clock, health: this.#health, signal }
    return new Pump(
      {
        ...options,
        relieve: () => this.#stage.flush(),
        committer: (owner) => new Committer(owner, { ...environment, log: engine.log }),
      },
      { ...environment, stopping },
    )
  }

  #put(batch: Batch, ticket: Ticket, apart: boolean): void | Promise<void> {
    const { buffer, force, environment } = this.#parts
    const settle = (outcome: Outcome): void => {
      if (outcome === undefined) this.#bufferMeter?.put(batch)
      ticket.resolve(outcome)
    }
    const told = environment.tracing === undefined ? batch : batch.map(withJourneyWritten)
    const taken = buffer?.buffer.put(told, settle, force.signal, apart)
    if (!(taken instanceof Promise)) return
    return taken.catch((thrown) => settle(rejectionOf(asHeadgateError(thrown), batch)))
  }
}

const NEVER = new Promise<void>(() => {})

/** Closing gets this even where the deadline is spent. */
const CLOSE_MS_MIN = 250
