/** A bell for the one who waits in an input's `read`, and whom a stop wakes, too. */
import { Wake } from '../pipelines/wake.ts'

export class SignalledWake {
  readonly #wake = new Wake()

  ring(): void {
    this.#wake.ring()
  }

  /** Until the next ring, or one since the last wait. Rejects with the signal's reason. */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const ring = (): void => this.#wake.ring()
    signal.addEventListener('abort', ring, { once: true })
    try {
      await this.#wake.wait()
    } finally {
      signal.removeEventListener('abort', ring)
    }
    signal.throwIfAborted()
  }
}
