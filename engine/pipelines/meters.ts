/** What the runtime counts around the components of each role, under Connect's names; a few additions a batch. */
import type { Clock } from '../ports/clock.ts'
import type { ComponentMetrics, Counter } from './component-metrics.ts'
import type { Batch } from './message.ts'
import { SampledTiming } from './sampled-timing.ts'

/** Of one step of a chain. */
export class ProcessorMeter {
  readonly timing: SampledTiming
  readonly #received: Counter
  readonly #batchesReceived: Counter
  readonly #sent: Counter
  readonly #batchesSent: Counter

  constructor(metrics: ComponentMetrics, clock: Clock) {
    this.timing = new SampledTiming(metrics.timing('processor_latency_ns'), clock)
    this.#received = metrics.counter('processor_received')
    this.#batchesReceived = metrics.counter('processor_batch_received')
    this.#sent = metrics.counter('processor_sent')
    this.#batchesSent = metrics.counter('processor_batch_sent')
    // Counted where a failure is made; it shows before there is any.
    metrics.counter('processor_error')
  }

  /** Answers what `end` is to be given. */
  begin(batch: Batch): number {
    this.#received.add(batch.length)
    this.#batchesReceived.add(1)
    return this.timing.begin()
  }

  end(batches: readonly Batch[], begunMs: number): void {
    this.timing.end(begunMs)
    this.#batchesSent.add(batches.length)
    for (const batch of batches) this.#sent.add(batch.length)
  }
}

/** Of what a pump reads from, each flight from its read to its end. */
export interface SourceMeter {
  readonly timing: SampledTiming
  read(batch: Batch): void
}

export function inputMeter(metrics: ComponentMetrics, clock: Clock): SourceMeter {
  const received = metrics.counter('input_received')
  return {
    timing: new SampledTiming(metrics.timing('input_latency_ns'), clock),
    read: (batch) => received.add(batch.length),
  }
}

/** Of a buffer: what is put in, and what is read out of it. */
export class BufferMeter implements SourceMeter {
  readonly timing: SampledTiming
  readonly #received: Counter
  readonly #batchesReceived: Counter
  readonly #sent: Counter
  readonly #batchesSent: Counter

  constructor(metrics: ComponentMetrics, clock: Clock) {
    this.timing = new SampledTiming(metrics.timing('buffer_latency_ns'), clock)
    this.#received = metrics.counter('buffer_received')
    this.#batchesReceived = metrics.counter('buffer_batch_received')
    this.#sent = metrics.counter('buffer_sent')
    this.#batchesSent = metrics.counter('buffer_batch_sent')
  }

  put(batch: Batch): void {
    this.#received.add(batch.length)
    this.#batchesReceived.add(1)
  }

  read(batch: Batch): void {
    this.#sent.add(batch.length)
    this.#batchesSent.add(1)
  }
}

export class OutputMeter {
  readonly timing: SampledTiming
  readonly #metrics: ComponentMetrics
  readonly #sent: Counter
  readonly #batchesSent: Counter
  readonly #errors: Counter

  constructor(metrics: ComponentMetrics, clock: Clock) {
    this.#metrics = metrics
    this.timing = new SampledTiming(metrics.timing('output_latency_ns'), clock)
    this.#sent = metrics.counter('output_sent')
    this.#batchesSent = metrics.counter('output_batch_sent')
    this.#errors = metrics.counter('output_error')
  }

  delivered(messages: number): void {
    if (messages === 0) return
    this.#sent.add(messages)
    this.#batchesSent.add(1)
  }

  failed(): void {
    this.#errors.add(1)
  }

  /** Refused before they were written, for they had failed. Only a strict pipeline has the series. */
  rejected(messages: number): void {
    this.#metrics.counter('output_rejected').add(messages)
  }

  gathered(mechanism: string): void {
    this.#metrics.counter('batch_created', { mechanism }).add(1)
  }
}
