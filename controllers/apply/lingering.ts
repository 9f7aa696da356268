/**
 * What was begun and takes its time, as the draining of a pipeline may: it goes on beside the looks of its source, and
 * tells when it has ended. Nothing else is done to a resource meanwhile.
 */
import type { Outcome } from './apply-plan.ts'

export class Lingering {
  readonly #onEnded: () => void
  readonly #running = new Map<string, Promise<void>>()
  #ended: Outcome[] = []

  constructor(onEnded: () => void) {
    this.#onEnded = onEnded
  }

  /** By identityKey. */
  has(key: string): boolean {
    return this.#running.has(key)
  }

  /** `done` never rejects. */
  add(key: string, done: Promise<Outcome>): void {
    const ended = done.then((outcome) => {
      this.#running.delete(key)
      this.#ended.push(outcome)
      this.#onEnded()
    })
    this.#running.set(key, ended)
  }

  /** What has ended since it was asked last. */
  takeEnded(): readonly Outcome[] {
    const ended = this.#ended
    this.#ended = []
    return ended
  }

  /** Resolves once nothing of what runs now goes on. */
  async settled(): Promise<void> {
    await Promise.all(this.#running.values())
  }
}
