/**
 * Commits how far inputs have read whose batches were made into others, once those were delivered.
 *
 * What was written is not in the same write as the position, so a crash in between repeats it: at-least-once. Positions
 * of one lane are committed in the order in which they were read. A write that fails is tried again for ever.
 */
import type { HeadgateError } from '../error.ts'
import {
  COMMIT_RETRY_MS,
  Committer,
  type CommitterEnvironment,
  type CommitterOwner,
} from './committer.ts'
import type { InputBatch } from './component.ts'
import { Flight, type FlightOwner } from './flight.ts'
import { Wake } from './wake.ts'

export class Positions implements FlightOwner, CommitterOwner {
  readonly #committer: Committer
  readonly #environment: CommitterEnvironment
  readonly #open = new Set<Flight>()
  readonly #wake = new Wake()

  constructor(environment: CommitterEnvironment) {
    this.#environment = environment
    this.#committer = new Committer(this, environment)
  }

  /** Called in the order of the reads; answers what to call once everything of the batch was delivered. */
  register(batch: InputBatch): () => void {
    if (batch.mark === undefined) return () => batch.settle?.(undefined)
    const flight = new Flight(batch, this)
    this.#committer.register(flight)
    return () => {
      this.#open.add(flight)
      flight.begin().resolve(undefined)
    }
  }

  /** Resolves once the positions of all that was delivered are written, or nothing will be any more. */
  async written(): Promise<void> {
    const { signal } = this.#environment
    const ring = (): void => this.#wake.ring()
    signal.addEventListener('abort', ring)
    while (this.#open.size > 0 && !signal.aborted) await this.#wake.wait()
    signal.removeEventListener('abort', ring)
  }

  landed(flight: Flight): void {
    this.#committer.add(flight)
  }

  rejected(): void {
    // Whoever made other batches of it answers for what was rejected.
  }

  committed(flight: Flight): void {
    flight.source.settle?.(undefined)
    this.#close(flight)
  }

  failed(flight: Flight, error: HeadgateError): void {
    this.#environment.health.trouble('positions', error)
    flight.startOver()
    const { clock, signal } = this.#environment
    clock.sleep(COMMIT_RETRY_MS, signal).then(
      () => this.#committer.add(flight),
      () => this.#close(flight),
    )
  }

  dropped(flight: Flight): void {
    this.#close(flight)
  }

  #close(flight: Flight): void {
    this.#open.delete(flight)
    this.#wake.ring()
  }
}
