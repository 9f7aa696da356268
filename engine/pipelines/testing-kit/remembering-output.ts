/** Stands in for an output: remembers each batch that it took. */
import type { Output } from '../component.ts'
import type { Batch } from '../message.ts'
import type { Activity } from './activity.ts'
import type { OutputMock } from './mocks.ts'

export class RememberingOutput implements Output {
  readonly #batches: Batch[]
  readonly #activity: Activity
  readonly #mock: OutputMock | undefined

  constructor(batches: Batch[], activity: Activity, mock: OutputMock | undefined) {
    this.#batches = batches
    this.#activity = activity
    this.#mock = mock
  }

  async connect(): Promise<void> {}

  write(batch: Batch): void | Promise<void> {
    this.#activity.moved()
    const answer = this.#mock?.(batch)
    if (!(answer instanceof Promise)) {
      this.#batches.push(batch)
      return
    }
    return this.#activity.during(answer.then(() => void this.#batches.push(batch)))
  }

  async close(): Promise<void> {}
}
