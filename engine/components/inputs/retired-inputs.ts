/**
 * Closes inputs that a pipeline which goes on has no more use for, once all that they gave is settled.
 *
 * A batch whose shard went to somebody else is never settled, so there is an end to the waiting.
 */
import type { Input, InputBatch } from '../../pipelines/component.ts'
import type { Clock } from '../../ports/clock.ts'

export const RETIRE_MS_MAX = 30_000

interface Watched {
  open: number
  idle: (() => void) | undefined
}

export class RetiredInputs {
  readonly #clock: Clock
  readonly #watched = new Map<Input, Watched>()
  readonly #retiring = new Set<Input>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The batch as it is to be given, so that its end is seen. */
  watch(input: Input, batch: InputBatch): InputBatch {
    const watched = this.#watched.get(input) ?? { open: 0, idle: undefined }
    this.#watched.set(input, watched)
    watched.open += 1
    return {
      ...batch,
      settle: (outcome) => {
        watched.open -= 1
        if (watched.open === 0) watched.idle?.()
        batch.settle?.(outcome)
      },
    }
  }

  /** Resolves once it is closed. */
  async retire(input: Input): Promise<void> {
    this.#retiring.add(input)
    const watched = this.#watched.get(input)
    if (watched !== undefined && watched.open > 0) {
      const idle = new Promise<void>((resolve) => {
        watched.idle = resolve
      })
      const settled = new AbortController()
      await Promise.race([idle, this.#clock.sleep(RETIRE_MS_MAX, settled.signal).catch(() => {})])
      settled.abort()
    }
    await this.#close(input)
  }

  /** Those that still wait are closed now. */
  async close(): Promise<void> {
    await Promise.all([...this.#retiring].map((input) => this.#close(input)))
  }

  async #close(input: Input): Promise<void> {
    this.#watched.delete(input)
    if (this.#retiring.delete(input)) await input.close()
  }
}
