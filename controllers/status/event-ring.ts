/** The events of a running control plane. */
import type { Clock } from '../../engine/ports/clock.ts'
import {
  type ControlEvent,
  EVENTS_MAX,
  type EventSubject,
  type Events,
  type NewEvent,
} from './events.ts'

export class EventRing implements Events {
  readonly #clock: Pick<Clock, 'wallUs'>
  /** In the order of their last occurrence. */
  readonly #events = new Map<string, ControlEvent>()
  readonly #listeners = new Set<(event: ControlEvent) => void>()
  #lastId = 0

  constructor(clock: Pick<Clock, 'wallUs'>) {
    this.#clock = clock
  }

  add({ type, reason, message, regarding, source }: NewEvent): void {
    const key = [type, reason, subjectKey(regarding), source, message].join('\n')
    const lastUs = this.#clock.wallUs()
    const before = this.#events.get(key)
    this.#events.delete(key)
    const event: ControlEvent =
      before === undefined
        ? {
            id: this.#nextId(),
            type,
            reason,
            message,
            regarding,
            source,
            firstUs: lastUs,
            lastUs,
            count: 1,
          }
        : { ...before, regarding, lastUs, count: before.count + 1 }
    this.#events.set(key, event)
    if (this.#events.size > EVENTS_MAX) this.#forgetOldest()
    for (const listener of this.#listeners) listener(event)
  }

  list(): readonly ControlEvent[] {
    return [...this.#events.values()]
  }

  watch(listener: (event: ControlEvent) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  #nextId(): number {
    this.#lastId += 1
    return this.#lastId
  }

  #forgetOldest(): void {
    const oldest = this.#events.keys().next().value
    if (oldest !== undefined) this.#events.delete(oldest)
  }
}

function subjectKey({ kind, namespace, name }: EventSubject): string {
  return `${kind}/${namespace ?? ''}/${name}`
}
