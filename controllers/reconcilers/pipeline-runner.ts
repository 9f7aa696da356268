/**
 * Keeps pipelines running as they were last asked for: build, stop the old, connect the new, and the old returns where
 * the new cannot. What is unchanged is not touched.
 *
 * It knows configs, not resources: Pipelines and Sinks are both run by it.
 */
import { asHeadgateError } from '../../engine/error.ts'
import type {
  Pipeline,
  PipelineEnvironment,
  PipelineState,
} from '../../engine/pipelines/pipeline.ts'
import type { Clock } from '../../engine/ports/clock.ts'
import type { Handover } from '../resets/position-handover.ts'
import type { ExclusiveClaims } from './exclusive-claims.ts'
import { KeyListeners } from './key-listeners.ts'
import { NOTHING_PREPARED, type Prepared } from './reconciler.ts'

export interface Run {
  readonly key: string
  /** Of the declaration. */
  readonly digest: string
  /** Of what makes a difference while it runs: with the same one, nothing is restarted. */
  readonly runDigest: string
  readonly config: Readonly<Record<string, unknown>>
  readonly environment: PipelineEnvironment
  /** What it holds alone, by the names of `exclusiveName`. */
  readonly exclusives: readonly string[]
  /** Paused and inactive ones are stopped, and keep their position. */
  readonly active: boolean
  /** Its finite input has ended under this digest. */
  readonly completed: boolean
  /** What has to be moved before it runs; it is stopped for that. */
  readonly handover?: Handover | undefined
}

export type BuildPipeline = (config: unknown, environment: PipelineEnvironment) => Promise<Pipeline>

export interface PipelineRunnerOptions {
  readonly build: BuildPipeline
  /** Rejects where what a pipeline would hold alone cannot be had. */
  readonly probe?: (exclusive: string) => Promise<void>
  readonly claims: ExclusiveClaims
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly stopDeadlineMs: number
  /** Called once when the finite input of a run has ended. */
  readonly onCompleted: (key: string, digest: string, ranMs: number) => void
}

export interface RunState {
  readonly digest: string
  readonly active: boolean
  readonly completed: boolean
  /** Since it was connected, up to where it ended; 0 for what has not run. */
  readonly uptimeMs: number
  readonly pipeline: PipelineState | undefined
  /** It was stopped to be replaced or removed in a moment. */
  readonly standsDown: boolean
}

interface Current {
  readonly run: Run
  readonly pipeline: Pipeline | undefined
  readonly watching: Disposable | undefined
  readonly lasted: Lasted | undefined
  /** Something else takes its place in a moment, or nothing does. */
  readonly standsDown?: true
}

/** On the monotonic clock. */
interface Lasted {
  readonly startedMs: number
  endedMs: number | undefined
}

export class PipelineRunner {
  readonly #options: PipelineRunnerOptions
  readonly #current = new Map<string, Current>()
  readonly #listeners = new KeyListeners()
  /** What is under way, by key. */
  readonly #turns = new Map<string, Promise<void>>()
  /** Built and not yet asked to run, by key. */
  readonly #prepared = new Map<
    string,
    { readonly runDigest: string; readonly pipeline: Pipeline }
  >()
  /** For the stops of one key that somebody gave a time of their own. */
  readonly #deadlinesMs = new Map<string, number>()

  constructor(options: PipelineRunnerOptions) {
    this.#options = options
  }

  /** Of one key one after the other, whoever asks: a drain may take its time. */
  apply(run: Run, signal?: AbortSignal): Promise<void> {
    return this.#inTurn(run.key, () => this.#apply(run, signal))
  }

