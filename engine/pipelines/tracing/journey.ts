/**
 * The way of one message through one pipeline as a span, and what components do with it as spans within.
 *
 * A journey belongs to the message that the input gave, and to all that is derived from it: it is found by their origin,
 * so that messages carry nothing where nobody traces. What an inner component does is within what the outer one does,
 * which their paths tell.
 */
import type { Span, SpanFacts, TraceHeaders } from '../../ports/tracing.ts'
import type { Message } from '../message.ts'

export class Journey {
  readonly #span: Span
  /** What is under way, by the path of its component. */
  readonly #open = new Map<string, Span>()

  constructor(span: Span) {
    this.#span = span
  }

  get recording(): boolean {
    return this.#span.recording
  }

  /** The parent of what the component at the path sends; without one, of what happens at the moment. */
  headers(path?: string): TraceHeaders {
    const own = path === undefined ? [...this.#open.values()].at(-1) : this.#around(path)
    return (own ?? this.#span).headers
  }

  begin(name: string, path: string, facts: SpanFacts): Span {
    const span = (this.#around(path) ?? this.#span).begin(name, facts)
    this.#open.set(path, span)
    return span
  }

  finish(path: string, span: Span): void {
    if (this.#open.get(path) === span) this.#open.delete(path)
    span.end()
  }

  /** All of it was delivered, or not: then the error says why. */
  end(error?: string): void {
    if (error !== undefined) this.#span.fail(error)
    this.#span.end()
  }

  /** What is under way at the path, or next outside of it. */
  #around(path: string): Span | undefined {
    for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
      const span = this.#open.get(at)
      if (span !== undefined) return span
    }
    return undefined
  }
}

const journeys = new WeakMap<Message, Journey>()

export function journeyOf(message: Message): Journey | undefined {
  return journeys.get(message.origin)
}

export function embark(message: Message, journey: Journey): void {
  journeys.set(message.origin, journey)
}

/** Each journey of the batch once, in the order of its messages. */
export function journeysOf(batch: readonly Message[]): readonly Journey[] {
  const found = new Set<Journey>()
  for (const message of batch) {
    const journey = journeyOf(message)
    if (journey !== undefined) found.add(journey)
  }
  return [...found]
}
