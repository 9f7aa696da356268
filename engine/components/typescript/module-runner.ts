/**
 * Runs a module over batches, in as many threads as there are batches at once, and takes over what is saved.
 *
 * A thread has one batch at a time. One that dies of a record is replaced by another with the same code; the record has
 * failed, those before it are called again, and those after it go on. A changed module is loaded in a thread of its own,
 * beside; once that is done, batches that begin from then on go there. Where it does not load, nothing changes.
 */
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { formatSize } from '../../../crds/size.ts'
import { HeadgateError } from '../../error.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { FailureLog } from './failure-log.ts'
import { FileWatch } from './file-watch.ts'
import {
  faultText,
  hasChanged,
  type LoadedModule,
  loadModule,
  type ModuleCode,
  type ModulePlace,
  unusable,
} from './module-code.ts'
import { answeredMessages, requestOf } from './module-records.ts'
import { ModuleThread, type ModuleThreadOptions } from './module-thread.ts'

export interface ModuleRunnerOptions extends ModuleThreadOptions {
  readonly folder: string
  /** A message that failed, and why. */
  readonly failed: (message: Message, why: HeadgateError) => Message
  /** Of a change that was not taken over: shown until one is. */
  readonly report: (trouble: HeadgateError | undefined) => void
}

/** Deaths of one batch that no record is to blame for, before all that is left of it fails. */
const BLAMELESS_DEATHS_MAX = 2

/** Of one version. */
interface Generation {
  readonly code: ModuleCode
  readonly idle: ModuleThread[]
  count: number
}

interface Died {
  /** Of the record under way; -1 where there was none. */
  readonly index: number
  readonly form: ModuleCode['form']
  readonly text: string
}

interface Held {
  readonly thread: ModuleThread
  readonly generation: Generation
}

export class ModuleRunner {
  readonly #options: ModuleRunnerOptions
  readonly #place: ModulePlace
  readonly #watch: FileWatch
  readonly #failures: FailureLog
  readonly #threads = new Set<ModuleThread>()
  /** Each gets a thread, once one is of use again. */
  readonly #waiting: ((held: Promise<Held>) => void)[] = []
  readonly #closing = new AbortController()
  #generation: Generation
  /** The files as they were when they were looked at last, whether or not they loaded. */
  #texts: ReadonlyMap<string, string | undefined>
  #reloading: Promise<void> = Promise.resolve()

  private constructor(options: ModuleRunnerOptions, { code, thread }: LoadedModule & { ok: true }) {
    this.#options = options
    this.#place = { url: options.url, folder: options.folder }
    this.#generation = { code, idle: [thread], count: 1 }
    this.#texts = code.texts
    this.#threads.add(thread)
    this.#failures = new FailureLog(options.clock, options.logger, options.pipeline)
    this.#watch = new FileWatch(options.clock, () => this.reload())
    this.#watch.watch(paths(code.texts))
  }

  /** Rejects where the module does not load, with the place to look at. */
  static async start(options: ModuleRunnerOptions): Promise<ModuleRunner> {
    const { url, folder } = options
    const loaded = await loadModule({ url, folder }, options, [])
    if (!loaded.ok) throw unusable(loaded.message)
    return new ModuleRunner(options, loaded)
  }