  /** Builds it, and asks for what nobody here holds, while whatever runs under its key runs on. */
  async prepare(run: Run): Promise<Prepared> {
    const { build, probe, claims } = this.#options
    const { key, runDigest } = run
    const before = this.#current.get(key)
    const stops = before?.pipeline?.state().phase === 'running' && !isAsAsked(before, run)
    const isDone = before !== undefined && isAsAsked(before, run)
    if (isDone || !run.active || run.completed) return { ...NOTHING_PREPARED, stops }
    const waitsForHolder = run.exclusives.some((name) => claims.isHeldBesides(key, name))
    if (this.#prepared.get(key)?.runDigest === runDigest)
      return { ...NOTHING_PREPARED, stops, waitsForHolder }
    const pipeline = await build(run.config, run.environment)
    const dispose = async (): Promise<void> => {
      if (this.#prepared.get(key)?.pipeline === pipeline) this.#prepared.delete(key)
      if (pipeline.state().phase === 'built') await pipeline.stop(0)
    }
    try {
      for (const name of run.exclusives) if (!claims.isHeld(name)) await probe?.(name)
    } catch (error) {
      await dispose()
      throw error
    }
    this.#prepared.set(key, { runDigest, pipeline })
    return { waitsForHolder, stops, [Symbol.asyncDispose]: dispose }
  }

  remove(key: string): Promise<void> {
    return this.#inTurn(key, () => this.#remove(key))
  }

  /**
   * Stops what runs and starts the same anew; a finite input begins again. False where nothing is to run. `between` is
   * done while nothing runs; where it fails, the old returns.
   */
  async restart(
    key: string,
    between?: () => Promise<void>,
    signal?: AbortSignal,
  ): Promise<boolean> {
    let restarted = false
    await this.#inTurn(key, async () => {
      const before = this.#current.get(key)
      if (before === undefined || !before.run.active) {
        await between?.()
        return
      }
      const run = { ...before.run, completed: false }
      this.#options.claims.claim(key, run.exclusives)
      try {
        await this.#replace(before, run, signal, between && { move: between })
      } finally {
        this.#keepClaims(key)
      }
      restarted = true
    })
    return restarted
  }

