/**
 * One thread with the chain of a pipeline: it is sent batches, and answers them in their order.
 *
 * It may die, of what it was sent or for no reason that can be told. Then everything that it did not answer is given
 * back: what it was at is suspected, what waited behind it is not.
 */
import { Worker } from 'node:worker_threads'
import type { Batch } from '../message.ts'
import type { WireLines } from './kept-lines.ts'
import type { WireMeasures } from './recorded-metrics.ts'
import { buffersOf, encodeBatches, type WireAnswer } from './wire-batch.ts'
import { type ChainSource, NOT_STARTED, type Told } from './worker-protocol.ts'

/**
 * What the objects of one worker may take; contents of messages do not count. It lies far above what the limits of
 * mappings and codecs let a batch take, for an engine that reaches it within one large step ends the whole process.
 */
export const WORKER_HEAP_MIB_MAX = 2_048

export type ThreadOutcome =
  | {
      readonly kind: 'answered'
      readonly answer: WireAnswer
      readonly measures: WireMeasures
      readonly lines: WireLines
    }
  /** It may have been what the thread died of, or could not do; `step` is the processor that ran. */
  | { readonly kind: 'suspect'; readonly reason: string; readonly step: number }
  /** It was only waiting when the thread died. */
  | { readonly kind: 'givenBack' }
  /** The thread never came to run anything. */
  | { readonly kind: 'notStarted'; readonly reason: string }

export interface ChainThreadOptions {
  readonly source: Omit<ChainSource, 'progress'>
  /** Names the series that answers add to from then on. */
  readonly onMeasures: (measures: WireMeasures) => void
}

export class ChainThread {
  readonly #worker: Worker
  readonly #progress = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)).fill(
    NOT_STARTED,
  )
  readonly #asked: ((outcome: ThreadOutcome) => void)[] = []
  readonly #onMeasures: (measures: WireMeasures) => void
  #gone: string | undefined

  constructor({ source, onMeasures }: ChainThreadOptions) {
    this.#onMeasures = onMeasures
    this.#worker = new Worker(PROGRAM, {
      workerData: { ...source, progress: this.#progress.buffer } satisfies ChainSource,
      env: {},
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MIB_MAX },
    })
    // What it prints is for nobody.
    this.#worker.stdout.resume()
    this.#worker.stderr.resume()
    this.#worker.unref()
    this.#worker.on('message', (told: Told) => this.#hear(told))
    this.#worker.on('error', (error) => this.#die(reasonOf(error)))
    this.#worker.on('exit', (code) => this.#die(`its thread ended with code ${code}`))
  }

  /** How many batches it has not answered. */
  get load(): number {
    return this.#asked.length
  }

  get gone(): boolean {
    return this.#gone !== undefined
  }

  /** Why it is gone. */
  get reason(): string | undefined {
    return this.#gone
  }

  /** Whether it ever could run anything. */
  get started(): boolean {
    return this.#step() !== NOT_STARTED
  }

  /** Never rejects. Throws where the messages cannot be handed on. */
  run(batches: readonly Batch[]): Promise<ThreadOutcome> {
    const asked = encodeBatches(batches)
    return new Promise((resolve) => {
      if (this.#gone !== undefined) {
        resolve({ kind: 'givenBack' })
        return
      }
      // Only while somebody waits for it does it keep the process alive.
      if (this.#asked.length === 0) this.#worker.ref()
      this.#asked.push(resolve)
      this.#worker.postMessage(asked, buffersOf(asked))
    })
  }

  async end(): Promise<void> {
    this.#die('the pipeline was closed')
    await this.#worker.terminate()
  }

  #hear(told: Told): void {
    if (this.#gone !== undefined) return
    switch (told.kind) {
      case 'ready':
        this.#onMeasures(told.measures)
        return
      case 'unfit':
        this.#die(told.reason)
        void this.#worker.terminate()
        return
      case 'answer': {
        const { answer, measures, lines } = told
        this.#onMeasures(measures)
        this.#settle({ kind: 'answered', answer, measures, lines })
        return
      }
      case 'failed':
        this.#settle({ kind: 'suspect', reason: told.reason, step: this.#step() })
    }
  }

  #settle(outcome: ThreadOutcome): void {
    const resolve = this.#asked.shift()
    if (this.#asked.length === 0) this.#worker.unref()
    resolve?.(outcome)
  }

  #die(reason: string): void {
    if (this.#gone !== undefined) return
    this.#gone = reason
    const asked = this.#asked.splice(0)
    const [first, ...behind] = asked
    const step = this.#step()
    const started = step !== NOT_STARTED
    first?.(started ? { kind: 'suspect', reason, step } : { kind: 'notStarted', reason })
    for (const resolve of behind) {
      resolve(started ? { kind: 'givenBack' } : { kind: 'notStarted', reason })
    }
  }

  /** The thread writes it before it runs anything, so that it is right however it ended. */
  #step(): number {
    return this.#progress[0] ?? NOT_STARTED
  }
}

/** Beside this file, in the form in which this one runs: from source, under a test runner, or as built. */
const PROGRAM = new URL(
  import.meta.url.endsWith('.ts') ? './chain-worker.ts' : './chain-worker.js',
  import.meta.url,
)

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
