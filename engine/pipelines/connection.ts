/**
 * Keeps one component connected: the first attempt may fail for good, after that it is tried for ever with back-off.
 *
 * NotConnected says that somebody else is away; any other error of the first attempt is ours (a port, a file).
 */
import { asHeadgateError, type HeadgateError } from '../error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Health } from './health.ts'

export const RECONNECT_MS_FIRST = 500
export const RECONNECT_MS_MAX = 1_000

export interface Connectable {
  connect(signal: AbortSignal): Promise<void>
}

export class Connection {
  readonly place: string
  readonly #component: Connectable
  readonly #clock: Clock
  readonly #health: Health
  readonly #signal: AbortSignal
  #connected = false
  #attempt: Promise<void> | undefined

  constructor(
    place: string,
    component: Connectable,
    { clock, health, signal }: { clock: Clock; health: Health; signal: AbortSignal },
  ) {
    this.place = place
    this.#component = component
    this.#clock = clock
    this.#health = health
    this.#signal = signal
  }

  get connected(): boolean {
    return this.#connected
  }

  /** The first attempt: rejects on a local failure, resolves when connected or when it will be tried again. */
  async open(): Promise<void> {
    this.#health.lost(this.place)
    try {
      await this.#component.connect(this.#signal)
      this.#arrived()
    } catch (thrown) {
      const error = asHeadgateError(thrown)
      if (error.code !== 'NotConnected') throw error
      this.#health.lost(this.place, error)
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
    this.#connected = false
    this.#health.lost(this.place, error)
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
        this.#health.lost(this.place, asHeadgateError(thrown))
      }
    }
  }

  #arrived(): void {
    this.#signal.throwIfAborted()
    this.#connected = true
    this.#health.found(this.place)
  }
}

function ignoreAbort(): void {
  // The pipeline is being closed; there is nobody left to tell.
}