  /**
   * Stops what runs, which is to be replaced or removed next, and says nothing of it to those who would start it again.
   * Disposing gives it back where neither happened.
   */
  async standDown(key: string): Promise<AsyncDisposable> {
    let stood: Current | undefined
    await this.#inTurn(key, async () => {
      const before = this.#current.get(key)
      if (before?.pipeline?.state().phase !== 'running') return
      stood = { ...before, standsDown: true }
      this.#current.set(key, stood)
      await this.#stop(stood)
    })
    return {
      [Symbol.asyncDispose]: () =>
        this.#inTurn(key, async () => {
          if (stood === undefined || this.#current.get(key) !== stood) return
          await this.#giveBack(key, stood, undefined)
          this.#keepClaims(key)
        }),
    }
  }

  /** From then on until it is disposed of, what stops under this key is closed by force. */
  stopAtOnceAfter(key: string, signal: AbortSignal): Disposable {
    const force = (): void => {
      this.#deadlinesMs.set(key, 0)
      const pipeline = this.#current.get(key)?.pipeline
      if (pipeline?.state().phase === 'stopping') void pipeline.stop(0)
    }
    if (signal.aborted) force()
    signal.addEventListener('abort', force, { once: true })
    return {
      [Symbol.dispose]: () => {
        signal.removeEventListener('abort', force)
        this.#deadlinesMs.delete(key)
      },
    }
  }

  /** Until it is disposed of, stops of this key get this long instead of the usual deadline. */
  stopWithin(key: string, deadlineMs: number): Disposable {
    this.#deadlinesMs.set(key, deadlineMs)
    return { [Symbol.dispose]: () => void this.#deadlinesMs.delete(key) }
  }

  async #inTurn(key: string, work: () => Promise<void>): Promise<void> {
    const before = this.#turns.get(key)
    const mine = before === undefined ? work() : before.then(work)
    const done = mine.catch(() => undefined)
    this.#turns.set(key, done)
    try {
      await mine
    } finally {
      if (this.#turns.get(key) === done) this.#turns.delete(key)
    }
  }

  async #apply(run: Run, signal: AbortSignal | undefined): Promise<void> {
    const before = this.#current.get(run.key)
    const { handover } = run
    if (before !== undefined && handover === undefined && isAsAsked(before, run)) {
      this.#current.set(run.key, { ...before, run })
      return
    }
    if (!run.active || run.completed) {
      await this.#stop(before)
      await handOver(handover)
      const { lasted } = before ?? {}
      this.#current.set(run.key, { run, pipeline: undefined, watching: undefined, lasted })
      this.#keepClaims(run.key)
      this.#listeners.tell(run.key)
      return
    }
    // What the old one holds stays its own until the new one runs: it may have to return.
    this.#options.claims.claim(run.key, run.exclusives)
    try {
      await this.#replace(before, run, signal, handover)
    } finally {
      this.#keepClaims(run.key)
    }
  }

  async #replace(
    before: Current | undefined,
    run: Run,
    signal: AbortSignal | undefined,
    handover?: Pick<Handover, 'move'> & Partial<Handover>,
  ): Promise<void> {
    const next = this.#takePrepared(run) ?? (await this.#options.build(run.config, run.environment))
    const ran = before?.standsDown === true || before?.pipeline?.state().phase === 'running'
    await this.#stop(before)
    try {
      await handover?.move()
      await this.#connect(run, next, signal)
      handover?.confirm?.()
    } catch (error) {
      await next.stop(0)
      const isBack = await isTakenBack(handover)
      if (ran && isBack) await this.#giveBack(run.key, before, signal)
      else this.#current.delete(run.key)
      throw asHeadgateError(error)
    }
  }

  #takePrepared({ key, runDigest }: Run): Pipeline | undefined {
    const prepared = this.#prepared.get(key)
    if (prepared?.runDigest !== runDigest) return undefined
    this.#prepared.delete(key)
    return prepared.pipeline
  }

  async #remove(key: string): Promise<void> {
    const current = this.#current.get(key)
    await this.#stop(current)
    this.#current.delete(key)
    this.#options.claims.forget(key)
    this.#listeners.tell(key)
  }

  state(key: string): RunState | undefined {
    const current = this.#current.get(key)
    if (current === undefined) return undefined
    const pipeline = current.pipeline?.state()
    return {
      digest: current.run.digest,
      active: current.run.active,
      completed: current.run.completed || pipeline?.phase === 'completed',
      uptimeMs: this.#uptimeMs(current.lasted),
      pipeline,
      standsDown: current.standsDown === true,
    }
  }

  /** What runs or ran last under a key, for whoever asks it for more than its state. */
  pipeline(key: string): Pipeline | undefined {
    return this.#current.get(key)?.pipeline
  }

  watch(listener: (key: string) => void): Disposable {
    return this.#listeners.add(listener)
  }

  #uptimeMs(lasted: Lasted | undefined): number {
    if (lasted === undefined) return 0
    return (lasted.endedMs ?? this.#options.clock.monotonicMs()) - lasted.startedMs
  }

  /** All of them at once, each with the deadline. */
  async stopAll(): Promise<void> {
    const keys = new Set([...this.#current.keys(), ...this.#turns.keys()])
    await Promise.all([...keys].map((key) => this.remove(key)))
  }

  async #connect(run: Run, pipeline: Pipeline, signal: AbortSignal | undefined): Promise<void> {
    await pipeline.connect(signal)
    const { clock } = this.#options
    const lasted: Lasted = { startedMs: clock.monotonicMs(), endedMs: undefined }
    let told = false
    const look = (): void => {
      if (pipeline.state().phase !== 'running') lasted.endedMs ??= clock.monotonicMs()
      if (pipeline.state().phase === 'completed' && !told) {
        told = true
        const digest = this.#current.get(run.key)?.run.digest ?? run.digest
        this.#options.onCompleted(run.key, digest, this.#uptimeMs(lasted))
        this.#keepClaims(run.key)
      }
      this.#listeners.tell(run.key)
    }
    this.#current.set(run.key, { run, pipeline, watching: pipeline.watch(look), lasted })
    look()
  }

  /** The old returns; where it cannot either, it is not running, and the next try begins anew. */
  async #giveBack(
    key: string,
    before: Current | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (before?.pipeline === undefined) return
    try {
      const again = await this.#options.build(before.run.config, before.run.environment)
      try {
        await this.#connect(before.run, again, signal)
      } catch (error) {
        await again.stop(0)
        throw error
      }
    } catch {
      this.#current.delete(key)
      this.#listeners.tell(key)
    }
  }

  /** What runs, or stopped by itself and is about to run again, holds what it needs. */
  #keepClaims(key: string): void {
    const current = this.#current.get(key)
    const phase = current?.pipeline?.state().phase
    const holds = current !== undefined && phase !== undefined && phase !== 'completed'
    this.#options.claims.keep(key, holds ? current.run.exclusives : [])
  }

  async #stop(current: Current | undefined): Promise<void> {
    if (current === undefined) return
    current.watching?.[Symbol.dispose]()
    if (current.lasted !== undefined) current.lasted.endedMs ??= this.#options.clock.monotonicMs()
    const { stopDeadlineMs } = this.#options
    await current.pipeline?.stop(this.#deadlinesMs.get(current.run.key) ?? stopDeadlineMs)
  }
}

/** Of what does not run. */
async function handOver(handover: Handover | undefined): Promise<void> {
  try {
    await handover?.move()
    handover?.confirm()
  } catch (error) {
    await isTakenBack(handover)
    throw error
  }
}

/** Where it cannot be, nothing may run before it is: the next try sees to that. */
async function isTakenBack(handover: Partial<Handover> | undefined): Promise<boolean> {
  try {
    await handover?.takeBack?.()
    return true
  } catch {
    return false
  }
}

function isAsAsked({ run, pipeline }: Current, asked: Run): boolean {
  if (run.runDigest !== asked.runDigest || run.active !== asked.active) return false
  if (!asked.active) return true
  const phase = pipeline?.state().phase
  if (asked.completed) return pipeline === undefined || phase === 'completed'
  return phase === 'running' || phase === 'completed'
}
