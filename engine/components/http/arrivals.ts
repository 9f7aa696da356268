/** Batches that came from clients and wait until the pipeline reads them. */
import type { InputBatch } from '../../pipelines/component.ts'

export interface Arrival {
  readonly batch: InputBatch
  /** False when its client does not wait any more: it is passed over. */
  taken(): boolean
}

export class Arrivals {
  readonly #queue: Arrival[] = []
  #wake: (() => void) | undefined
  #closed = false

  push(arrival: Arrival): void {
    this.#queue.push(arrival)
    this.#wake?.()
  }

  /** The next batch; undefined once it is closed, or the signal aborts and nothing is there. */
  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined> {
    return this.#take() ?? this.#wait(signal)
  }

  /** Reads end. What nobody took is given back. */
  close(): readonly Arrival[] {
    this.#closed = true
    const left = this.#queue.splice(0)
    this.#wake?.()
    return left
  }

  #take(): InputBatch | undefined {
    for (;;) {
      const arrival = this.#queue.shift()
      if (arrival === undefined) return undefined
      if (arrival.taken()) return arrival.batch
    }
  }

  async #wait(signal: AbortSignal): Promise<InputBatch | undefined> {
    while (!signal.aborted) {
      const batch = this.#take()
      if (batch !== undefined || this.#closed) return batch
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake)
          this.#wake = undefined
          resolve()
        }
        this.#wake = wake
        signal.addEventListener('abort', wake, { once: true })
      })
    }
    return undefined
  }
}
