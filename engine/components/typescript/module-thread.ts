/**
 * One thread that has loaded a module, as seen from outside: batches go in, and each is answered, or the thread died of
 * one of its records and says of which.
 *
 * A call that takes too long and objects that take too much memory are noticed here, by looking now and then at what the
 * thread is at; the thread is then ended. The thread's own limit of memory lies far above ours: an engine that reaches it
 * with one large step ends the whole process.
 */
import { Worker } from 'node:worker_threads'
import { formatSize } from '../../../crds/size.ts'
import { HeadgateError } from '../../error.ts'
import type { Clock, Timer } from '../../ports/clock.ts'
import type { Logger } from '../../ports/logger.ts'
import { InspectedThread } from './inspected-thread.ts'
import { bootstrapUrl } from './module-bootstrap.ts'
import {
  AS_IT_WAS,
  type BatchAnswer,
  type BatchRequest,
  COLLECT_GARBAGE,
  LAST_WORDS_BYTES_MAX,
  type LoadedFiles,
  type ModuleError,
  type ModuleSetting,
  type ModuleSources,
  type ReadyReply,
  STATE_HEAD_BYTES,
  type ThreadReply,
  type ThreadState,
} from './module-protocol.ts'
import type { SourcePosition } from './source-position.ts'

/** What a module may take to load. */
export const LOAD_MS_MAX = 10_000
const LOADS_TOO_LONG: string = `it took longer than ${LOAD_MS_MAX} ms to load: what stands outside of its functions loops or waits`
/** How often a call that lasts is looked at, at least. */
const LOOK_MS_MAX = 25
/** Looks that find garbage only are followed by so many that do not look. */
const LOOKS_AFTER_GARBAGE = 10
/** How long a thread may take to say where it is. */
const LOCATE_MS_MAX = 5_000
/** One step of JavaScript takes no more than this: the longest text, the largest table of a Map. */
const STEP_MIB_MAX = 2_048
const MIB = 1024 * 1024

export interface ModuleThreadOptions
  extends Pick<ModuleSetting, 'url' | 'pipeline' | 'namespace' | 'label' | 'deadlineMs'> {
  readonly memoryBytesMax: number
  readonly clock: Clock
  readonly logger: Logger
}

/** Why a thread ended, or did not begin. */
export interface ThreadFault {
  readonly error: ModuleError
  /** Where it was, where that is known by other means than the stack. */
  readonly position?: SourcePosition | undefined
}

export type Loading =
  | { readonly kind: 'ready'; readonly thread: ModuleThread; readonly ready: ReadyReply }
  | { readonly kind: 'failed'; readonly fault: ThreadFault; readonly loaded: LoadedFiles }

export type BatchOutcome =
  | { readonly kind: 'answered'; readonly answer: BatchAnswer }
  /** `index` is that of the record under way, or -1. */
  | { readonly kind: 'died'; readonly index: number; readonly fault: ThreadFault }

const NOTHING_LOADED: LoadedFiles = { urls: [], sources: {} }

export class ModuleThread {
  readonly #options: ModuleThreadOptions
  readonly #worker: Worker
  readonly #state: ThreadState
  #settle: ((outcome: BatchOutcome) => void) | undefined
  #loaded: ((reply: ThreadReply | ThreadFault) => void) | undefined
  #ended: ThreadFault | undefined
  /** It may be held up meanwhile, which is no fault of the call. */
  #isMeasured = false

