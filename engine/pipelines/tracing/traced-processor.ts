/** Processors whose work is told as spans. What they fail on is told there, too. */
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
    return traced(this.#spans, batch, () => this.#processor.process(batch, signal))
  }

  async close(): Promise<void> {
    await this.#processor.close?.()
  }
}

/** What the work makes of the batch. */
export function traced<Made extends Batches | Promise<Batches>>(
  told: ComponentSpans,
  given: Batch,
  work: () => Made,
): Batches | Promise<Batches> {
  const spans = told.begin(given)
  const done = (made: Batches): Batches => {
    keepJourneys(given, made)
    if (spans.size > 0) {
      for (const batch of made) tellFailures(told, batch, spans)
      told.finish(spans)
    }
    return made
  }
  const threw = (thrown: unknown): never => {
    told.failAll(spans, thrown)
    told.finish(spans)
    throw thrown
  }
  let result: Batches | Promise<Batches>
  try {
    result = work()
  } catch (thrown) {
    return threw(thrown)
  }
  return result instanceof Promise ? result.then(done, threw) : done(result)
}

/** Of those that it made; a message may bring the failure of an earlier one along. */
function tellFailures(told: ComponentSpans, batch: Batch, spans: OpenSpans): void {
  for (const message of batch) {
    const failure = message.failure()
    if (failure !== undefined && told.covers(failure.sourcePath)) {
      told.failOne(spans, message, failure.text)
    }
  }
}
