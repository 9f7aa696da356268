/**
 * Keeps batches in memory, and acknowledges them as they come in: fast inputs, at the price that a crash loses what is
 * held. What the output rejects goes back to the front.
 */
import { Type } from '../../../crds/typebox.ts'
import {
  type Buffer,
  type BufferDefinition,
  defineBuffer,
  type InputBatch,
} from '../../pipelines/component.ts'
import type { Batch } from '../../pipelines/message.ts'
import { isOriginLost, type Outcome } from '../../pipelines/transaction.ts'

/** As upstream has it. */
export const MEMORY_BUFFER_BYTES_DEFAULT = 524_288_000

export const memory: BufferDefinition = defineBuffer({
  name: 'memory',
  status: 'stable',
  effects: 'none',
  summary: 'Keeps batches in memory; a crash loses what it holds.',
  config: Type.Object({
    limit: Type.Integer({
      default: MEMORY_BUFFER_BYTES_DEFAULT,
      minimum: 1,
      description: 'Bytes that it holds before the input has to wait.',
    }),
  }),
  keepsTransaction: false,
  build: ({ limit }) => new MemoryBuffer(limit),
})

class MemoryBuffer implements Buffer {
  readonly #limit: number
  readonly #batches: Batch[] = []
  readonly #wakes: (() => void)[] = []
  /** Of what is held and of what was handed on and is not settled. */
  #bytes = 0
  #unsettled = 0
  #ended = false

  constructor(limit: number) {
    this.#limit = limit
  }

  async connect(): Promise<void> {}

  put(batch: Batch, settle: (outcome: Outcome) => void, signal: AbortSignal): void | Promise<void> {
    if (this.#bytes >= this.#limit) return this.#putLater(batch, settle, signal)
    this.#batches.push(batch)
    this.#bytes += weigh(batch)
    this.#wake()
    settle(undefined)
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined> {
    return this.#take() ?? this.#readLater(signal)
  }

  async close(): Promise<void> {
    this.#ended = true
    this.#batches.length = 0
    this.#unsettled = 0
    this.#wake()
  }

  async #putLater(
    batch: Batch,
    settle: (outcome: Outcome) => void,
    signal: AbortSignal,
  ): Promise<void> {
    while (this.#bytes >= this.#limit) await this.#change(signal)
    await this.put(batch, settle, signal)
  }

  async #readLater(signal: AbortSignal): Promise<InputBatch | undefined> {
    for (;;) {
      const batch = this.#take()
      if (batch !== undefined) return batch
      if (this.#ended && this.#unsettled === 0) return undefined
      await this.#change(signal)
    }
  }

  #take(): InputBatch | undefined {
    const messages = this.#batches.shift()
    if (messages === undefined) return undefined
    this.#unsettled += 1
    return {
      messages,
      settle: (outcome) => {
        this.#unsettled -= 1
        const rejected =
          outcome === undefined
            ? []
            : messages.filter((message) => outcome.origins.has(message.origin))
        const lost = outcome !== undefined && isOriginLost(outcome, messages)
        const left = lost ? messages : rejected
        if (left.length > 0) this.#batches.unshift(left)
        this.#bytes += weigh(left) - weigh(messages)
        this.#wake()
      },
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal.reason)
      signal.addEventListener('abort', abort, { once: true })
      this.#wakes.push(() => {
        signal.removeEventListener('abort', abort)
        resolve()
      })
    })
  }

  #wake(): void {
    for (const wake of this.#wakes.splice(0)) wake()
  }
}

function weigh(batch: Batch): number {
  let bytes = 0
  for (const message of batch) bytes += message.content().length
  return bytes
}
