/**
 * The spans of one component: one for each journey that a batch brings, from when the component is given the batch to
 * when it is through with it. Where no tracer keeps the trace there are none.
 */
import type { Span, SpanFacts } from '../../ports/tracing.ts'
import type { Batch, Message } from '../message.ts'
import { embark, type Journey, journeyOf, journeysOf } from './journey.ts'
import { componentFacts, type TracedComponent } from './span-facts.ts'

export type OpenSpans = ReadonlyMap<Journey, Span>

const NONE: OpenSpans = new Map()

export class ComponentSpans {
  readonly path: string
  readonly #name: string
  readonly #facts: SpanFacts
  /** Whether they stand for what is within as well. */
  readonly #whole: boolean
  readonly #mask: (text: string) => string

  /** `mask`: takes out of errors what is not to be shown. */
  constructor(
    component: TracedComponent,
    name: string,
    mask: (text: string) => string,
    whole = false,
  ) {
    this.path = component.path
    this.#whole = whole
    this.#name = name
    this.#facts = componentFacts(component)
    this.#mask = mask
  }

  begin(batch: Batch): OpenSpans {
    const recorded = journeysOf(batch).filter(({ recording }) => recording)
    if (recorded.length === 0) return NONE
    return new Map(
      recorded.map((journey) => [journey, journey.begin(this.#name, this.path, this.#facts)]),
    )
  }

  /** Whether a failure is told on these spans, by where it happened. */
  covers(sourcePath: string): boolean {
    return sourcePath === this.path || (this.#whole && sourcePath.startsWith(`${this.path}.`))
  }

  failAll(spans: OpenSpans, thrown: unknown): void {
    const text = thrown instanceof Error ? thrown.message : String(thrown)
    for (const span of spans.values()) span.fail(this.#mask(text))
  }

  failOne(spans: OpenSpans, message: Message, text: string): void {
    const journey = journeyOf(message)
    if (journey !== undefined) spans.get(journey)?.fail(this.#mask(text))
  }

  finish(spans: OpenSpans): void {
    for (const [journey, span] of spans) journey.finish(this.path, span)
  }
}

/** What a processor made of several messages, or of none of them, goes on with the journey of the first. */
export function keepJourneys(given: Batch, made: readonly Batch[]): void {
  const [first] = given
  const journey = first === undefined ? undefined : journeyOf(first)
  if (journey === undefined) return
  for (const batch of made) {
    for (const message of batch) {
      if (journeyOf(message) === undefined) embark(message, journey)
    }
  }
}
