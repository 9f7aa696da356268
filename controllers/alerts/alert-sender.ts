/**
 * Keeps one destination informed. Level, not edge: it compares what is so with what it told last, so that a retry tells
 * what is so by then, and an alert that came and went in between is not told at all.
 */
import { asHeadgateError } from '../../engine/error.ts'
import type { Clock, Timer } from '../../engine/ports/clock.ts'
import type { Logger } from '../../engine/ports/logger.ts'
import type { Random } from '../../engine/ports/random.ts'
import { rfc3339 } from '../status/conditions.ts'
import { type Alert, type AlertDestination, alertKey } from './alert.ts'
import type { DeliveredAlerts } from './delivered-alerts.ts'

export const ALERTS_A_POST_MAX = 100
export const RETRY_MS_FIRST = 1_000
export const RETRY_MS_MAX = 300_000

/** Rejects when it was not taken. */
export type PostJson = (url: string, body: string, signal: AbortSignal) => Promise<void>

export interface AlertSenderOptions {
  readonly destination: AlertDestination
  readonly delivered: DeliveredAlerts
  readonly post: PostJson
  /** What is so now, of all sources that were looked at. */
  readonly wanted: () => readonly Alert[]
  /** Of what is no longer wanted, whether that can be known yet. */
  readonly isKnown: (source: string) => boolean
  readonly clock: Pick<Clock, 'schedule' | 'wallUs'>
  readonly random: Pick<Random, 'next'>
  readonly logger: Pick<Logger, 'warn' | 'info'>
}

interface Due {
  readonly fired: readonly Alert[]
  readonly resolved: readonly Alert[]
}

export class AlertSender implements AsyncDisposable {
  readonly #options: AlertSenderOptions
  readonly #stopping = new AbortController()
  #sending: Promise<void> | undefined
  #timer: Timer | undefined
  #failures = 0

  constructor(options: AlertSenderOptions) {
    this.#options = options
  }

  /** Something may be otherwise. It never waits. */
  look(): void {
    if (this.#stopping.signal.aborted || this.#timer !== undefined) return
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('The control plane stops.'))
    this.#timer?.cancel()
    await this.#sending
  }

  async #send(): Promise<void> {
    const { destination, delivered, post, logger, clock } = this.#options
    for (let due = this.#due(); due !== undefined; due = this.#due()) {
      try {
        await post(destination.url, bodyOf(due, clock.wallUs()), this.#stopping.signal)
      } catch (thrown) {
        if (!this.#stopping.signal.aborted) this.#retry(asHeadgateError(thrown).message)
        return
      }
      if (this.#failures > 0)
        logger.info('Alerts are taken again.', { destination: originOf(destination.url) })
      this.#failures = 0
      delivered.tell(destination.url, due.fired, due.resolved)
    }
  }

  /** At most one post's worth. */
  #due(): Due | undefined {
    const { destination, delivered, wanted, isKnown } = this.#options
    const told = delivered.of(destination.url)
    const now = new Map(
      wanted()
        .filter(({ event }) => destination.events.includes(event))
        .map((alert) => [alertKey(alert), alert]),
    )
    const resolved = [...told]
      .filter(([key, { source }]) => !now.has(key) && isKnown(source))
      .map(([, alert]) => alert)
      .slice(0, ALERTS_A_POST_MAX)
    const fired = [...now]
      .filter(([key]) => !told.has(key))
      .map(([, alert]) => alert)
      .slice(0, ALERTS_A_POST_MAX - resolved.length)
    return fired.length + resolved.length === 0 ? undefined : { fired, resolved }
  }

  #retry(error: string): void {
    const { clock, random, logger, destination } = this.#options
    this.#failures += 1
    const growing = Math.min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** Math.min(this.#failures - 1, 16))
    const waitMs = Math.ceil(growing * (0.75 + random.next() / 4))
    if (this.#failures === 1)
      logger.warn('Alerts could not be delivered; that is tried again.', {
        destination: originOf(destination.url),
        error,
      })
    this.#timer = clock.schedule(waitMs, () => {
      this.#timer = undefined
      this.look()
    })
  }
}

/** What a destination gets: `{alerts: [{event, state, source, kind, namespace, name, reason, message, since, at}]}`. */
function bodyOf({ fired, resolved }: Due, nowUs: number): string {
  const told = (alert: Alert, state: 'firing' | 'resolved'): object => {
    const { event, source, kind, namespace, name, reason, message, sinceUs } = alert
    return {
      event,
      state,
      source,
      kind,
      ...(namespace === undefined ? {} : { namespace }),
      name,
      reason,
      message,
      since: rfc3339(sinceUs),
      at: rfc3339(nowUs),
    }
  }
  const alerts = [
    ...fired.map((alert) => told(alert, 'firing')),
    ...resolved.map((alert) => told(alert, 'resolved')),
  ]
  return JSON.stringify({ alerts })
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'an address'
}
