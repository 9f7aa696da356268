/**
 * Keeps batches in memory, and acknowledges them as they come in: fast inputs, at the price that a crash loses what is
 * held. What the output rejects goes out again, ahead of the rest.
 *
 * With a batching policy, what comes in is gathered to the batches that go out. A policy that waits for more than the
 * limit lets in is given what there is.
 */
import { type TUnsafe, Type } from '../../../crds/typebox.ts'
import { Batcher, type BatchPolicyConfig, batchPolicySchema } from '../../pipelines/batch-policy.ts'
import { type Batching, batchingOf } from '../../pipelines/batching.ts'
import {
  type Buffer,
  type BufferDefinition,
  defineBuffer,
  type InputBatch,
} from '../../pipelines/component.ts'
import type { Batch } from '../../pipelines/message.ts'
import type { Outcome } from '../../pipelines/transaction.ts'
import type { Clock } from '../../ports/clock.ts'
import { Changes } from './changes.ts'
import { Queue } from './queue.ts'
import { weightOf } from './weight-of.ts'

/** As upstream has it. */
export const MEMORY_BUFFER_BYTES_DEFAULT = 524_288_000

const batchPolicy: TUnsafe<BatchPolicyConfig & { readonly enabled: boolean }> = Type.Unsafe({
  ...Type.Object(
    {
      enabled: Type.Boolean({ default: false, description: 'Whether messages are gathered.' }),
      ...batchPolicySchema.properties,
    },
    { description: 'Gathers what comes in to the batches that go out.' },
  ),
  default: {},
})

export const memory: BufferDefinition = defineBuffer({
  name: 'memory',
  status: 'stable',
  effects: 'none',
  summary: 'Keeps batches in memory; a crash loses what it holds.',
  description: `An input that cannot wait is answered at once, and a stop delivers what is held as far as its deadline allows.
Where nothing may be lost, take \`sqlite\`, or a stream between two pipelines.`,
  config: Type.Object({
    limit: Type.Integer({
      default: MEMORY_BUFFER_BYTES_DEFAULT,
      minimum: 1,
      description: 'Bytes that it holds before the input has to wait.',
    }),
    batch_policy: batchPolicy,
  }),
  keepsTransaction: false,
  examples: [
    { title: 'As much as there is room for', config: {} },
    {
      title: 'Batches of a thousand, or of what came within a second',
      config: { limit: 10_000_000, batch_policy: { enabled: true, count: 1_000, period: '1s' } },
    },
  ],
  build: async ({ limit, batch_policy }, context) => {
    const policy = batch_policy?.enabled === true ? batch_policy : undefined
    const batching = await batchingOf(policy, ['batch_policy'], context)
    return new MemoryBuffer(limit, batching, batching && context.environment.clock)
  },
})

interface Held {
  readonly messages: Batch
  readonly apart: boolean
}

class MemoryBuffer implements Buffer {
  readonly #limit: number
  readonly #batching: Batching | undefined
  readonly #batcher: Batcher<undefined> | undefined
  readonly #batches = new Queue<Held>()
  readonly takesApart: boolean
  readonly #changes = new Changes()
  readonly #closed = new AbortController()
  /** Of what is held and of what was handed on and is not settled. */
  #bytes = 0
  #unsettled = 0
  /** Gathered batches go through the policy's processors one after the other. */
  #ripening: Promise<void> | undefined
  #ended = false

  constructor(limit: number, batching: Batching | undefined, clock: Clock | undefined) {
    this.#limit = limit
    this.takesApart = batching === undefined
    this.#batching = batching
    if (batching === undefined || clock === undefined) return
    this.#batcher = new Batcher(batching.triggers, clock, (batch) => this.#ripen(batch, batching))
  }

  async connect(): Promise<void> {}

  put(
    batch: Batch,
    settle: (outcome: Outcome) => void,
    signal: AbortSignal,
    apart = false,
  ): void | Promise<void> {
    if (this.#bytes >= this.#limit) return this.#putLater(batch, settle, signal, apart)
    this.#bytes += weightOf(batch)
    if (this.#batcher === undefined) this.#hold({ messages: batch, apart })
    else this.#batcher.add(batch, undefined)
    settle(undefined)
  }

  end(): void {
    this.#batcher?.flush()
    this.#ended = true
    this.#changes.tell()
  }

  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined> {
    return this.#take() ?? this.#readLater(signal)
  }

  async close(): Promise<void> {
    this.#closed.abort()
    this.#batcher?.close()
    this.#ended = true
    this.#batches.clear()
    this.#unsettled = 0
    this.#changes.tell()
    await this.#batching?.processors.close()
  }

  async #putLater(
    batch: Batch,
    settle: (outcome: Outcome) => void,
    signal: AbortSignal,
    apart: boolean,
  ): Promise<void> {
    while (this.#bytes >= this.#limit) {
      // What is held back for a fuller batch would never go.
      this.#batcher?.flush()
      await this.#changes.next(signal)
    }
    await this.put(batch, settle, signal, apart)
  }

  async #readLater(signal: AbortSignal): Promise<InputBatch | undefined> {
    for (;;) {
      const batch = this.#take()
      if (batch !== undefined) return batch
      if (this.#ended && this.#unsettled === 0 && this.#ripening === undefined) return undefined
      await this.#changes.next(signal)
    }
  }

  #hold(held: Held): void {
    this.#batches.push(held)
    this.#changes.tell()
  }

  #ripen(batch: Batch, { processors }: Batching): void {
    const run = () => processors.run(batch, this.#closed.signal)
    const made = this.#ripening === undefined ? run() : this.#ripening.then(run)
    if (!(made instanceof Promise)) {
      this.#ripe(batch, made)
      return
    }
    const ripening = made.then((batches) => {
      if (this.#ripening === ripening) this.#ripening = undefined
      this.#ripe(batch, batches)
    })
    this.#ripening = ripening
  }

  #ripe(batch: Batch, made: readonly Batch[]): void {
    const joined = made.length === 1 ? (made[0] ?? []) : made.flat()
    this.#bytes += weightOf(joined) - weightOf(batch)
    if (joined.length > 0) this.#batches.push({ messages: joined, apart: false })
    this.#changes.tell()
  }

  #take(): InputBatch | undefined {
    const held = this.#batches.shift()
    if (held === undefined) return undefined
    const { messages } = held
    this.#unsettled += 1
    return {
      ...held,
      nack: 'replay',
      settle: () => {
        this.#unsettled -= 1
        this.#bytes -= weightOf(messages)
        this.#changes.tell()
      },
    }
  }
}
