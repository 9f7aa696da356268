/** An output whose writes are told as spans, one for each try. */
import type { Delivery, HoldOrder, Output } from '../component.ts'
import type { Batch } from '../message.ts'
import { BatchError } from '../transaction.ts'
import type { ComponentSpans, OpenSpans } from './component-spans.ts'

export class TracedOutput implements Output {
  readonly #output: Output
  readonly #spans: ComponentSpans

  constructor(output: Output, spans: ComponentSpans) {
    this.#output = output
    this.#spans = spans
  }

  connect(signal: AbortSignal): Promise<void> {
    return this.#output.connect(signal)
  }

  write(batch: Batch, delivery: Delivery): void | Promise<void> {
    const spans = this.#spans.begin(batch)
    if (spans.size === 0) return this.#output.write(batch, delivery)
    try {
      const written = this.#output.write(batch, delivery)
      if (written instanceof Promise) {
        return written.then(
          () => this.#spans.finish(spans),
          (thrown) => this.#failed(thrown, spans),
        )
      }
      this.#spans.finish(spans)
    } catch (thrown) {
      this.#failed(thrown, spans)
    }
  }

  relay(order: HoldOrder): void {
    this.#output.relay?.(order)
  }

  close(): Promise<void> {
    return this.#output.close()
  }

  #failed(thrown: unknown, spans: OpenSpans): never {
    if (thrown instanceof BatchError) {
      for (const [message, { message: text }] of thrown.failed) {
        this.#spans.failOne(spans, message, text)
      }
    } else {
      this.#spans.failAll(spans, thrown)
    }
    this.#spans.finish(spans)
    throw thrown
  }
}