  private constructor(options: ModuleThreadOptions, sources: ModuleSources, bootstrap: URL) {
    const { url, pipeline, namespace, label, deadlineMs, memoryBytesMax } = options
    const shared = new SharedArrayBuffer(STATE_HEAD_BYTES + LAST_WORDS_BYTES_MAX)
    const setting = { url, pipeline, namespace, label, deadlineMs, sources }
    this.#options = options
    this.#state = {
      numbers: new Int32Array(shared, 0, 3),
      words: new Uint8Array(shared, STATE_HEAD_BYTES),
    }
    this.#state.numbers[0] = -1
    const workerData: ModuleSetting = {
      ...setting,
      state: shared,
      asItWas: AS_IT_WAS,
      collectGarbage: COLLECT_GARBAGE,
    }
    this.#worker = new Worker(bootstrap, {
      workerData,
      env: {},
      execArgv: [],
      name: 'typescript',
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil(memoryBytesMax / MIB) + STEP_MIB_MAX },
    })
    this.#worker.on('message', (reply: ThreadReply) => this.#heard(reply))
    this.#worker.on('error', (thrown) => this.#died(faultOf(thrown)))
    this.#worker.on('exit', () => this.#died(this.#lastWords()))
    // What the thread writes past its streams is for nobody, and must not fill up.
    this.#worker.stdout.resume()
    this.#worker.stderr.resume()
  }

  static async load(
    options: ModuleThreadOptions,
    sources: ModuleSources,
    signal?: AbortSignal,
  ): Promise<Loading> {
    const bootstrap = await bootstrapUrl()
    signal?.throwIfAborted()
    const thread = new ModuleThread(options, sources, bootstrap)
    const reply = await thread.#load(signal)
    if ('kind' in reply && reply.kind === 'ready' && reply.form !== undefined) {
      thread.#worker.unref()
      return { kind: 'ready', thread, ready: reply }
    }
    await thread.close()
    if (!('kind' in reply)) return { kind: 'failed', fault: reply, loaded: NOTHING_LOADED }
    if (reply.kind === 'failed') {
      return { kind: 'failed', fault: { error: reply.fault }, loaded: reply.loaded }
    }
    if (reply.kind !== 'ready') throw new HeadgateError('Internal', 'a thread answered unasked')
    const error = { message: missingText(reply.found), stack: '' }
    return { kind: 'failed', fault: { error }, loaded: reply.loaded }
  }

  get alive(): boolean {
    return this.#ended === undefined
  }

  /** One at a time. The request's buffer is handed over. Never rejects, but for the signal. */
  async run(request: BatchRequest, signal: AbortSignal): Promise<BatchOutcome> {
    signal.throwIfAborted()
    if (this.#ended !== undefined) return { kind: 'died', index: -1, fault: this.#ended }
    const abort = (): void => void this.#end({ error: { message: 'it was stopped', stack: '' } })
    signal.addEventListener('abort', abort, { once: true })
    const watch = this.#watch()
    try {
      const outcome = await new Promise<BatchOutcome>((resolve) => {
        this.#settle = resolve
        // Only while somebody waits for it does it keep the process alive.
        this.#worker.ref()
        this.#worker.postMessage(request, [request.buffer])
      })
      signal.throwIfAborted()
      return outcome
    } finally {
      this.#settle = undefined
      this.#worker.unref()
      watch.cancel()
      signal.removeEventListener('abort', abort)
    }
  }

  /** Ends it where what its objects take, without garbage, is more than they may. */
  async endIfExhausted(): Promise<boolean> {
    this.#isMeasured = true
    try {
      return await this.#endIfExhausted()
    } finally {
      this.#isMeasured = false
    }
  }

  async close(): Promise<void> {
    await this.#end({ error: { message: 'it was closed', stack: '' } })
  }

  async #load(signal: AbortSignal | undefined): Promise<ThreadReply | ThreadFault> {
    const abort = (): void => void this.close()
    signal?.addEventListener('abort', abort, { once: true })
    const timer = this.#options.clock.schedule(LOAD_MS_MAX, () => {
      // Not held up first: a thread that was, before it had loaded, cannot be ended.
      void this.#end({ error: { message: LOADS_TOO_LONG, stack: '' } })
    })
    try {
      return await new Promise<ThreadReply | ThreadFault>((resolve) => {
        this.#loaded = resolve
      })
    } finally {
      this.#loaded = undefined
      timer.cancel()
      signal?.removeEventListener('abort', abort)
      signal?.throwIfAborted()
    }
  }

  /** Looks at a call that lasts; one that is soon over is never looked at. */
  #watch(): Timer {
    const { clock, deadlineMs } = this.#options
    const everyMs = Math.max(1, Math.min(LOOK_MS_MAX, Math.floor(deadlineMs / 10)))
    let timer: Timer | undefined
    let done = false
    let seen = -1
    let sinceMs = 0
    const memory = this.#memoryWatch()
    const look = async (): Promise<void> => {
      const index = Atomics.load(this.#state.numbers, 0)
      const calls = Atomics.load(this.#state.numbers, 1)
      const nowMs = clock.monotonicMs()
      if (calls !== seen || index < 0 || this.#isMeasured) {
        seen = calls
        sinceMs = nowMs
      } else if (nowMs - sinceMs >= deadlineMs) {
        done = true
        await this.#endWhereItIs(`it took longer than ${deadlineMs} ms`)
        return
      }
      memory.look()
      plan()
    }
    const plan = (): void => {
      if (!done) timer = clock.schedule(everyMs, () => void look())
    }
    plan()
    return {
      cancel: () => {
        done = true
        memory.cancel()
        timer?.cancel()
      },
    }
  }

  /** A look that is not answered holds up nothing: a thread within one long step answers once that is over. */
  #memoryWatch(): { look(): void; cancel(): void } {
    let looksLeftOut = 0
    let isLooking = false
    let done = false
    const look = async (): Promise<void> => {
      if ((await this.#memoryBytes()) <= this.#options.memoryBytesMax || done) return
      await this.endIfExhausted()
      looksLeftOut = LOOKS_AFTER_GARBAGE
    }
    return {
      look: () => {
        if (looksLeftOut > 0) looksLeftOut -= 1
        else if (!isLooking) {
          isLooking = true
          void look().finally(() => {
            isLooking = false
          })
        }
      },
      cancel: () => {
        done = true
      },
    }
  }

  async #memoryBytes(): Promise<number> {
    try {
      const { used_heap_size, external_memory } = await this.#worker.getHeapStatistics()
      return used_heap_size + external_memory
    } catch {
      // It has ended meanwhile, which somebody else hears of.
      return 0
    }
  }

  async #endIfExhausted(): Promise<boolean> {
    const { memoryBytesMax } = this.#options
    using inspected = await InspectedThread.open(this.#worker)
    const position = await this.#soon(inspected?.whereItIs())
    if (position === undefined) return false
    const bytes = (await this.#soon(inspected?.memoryBytes())) ?? 0
    if (bytes <= memoryBytesMax) {
      await this.#soon(inspected?.goOn())
      return false
    }
    const message = `it took more memory than ${formatSize(memoryBytesMax)}`
    await this.#end({ error: { message, stack: '' }, position: position ?? undefined })
    return true
  }

  async #endWhereItIs(message: string): Promise<void> {
    using inspected = await InspectedThread.open(this.#worker)
    const position = await this.#soon(inspected?.whereItIs())
    const text =
      position === null
        ? `${message}, waiting for something: hand signal to what it awaits, or set a longer deadline`
        : message
    await this.#end({ error: { message: text, stack: '' }, position: position ?? undefined })
  }

  /** What a thread says that can be interrupted; within one long step of the engine itself none can. */
  async #soon<Answer>(answer: Promise<Answer> | undefined): Promise<Answer | undefined> {
    if (answer === undefined) return undefined
    let timer: Timer | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = this.#options.clock.schedule(LOCATE_MS_MAX, () => resolve(undefined))
    })
    try {
      return await Promise.race([answer, late])
    } finally {
      timer?.cancel()
    }
  }

  #heard(reply: ThreadReply): void {
    if (reply.kind === 'log') {
      const { pipeline } = this.#options
      for (const [level, message, fields] of reply.lines) {
        this.#options.logger[level](message, { pipeline, ...fields })
      }
    } else if (reply.kind === 'answer') this.#settle?.({ kind: 'answered', answer: reply })
    else this.#loaded?.(reply)
  }

  #died(fault: ThreadFault): void {
    this.#ended ??= fault
    this.#loaded?.(this.#ended)
    const index = Atomics.load(this.#state.numbers, 0)
    this.#settle?.({ kind: 'died', index, fault: this.#ended })
  }

  async #end(fault: ThreadFault): Promise<void> {
    this.#died(fault)
    await this.#worker.terminate()
  }

  #lastWords(): ThreadFault {
    const length = this.#state.numbers[2] ?? 0
    const stack = Buffer.from(this.#state.words.slice(0, length)).toString()
    const [first = ''] = stack.split('\n')
    const message = first === '' ? 'its thread ended' : first.replace(/^Error: /, '')
    return { error: { message, stack } }
  }
}

function faultOf(thrown: unknown): ThreadFault {
  if (!(thrown instanceof Error)) return { error: { message: String(thrown), stack: '' } }
  return { error: { message: thrown.message, stack: String(thrown.stack) } }
}

function missingText(found: string): string {
  if (found === 'both') return 'expected a default export or batch, got both: keep one of them'
  const got = found === '' ? 'nothing' : found
  return `expected a default export that is a function, or a function batch, got ${got}`
}