  async run(batch: Batch, signal: AbortSignal): Promise<readonly Message[]> {
    const results: (readonly Message[])[] = batch.map((message) => [message])
    const portions: [from: number, to: number][] = [[0, batch.length]]
    let blameless = 0
    for (let portion = portions.pop(); portion !== undefined; portion = portions.pop()) {
      const [from, to] = portion
      if (from === to) continue
      const messages = batch.slice(from, to)
      const died = await this.#attempt(messages, signal, results, from)
      if (died === undefined) continue
      blameless += died.index < 0 ? 1 : 0
      if (died.index < 0 && blameless < BLAMELESS_DEATHS_MAX) {
        portions.push(portion)
        continue
      }
      const isAll = died.index < 0 || died.form === 'batch'
      const first = isAll ? 0 : died.index
      const last = isAll ? messages.length : died.index + 1
      for (const [index, message] of messages.slice(first, last).entries()) {
        results[from + first + index] = [this.#failed(message, died.text)]
      }
      portions.push([from + last, to], [from, from + first])
    }
    return results.flat()
  }

  /** Looks at the files, and takes over what they hold now. */
  reload(): Promise<void> {
    this.#reloading = this.#reloading.then(() => this.#reload()).catch(() => undefined)
    return this.#reloading
  }

  async close(): Promise<void> {
    this.#watch[Symbol.dispose]()
    this.#closing.abort(new HeadgateError('StopTimedOut', 'the pipeline was closed'))
    while (this.#waiting.length > 0) this.#callNext()
    await this.#reloading
    await Promise.all([...this.#threads].map((thread) => thread.close()))
  }

  /** Undefined where it was answered. */
  async #attempt(
    messages: Batch,
    signal: AbortSignal,
    results: (readonly Message[])[],
    from: number,
  ): Promise<Died | undefined> {
    const held = await this.#take(signal)
    const { thread, generation } = held
    const { clock, logger, memoryBytesMax, pipeline } = this.#options
    const { position, form } = generation.code
    const textOf = (fault: Parameters<typeof faultText>[0]): string =>
      faultText(fault, this.#place, position)
    try {
      const nowMs = Math.floor(clock.wallUs() / 1000)
      const outcome = await thread.run(requestOf(messages, nowMs), signal)
      if (outcome.kind === 'died') {
        return { index: outcome.index, form, text: textOf(outcome.fault) }
      }
      const made = answeredMessages(messages, outcome.answer, (message, error) =>
        this.#failed(message, textOf({ error })),
      )
      for (const [index, one] of made.entries()) results[from + index] = one
      if (outcome.answer.memoryBytes > memoryBytesMax && (await thread.endIfExhausted())) {
        const size = formatSize(memoryBytesMax)
        logger.warn('a module keeps more memory than it may; it begins anew', { pipeline, size })
      }
      return undefined
    } finally {
      this.#give(held)
    }
  }

  #failed(message: Message, text: string): Message {
    this.#failures.failed(text)
    return this.#options.failed(message, new HeadgateError('MappingFailed', text))
  }

  async #take(signal: AbortSignal): Promise<Held> {
    signal.throwIfAborted()
    this.#closing.signal.throwIfAborted()
    const generation = this.#generation
    const idle = generation.idle.pop()
    if (idle?.alive === true) return { thread: idle, generation }
    if (idle !== undefined) generation.count -= 1
    if (generation.count < availableParallelism()) return this.#begin(generation)
    return new Promise<Held>((resolve) => this.#waiting.push(resolve))
  }

  async #begin(generation: Generation): Promise<Held> {
    generation.count += 1
    const { sources } = generation.code
    try {
      const loading = await ModuleThread.load(this.#options, sources, this.#closing.signal)
      if (loading.kind === 'failed') throw unusable(faultText(loading.fault, this.#place))
      this.#threads.add(loading.thread)
      return { thread: loading.thread, generation }
    } catch (thrown) {
      generation.count -= 1
      this.#callNext()
      throw thrown
    }
  }

  /** To whoever waits, if it is still of use; the code of before is not. */
  #give({ thread, generation }: Held): void {
    const isOfUse = thread.alive && generation === this.#generation
    if (isOfUse) generation.idle.push(thread)
    else {
      generation.count -= 1
      this.#threads.delete(thread)
      void thread.close()
    }
    this.#callNext()
  }

  #callNext(): void {
    this.#waiting.shift()?.(this.#take(this.#closing.signal))
  }

  async #reload(): Promise<void> {
    if (this.#closing.signal.aborted || !hasChanged(this.#texts)) return
    const { logger, pipeline, report, clock } = this.#options
    const beganMs = clock.monotonicMs()
    const loaded = await loadModule(
      this.#place,
      this.#options,
      this.#texts.keys(),
      this.#closing.signal,
    )
    const known = loaded.ok ? loaded.code.texts : loaded.texts
    this.#texts = known
    this.#watch.watch(paths(known))
    if (!loaded.ok) {
      const text = `${loaded.message}; what was there before goes on running: mend the file and save it`
      logger.error('a changed module was not taken over', { pipeline, reason: loaded.message })
      report(unusable(text))
      return
    }
    const before = this.#generation
    this.#generation = { code: loaded.code, idle: [loaded.thread], count: 1 }
    this.#threads.add(loaded.thread)
    for (const thread of before.idle.splice(0)) {
      this.#threads.delete(thread)
      void thread.close()
    }
    report(undefined)
    const tookMs = Math.round(clock.monotonicMs() - beganMs)
    logger.info('a changed module was taken over', { pipeline, tookMs })
    // Files may have changed while they were read.
    if (hasChanged(known)) void this.reload()
  }
}

function paths(texts: ReadonlyMap<string, unknown>): readonly string[] {
  return [...texts.keys()].map((url) => fileURLToPath(url))
}
