/**
 * A thread that runs what other people wrote: it may take long, fill its memory or end, and nothing else suffers.
 *
 * Messages go there a list at a time and are answered in their order. A list that is not answered in time, or that the
 * thread dies of, has failed; the thread is then ended, and the next list starts a new one.
 */
import { Worker } from 'node:worker_threads'
import { HeadgateError } from '../../error.ts'
import type { Clock } from '../../ports/clock.ts'

/** What a list of messages may take. */
export const FOREIGN_DEADLINE_MS = 5_000
/** What the thread's own objects may take; what it runs has a limit of its own. */
const HEAP_MIB_MAX = 256

export interface ForeignThreadOptions {
  /**
   * The body of an async function that answers a function from messages to answers. A string, and plain JavaScript: it
   * has to run from source, as built and under a test runner alike. `data` is there, and `load`, which requires packages.
   */
  readonly source: string
  readonly data: unknown
  readonly clock: Clock
}

interface Running {
  readonly worker: Worker
  settle: ((outcome: { answers: unknown[] } | { fault: Error }) => void) | undefined
}

export class ForeignThread<Request, Answer> {
  readonly #options: ForeignThreadOptions
  #running: Running | undefined
  #last: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(options: ForeignThreadOptions) {
    this.#options = options
  }

  /** Rejects when there are not as many answers as requests. */
  run(requests: readonly Request[], signal: AbortSignal): Promise<readonly Answer[]> {
    const next = this.#last.then(() => this.#answer(requests, signal))
    this.#last = next.catch(() => {})
    return next
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#end(new HeadgateError('StopTimedOut', 'the pipeline was closed'))
  }

  async #answer(requests: readonly Request[], signal: AbortSignal): Promise<readonly Answer[]> {
    signal.throwIfAborted()
    if (this.#closed) throw new HeadgateError('StopTimedOut', 'the pipeline was closed')
    this.#running ??= start(this.#options)
    const running = this.#running
    const timer = this.#options.clock.schedule(FOREIGN_DEADLINE_MS, () => {
      const message = `it took longer than ${FOREIGN_DEADLINE_MS} ms`
      void this.#end(new HeadgateError('MappingFailed', message))
    })
    const abort = (): void => void this.#end(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      const outcome = await new Promise<{ answers: unknown[] } | { fault: Error }>((resolve) => {
        running.settle = resolve
        // Only while somebody waits for it does it keep the process alive.
        running.worker.ref()
        running.worker.postMessage(requests)
      })
      if ('fault' in outcome) throw outcome.fault
      if (outcome.answers.length === requests.length) return outcome.answers as Answer[]
      throw new HeadgateError('MappingFailed', 'it did not answer every message')
    } catch (thrown) {
      await this.#end(thrown)
      throw thrown
    } finally {
      running.settle = undefined
      running.worker.unref()
      timer.cancel()
      signal.removeEventListener('abort', abort)
    }
  }

  async #end(reason: unknown): Promise<void> {
    const running = this.#running
    this.#running = undefined
    running?.settle?.({ fault: asError(reason) })
    await running?.worker.terminate()
  }
}

function start({ source, data }: ForeignThreadOptions): Running {
  const worker = new Worker(
    SHELL.replace('/* PREPARE */', () => source),
    {
      eval: true,
      workerData: { data, from: import.meta.url },
      env: {},
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX },
    },
  )
  worker.unref()
  const running: Running = { worker, settle: undefined }
  const fail = (reason: unknown): void => running.settle?.({ fault: asError(reason) })
  worker.on('message', ({ answers, fault }: { answers: unknown[]; fault: string | undefined }) =>
    fault === undefined ? running.settle?.({ answers }) : fail(fault),
  )
  worker.on('error', fail)
  worker.on('exit', () => fail('its thread ended'))
  return running
}

function asError(reason: unknown): Error {
  if (reason instanceof HeadgateError) return reason
  const message = reason instanceof Error ? reason.message : String(reason)
  return new HeadgateError('MappingFailed', message, { cause: reason })
}

const SHELL = `
'use strict'
const { parentPort, workerData } = require('node:worker_threads')
const { data, from } = workerData
const load = require('node:module').createRequire(from)
// What it prints is for nobody.
process.stdout.write = process.stderr.write = () => true
const ready = (async () => {
/* PREPARE */
})()
ready.catch(() => {})
parentPort.on('message', async (messages) => {
  try {
    const run = await ready
    parentPort.postMessage({ answers: run(messages) })
  } catch (error) {
    parentPort.postMessage({ answers: [], fault: String(error?.message ?? error) })
  }
})
`
