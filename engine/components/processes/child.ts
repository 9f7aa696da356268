/**
 * A child process of a component: started with pipes, in a group of its own, and gone when its component is.
 *
 * Its group goes with it, so a shell takes along what it started; whatever is left when this process exits is killed. Of
 * its arguments no message says anything, for they may hold secrets.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { HeadgateError } from '../../error.ts'
import type { ErrorCode } from '../../error-codes.ts'
import type { PipelineEnvironment } from '../../pipelines/pipeline.ts'
import type { Clock } from '../../ports/clock.ts'
import { childEnvironment } from './child-environment.ts'

/** The end of its standard error that is kept, to tell why it ended. */
export const CHILD_ERRORS_BYTES_MAX = 4_096
/** What a child gets to end by itself after SIGTERM, before SIGKILL. */
export const CHILD_TERM_MS = 1_000

/** How long its last words are waited for once it ended. */
const CHILD_LAST_WORDS_MS = 200

export interface ChildOptions {
  readonly name: string
  readonly args: readonly string[]
  readonly stdin: 'pipe' | 'ignore'
  readonly environment: PipelineEnvironment
  /** What it is when the command cannot be started. */
  readonly code: ErrorCode
  /** Hears what it writes to its standard error. */
  readonly errors: (chunk: Buffer) => void
}

/** Killed when this process exits, however it does that. */
const living = new Set<Child>()
let watching = false

export class Child {
  readonly stdin: Writable | undefined
  readonly stdout: Readable
  /** How it ended, in words. Never rejects. */
  readonly exited: Promise<{ readonly failed: boolean; readonly how: string }>
  readonly #process: ChildProcess
  readonly #clock: Clock
  #over = false

  private constructor(child: ChildProcess, { environment, errors }: ChildOptions) {
    this.#process = child
    this.#clock = environment.clock
    this.stdin = child.stdin ?? undefined
    this.stdout = child.stdout as Readable
    // A child that does not read is told apart by how its write ended.
    this.stdin?.on('error', () => {})
    let tail: Buffer = Buffer.alloc(0)
    child.stderr?.on('data', (chunk: Buffer) => {
      tail = Buffer.concat([tail, chunk]).subarray(-CHILD_ERRORS_BYTES_MAX)
      errors(chunk)
    })
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#over = true
        living.delete(this)
        const told = (): void => {
          const end = signal === null ? `ended with code ${code}` : `was ended by ${signal}`
          const text = tail.toString().trim()
          resolve({ failed: code !== 0, how: text === '' ? end : `${end}: ${text}` })
        }
        // What it wrote last may come after its end; one that it started may hold the pipe for ever.
        child.once('close', told)
        environment.clock.schedule(CHILD_LAST_WORDS_MS, told)
      })
    })
  }

  /** Rejects when there is no such command, or it may not be run. */
  static async start(options: ChildOptions): Promise<Child> {
    const { name, args, stdin, environment, code } = options
    const child = spawn(name, args, {
      cwd: environment.directory,
      env: childEnvironment(environment.env),
      stdio: [stdin, 'pipe', 'pipe'],
      detached: true,
    })
    try {
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve)
        child.once('error', reject)
      })
    } catch (cause) {
      const reason = (cause as NodeJS.ErrnoException).code ?? String(cause)
      throw new HeadgateError(code, `cannot run the command ${name}: ${reason}`, { cause })
    }
    child.on('error', () => {})
    return Child.#watched(new Child(child, options))
  }

  static #watched(child: Child): Child {
    if (!child.#over) living.add(child)
    if (!watching) {
      process.once('exit', () => {
        for (const one of living) one.kill('SIGKILL')
      })
      watching = true
    }
    return child
  }

  get over(): boolean {
    return this.#over
  }

  /** The whole group of it. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    const { pid } = this.#process
    if (this.#over || pid === undefined) return
    try {
      process.kill(-pid, signal)
    } catch {
      // It has just ended.
    }
  }

  /** It gets `ms` to end by itself once its standard input ended; then it has to. */
  async stop(ms: number): Promise<void> {
    this.stdin?.end()
    if (ms > 0 && (await this.#within(ms))) return
    this.kill('SIGTERM')
    if (!(await this.#within(CHILD_TERM_MS))) this.kill('SIGKILL')
    await this.exited
    this.stdout.destroy()
  }

  async #within(ms: number): Promise<boolean> {
    const timer = new AbortController()
    const late = this.#clock.sleep(ms, timer.signal).then(
      () => false,
      () => true,
    )
    const ended = await Promise.race([this.exited.then(() => true), late])
    timer.abort()
    return ended
  }
}
