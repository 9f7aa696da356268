/** A processor whose work is told as spans. What it fails on is told there, too. */
import type { Processor } from '../component.ts'
import type { Batch } from '../message.ts'
import { type ComponentSpans, keepJourneys, type OpenSpans } from './component-spans.ts'

type Batches = readonly Batch[]

export class TracedProcessor implements Processor {
  readonly #processor: Processor
  readonly #spans: ComponentSpans

  constructor(processor: Processor, spans: ComponentSpans) {
    this.#processor = processor
    this.#spans = spans
  }

  process(batch: Batch, signal: AbortSignal): Batches | Promise<Batches> {
    const spans = this.#spans.begin(batch)
    try {
      const result = this.#processor.process(batch, signal)
      if (!(result instanceof Promise)) return this.#done(batch, result, spans)
      return result.then(
        (batches) => this.#done(batch, batches, spans),
        (thrown) => this.#threw(thrown, spans),
      )
    } catch (thrown) {
      return this.#threw(thrown, spans)
    }
  }

  async close(): Promise<void> {
    await this.#processor.close?.()
  }

  #done(given: Batch, made: Batches, spans: OpenSpans): Batches {
    keepJourneys(given, made)
    if (spans.size > 0) {
      for (const batch of made) this.#tellFailures(batch, spans)
      this.#spans.finish(spans)
    }
    return made
  }

  /** Of those that it made; a message may bring the failure of an earlier one along. */
  #tellFailures(batch: Batch, spans: OpenSpans): void {
    for (const message of batch) {
      const failure = message.failure()
      if (failure?.sourcePath === this.#spans.path) {
        this.#spans.failOne(spans, message, failure.text)
      }
    }
  }

  #threw(thrown: unknown, spans: OpenSpans): never {
    this.#spans.failAll(spans, thrown)
    this.#spans.finish(spans)
    throw thrown
  }
}
