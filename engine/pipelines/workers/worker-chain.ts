/**
 * Runs the processors of a pipeline in threads of its own, whole batches at a time.
 *
 * A thread starts when it is first needed, and is replaced when it dies; what it had not answered is run again, which
 * changes nothing, for such a chain reaches nothing but its messages. What was counted and logged in a thread counts
 * here once its batch is answered for good. Where threads do not start the chain runs as if there were none.
 */
import type { MappingFailure } from '../../bloblang/mapping.ts'
import { HeadgateError } from '../../error.ts'
import type { ProcessorChain } from '../build-context.ts'
import type { Chain } from '../chain.ts'
import type { Health } from '../health.ts'
import type { Batch, Message } from '../message.ts'
import type { PipelineEnvironment } from '../pipeline.ts'
import type { ComponentSpans } from '../tracing/component-spans.ts'
import { traced } from '../tracing/traced-processor.ts'
import { ChainThread, type ChainThreadOptions } from './chain-thread.ts'
import { writeLines } from './kept-lines.ts'
import { MeasuresOfWorker } from './recorded-metrics.ts'
import { type Outcome, type Part, redeliver, survivorsOf } from './redelivery.ts'
import { decodeAnswer } from './wire-batch.ts'

/** More of `threads` are not started: a machine has fewer cores. */
export const WORKERS_MAX = 64
/** How many batches are sent to a worker before it answered: the next is there when it is done with one. */
export const BATCHES_OF_WORKER_MAX = 2
/** How many workers in a row may fail to start. */
export const STARTS_MAX = 3

export interface WorkerChainOptions {
  /** The same processors on this thread: they tell what is counted where, and run where no worker can. */
  readonly chain: Chain
  readonly source: ChainThreadOptions['source']
  readonly threads: number
  readonly health: Health
  readonly environment: Pick<PipelineEnvironment, 'logger' | 'name'>
  /** Whether somebody looks at what goes through the processors, which only this thread can show. */
  readonly watched?: () => boolean
  /** Where somebody traces: the whole chain is one span, for nothing is told of what happens in a worker. */
  readonly spans?: ComponentSpans | undefined
}

type Batches = readonly Batch[]

interface Slot {
  readonly thread: ChainThread
  readonly measures: MeasuresOfWorker
}

export class WorkerChain implements ProcessorChain {
  readonly #options: WorkerChainOptions
  readonly #slots: (Slot | undefined)[]
  readonly #ended = new Set<Promise<void>>()
  /** Why what killed workers failed: given again it kills no more. */
  readonly #poison = new WeakMap<Message, MappingFailure>()
  #startsFailed = 0
  #closed = false

  constructor(options: WorkerChainOptions) {
    this.#options = options
    const count = Math.min(options.threads, WORKERS_MAX)
    this.#slots = Array.from({ length: count }, () => undefined)
  }

  get alone(): boolean {
    return this.#options.chain.alone
  }

  /** How many batches it can be at; more would wait. */
  get batchesMax(): number {
    return this.#slots.length * BATCHES_OF_WORKER_MAX
  }

  parts(): readonly ProcessorChain[] {
    return this.#options.chain.parts()
  }

