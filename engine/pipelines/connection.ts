/**
 * Keeps one component connected: the first attempt may fail for good, after that it is tried for ever with back-off.
 *
 * NotConnected says that somebody else is away; any other error of the first attempt is ours (a port, a file).
 */
import { asHeadgateError, type HeadgateError } from '../error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Counter } from './component-metrics.ts'
import type { Health } from './health.ts'
import type { ConnectionStatus } from './pipeline.ts'
import type { Place } from './place.ts'

export const RECONNECT_MS_FIRST = 500
export const RECONNECT_MS_MAX = 1_000

export interface Connectable {
  connect(signal: AbortSignal): Promise<void>
}

export class Connection {
  readonly place: Place
  readonly #component: Connectable
  readonly #clock: Clock
  readonly #health: Health
  readonly #signal: AbortSignal
  readonly #up: Counter
  readonly #failed: Counter
  readonly #lost: Counter
  #connected = false
  /** Why it is not connected, or what its component reported. */
  #error: HeadgateError | undefined
  #attempt: Promise<void> | undefined

  constructor(
    place: Place,
    component: Connectable,
    { clock, health, signal }: { clock: Clock; health: Health; signal: AbortSignal },
  ) {
    this.place = place
    this.#component = component
    this.#clock = clock
    this.#health = health
    this.#signal = signal
    const role = place.name.split(' ')[0]
    this.#up = place.metrics.counter(`${role}_connection_up`)
    this.#failed = place.metrics.counter(`${role}_connection_failed`)
    this.#lost = place.metrics.counter(`${role}_connection_lost`)
    health.enlist(this)
  }

  get connected(): boolean {
    return this.#connected
  }

  get status(): ConnectionStatus {
    const { label, path } = this.place
    if (this.#error === undefined) return { label, path, connected: this.#connected }
    return { label, path, connected: false, error: this.#error.message }
  }

  /** The first attempt: rejects on a local failure, resolves when connected or when it will be tried again. */
  async open(): Promise<void> {
    this.#health.lost(this.place.name)
    try {
      await this.#component.connect(this.#signal)
      this.#arrived()
    } catch (thrown) {
      const error = asHeadgateError(thrown)
      this.#away(error)
      if (error.code !== 'NotConnected') throw error
      this.ensure().catch(ignoreAbort)
    }
  }

  /** Resolves once connected; rejects only when the pipeline is closed by force. */
  ensure(): Promise<void> {
    if (this.#connected) return Promise.resolve()
    this.#attempt ??= this.#persist().finally(() => {
      this.#attempt = undefined
    })
    return this.#attempt
  }

  /** A read or a write found that the other side went. */
  lose(error: HeadgateError): void {
    this.#lost.add(1)
    this.#connected = false
    this.#error = error
    this.#health.lost(this.place.name, error)
  }

  /** The component repeats by itself: what it waits for, or that it waits no more. */
  report(trouble: HeadgateError | undefined): void {
    this.#error = trouble
    if (trouble === undefined) this.#health.found(this.place.name)
    else this.#health.lost(this.place.name, trouble)
  }

  /** The component is gone from a pipeline that goes on. */
  close(): void {
    this.#health.discharge(this)
  }

  async #persist(): Promise<void> {
    let waitMs = RECONNECT_MS_FIRST
    for (;;) {
      await this.#clock.sleep(waitMs, this.#signal)
      waitMs = Math.min(waitMs * 1.5, RECONNECT_MS_MAX)
      try {
        await this.#component.connect(this.#signal)
        this.#arrived()
        return
      } catch (thrown) {
        this.#signal.throwIfAborted()
        this.#away(asHeadgateError(thrown))
      }
    }
  }

  #arrived(): void {
    this.#signal.throwIfAborted()
    this.#connected = true
    this.#error = undefined
    this.#up.add(1)
    this.#health.found(this.place.name)
  }

  #away(error: HeadgateError): void {
    this.#failed.add(1)
    this.#error = error
    this.#health.lost(this.place.name, error)
  }
}

function ignoreAbort(): void {
  // The pipeline is being closed; there is nobody left to tell.
}
