/** Tells people outside when something needs them: looks after every look of a source, and at sources that give no look. */

import type { Clock, Timer } from '../../engine/ports/clock.ts'
import type { Logger } from '../../engine/ports/logger.ts'
import type { Random } from '../../engine/ports/random.ts'
import type { Failure } from '../apply/back-off.ts'
import type { ConvergenceRecord } from '../apply/convergence-ports.ts'
import { type Alert, type AlertDestination, alertKey } from './alert.ts'
import { AlertSender, type PostJson } from './alert-sender.ts'
import { type AlertingSource, alertsOf, type Stopped } from './alerts-of-source.ts'
import type { DeliveredAlerts } from './delivered-alerts.ts'

export const STALE_LOOK_MS = 60_000

export interface AlertsOptions {
  readonly destinations: readonly AlertDestination[]
  readonly delivered: DeliveredAlerts
  readonly post: PostJson
  readonly sources: ReadonlyMap<string, { state(): Pick<AlertingSource, 'set' | 'plan'> }>
  readonly failureOf: (key: string) => Failure | undefined
  readonly stoppedOf: (source: string) => readonly Stopped[]
  readonly clock: Clock
  readonly random: Pick<Random, 'next'>
  readonly logger: Pick<Logger, 'warn' | 'info'>
}

export class Alerts implements AsyncDisposable {
  readonly #options: AlertsOptions
  readonly #senders: readonly AlertSender[]
  /** As of its last look, by source. */
  readonly #current = new Map<string, readonly Alert[]>()
  readonly #completeMs = new Map<string, number>()
  readonly #startMs: number
  #timer: Timer | undefined

  constructor(options: AlertsOptions) {
    const { destinations, clock } = options
    this.#options = options
    this.#startMs = clock.monotonicMs()
    this.#senders = destinations.map(
      (destination) =>
        new AlertSender({
          ...options,
          destination,
          wanted: () => [...this.#current.values()].flat(),
          isKnown: (source) => this.#current.has(source) || !options.sources.has(source),
        }),
    )
    if (destinations.length > 0) this.#wait()
  }

  /** After each look. */
  looked({ source, read }: Pick<ConvergenceRecord, 'source' | 'read'>): void {
    if (this.#senders.length === 0) return
    if (read.complete) this.#completeMs.set(source, this.#options.clock.monotonicMs())
    this.#update(source)
    for (const sender of this.#senders) sender.look()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.cancel()
    await Promise.all(this.#senders.map((sender) => sender[Symbol.asyncDispose]()))
  }

  #wait(): void {
    this.#timer = this.#options.clock.schedule(STALE_LOOK_MS, () => {
      for (const source of this.#options.sources.keys()) this.#update(source)
      for (const sender of this.#senders) sender.look()
      this.#wait()
    })
  }

  /** What was so before keeps its beginning. */
  #update(source: string): void {
    const { clock, sources, failureOf, stoppedOf } = this.#options
    const loop = sources.get(source)
    if (loop === undefined) return
    const sinceMs = this.#completeMs.get(source) ?? this.#startMs
    const unreadMs = clock.monotonicMs() - sinceMs
    const before = new Map(
      (this.#current.get(source) ?? []).map((alert) => [alertKey(alert), alert]),
    )
    const { set, plan } = loop.state()
    const stopped = stoppedOf(source)
    const nowUs = clock.wallUs()
    const alerts = alertsOf({ source, set, plan, failureOf, stopped, unreadMs, nowUs })
    this.#current.set(
      source,
      alerts.map((alert) => {
        const known = before.get(alertKey(alert))
        return known === undefined ? alert : { ...alert, sinceUs: known.sinceUs }
      }),
    )
  }
}