  async run(batch: Batch, signal: AbortSignal): Promise<Batches> {
    const { spans } = this.#options
    if (spans === undefined) return this.#run(batch, signal)
    return traced(spans, batch, () => this.#run(batch, signal))
  }

  async #run(batch: Batch, signal: AbortSignal): Promise<Batches> {
    if (signal.aborted) return []
    if (this.#options.watched?.() === true) return this.#options.chain.run(batch, signal)
    const sound = batch.filter((message) => !this.#poison.has(message))
    if (sound.length === 0) return [batch.map((message) => this.#failed(message))]
    const attempt = (given: Batch): Promise<Outcome> => this.#attempt(given, signal)
    const parts = await redeliver(sound, attempt)
    for (const part of parts) if (part.kind === 'poison') this.#blame(part)
    if (parts.length > 1 && this.alone) {
      const joined = (await this.#taken(parts, signal)).flat()
      return this.#rejoined(batch, joined.length === 0 ? [] : [joined])
    }
    const survivors = survivorsOf(parts)
    const isParted = parts.length > 1 && survivors.length > 0
    const whole = isParted ? await attempt(survivors) : undefined
    const results = whole?.kind === 'answered' ? whole.take() : await this.#taken(parts, signal)
    return this.#rejoined(batch, results)
  }

  async runAll(batches: Batches, signal: AbortSignal): Promise<Batches> {
    const results = await Promise.all(batches.map((batch) => this.run(batch, signal)))
    return results.flat()
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const slot of this.#slots) if (slot !== undefined) this.#end(slot)
    await Promise.all(this.#ended)
  }

  async #attempt(batch: Batch, signal: AbortSignal): Promise<Outcome> {
    for (;;) {
      const slot = this.#closed || signal.aborted ? undefined : this.#slot()
      if (slot === undefined) return { kind: 'unable' }
      const outcome = await slot.thread.run([batch])
      if (outcome.kind === 'suspect') return outcome
      if (outcome.kind !== 'answered') continue
      const take = (): Batches => {
        const { answer, measures, lines } = outcome
        const { health, environment } = this.#options
        health.counters.processorErrors += measures.processorErrors
        slot.measures.add(measures)
        writeLines(lines, environment.logger, environment.name)
        return decodeAnswer(batch, answer)
      }
      return { kind: 'answered', take }
    }
  }

  /** Undefined once workers do not start. */
  #slot(): Slot | undefined {
    const place = this.#leastLoaded()
    const slot = this.#slots[place]
    if (slot !== undefined && !slot.thread.gone) return slot
    if (slot !== undefined) this.#bury(slot)
    this.#slots[place] = undefined
    if (this.#startsFailed >= STARTS_MAX) return undefined
    try {
      const started = this.#start()
      this.#slots[place] = started
      return started
    } catch (thrown) {
      this.#startsFailed = STARTS_MAX
      this.#complain(String(thrown))
      return undefined
    }
  }

  #start(): Slot {
    const { health, source } = this.#options
    const measures = new MeasuresOfWorker(health.metrics)
    const options = {
      source,
      onMeasures: (named: Parameters<MeasuresOfWorker['name']>[0]) => measures.name(named),
    }
    return { thread: new ChainThread(options), measures }
  }

  #leastLoaded(): number {
    let best = 0
    let least = Number.POSITIVE_INFINITY
    for (const [place, slot] of this.#slots.entries()) {
      const load = slot?.thread.load ?? 0
      if (load < least) {
        least = load
        best = place
      }
    }
    return best
  }

  #bury({ thread }: Slot): void {
    const { logger, name } = this.#options.environment
    const { reason, started } = thread
    if (started) {
      this.#startsFailed = 0
      logger.warn('a worker of a pipeline died and is replaced', { pipeline: name, reason })
      return
    }
    this.#startsFailed += 1
    if (this.#startsFailed === STARTS_MAX) this.#complain(reason)
  }

  #complain(reason: string | undefined): void {
    const { logger, name } = this.#options.environment
    const message = 'workers of a pipeline do not start; its processors run without them'
    logger.warn(message, { pipeline: name, reason })
  }

  #end(slot: Slot): void {
    const ended = slot.thread.end()
    this.#ended.add(ended)
  }

  async #taken(parts: readonly Part[], signal: AbortSignal): Promise<Batches> {
    const taken: Batch[] = []
    for (const part of parts) {
      if (part.kind === 'answered') taken.push(...part.take())
      else if (part.kind === 'unable' && !signal.aborted) {
        taken.push(...(await this.#options.chain.run(part.given, signal)))
      }
    }
    return taken
  }

  #blame({ given, reason, step }: Extract<Part, { kind: 'poison' }>): void {
    const { steps } = this.#options.chain
    const failing = steps[step] ?? steps[0]
    for (const message of given) {
      const error = new HeadgateError('MappingFailed', `its worker ended: ${reason}`)
      const failure = failing?.failure(error)
      if (failure !== undefined) this.#poison.set(message, failure)
    }
  }

  #failed(message: Message): Message {
    return message.withFailure(this.#poison.get(message))
  }

  /** What failed keeps its place where one message came out for each of the others, and leaves on its own else. */
  #rejoined(batch: Batch, results: Batches): Batches {
    const failed = batch.filter((message) => this.#poison.has(message))
    if (failed.length === 0) return results
    const [only] = results
    if (results.length === 1 && only?.length === batch.length - failed.length) {
      const left = only.values()
      const inPlace = (message: Message): Message =>
        this.#poison.has(message) ? this.#failed(message) : (left.next().value ?? message)
      return [batch.map(inPlace)]
    }
    return [...results, failed.map((message) => this.#failed(message))]
  }
}
