/** One user of an input that pipelines share: each batch goes to one of them, and they read in turn. */
import type { Input, InputBatch } from './component.ts'
import type { Held, SharedSlot } from './shared-slot.ts'
import { unlessAborted } from './unless-aborted.ts'

/** Whose turn it is to read. */
export class ReadingTurns {
  #last: Promise<void> = Promise.resolve()

  async inTurn<T>(signal: AbortSignal, read: () => Promise<T>): Promise<T> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    try {
      await unlessAborted(before, signal)
      return await read()
    } finally {
      // Whoever gave up while it waited must not let the next one go first.
      void before.then(resolve)
    }
  }
}

export class SharedInput implements Input {
  readonly #slot: SharedSlot<Input>
  readonly #turns: ReadingTurns
  #isOpen = false

  constructor(slot: SharedSlot<Input>, turns: ReadingTurns) {
    this.#slot = slot
    this.#turns = turns
  }

  async connect(): Promise<void> {
    if (this.#isOpen) return
    await this.#slot.open()
    this.#isOpen = true
  }

  read(signal: AbortSignal): Promise<InputBatch | undefined> {
    return this.#turns.inTurn(signal, () => this.#read(signal))
  }

  async close(): Promise<void> {
    if (this.#isOpen) this.#slot.release()
    this.#isOpen = false
  }

  /** From the one of now; whoever waits while it is replaced goes on with the next. */
  async #read(signal: AbortSignal): Promise<InputBatch | undefined> {
    for (;;) {
      const held = await this.#slot.held()
      const stop = AbortSignal.any([signal, held.retired])
      held.begin()
      try {
        const batch = await held.value.read(stop)
        if (batch !== undefined) return untilSettled(batch, held)
        held.end()
        if (!held.retired.aborted || signal.aborted) return undefined
      } catch (error) {
        held.end()
        if (!held.retired.aborted || signal.aborted) throw error
      }
    }
  }
}

/** It stays in use until the fate of its batch is known. */
function untilSettled(batch: InputBatch, held: Held<Input>): InputBatch {
  const { settle } = batch
  return {
    ...batch,
    settle: (outcome) => {
      settle?.(outcome)
      held.end()
    },
  }
}
