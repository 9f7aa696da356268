/**
 * Gathers the batches of another input into larger ones, by a batch policy.
 *
 * A gathered batch is settled as one towards the runtime, and towards each batch that went into it by what became of its
 * own messages. Batches that the runtime repeats and batches whose source does are never gathered together. Where
 * positions are to be committed, that is done after the delivery and not with it.
 */
import { Batcher, type BatchPolicyConfig } from '../../pipelines/batch-policy.ts'
import type { Batching } from '../../pipelines/batching.ts'
import { runBrought } from '../../pipelines/brought-processors.ts'
import type { BuildContext, ProcessorChain } from '../../pipelines/build-context.ts'
import type { Input, InputBatch } from '../../pipelines/component.ts'
import type { Batch } from '../../pipelines/message.ts'
import type { Positions } from '../../pipelines/positions.ts'
import { isOriginLost, type Outcome, type Rejection } from '../../pipelines/transaction.ts'
import { Wake } from '../../pipelines/wake.ts'
import type { Clock } from '../../ports/clock.ts'
import { parted } from './parted-input.ts'

interface GatheringOptions {
  readonly input: Input
  readonly batching: Batching
  readonly clock: Clock
  readonly positions: Positions
  /** Counts a batch that left, by what made it leave. */
  readonly created: (mechanism: string) => void
}

/** What one batch of the inner input gave to a gathered one. */
interface Part {
  readonly source: InputBatch
  /** What its own processors made of it. */
  readonly messages: Batch
  readonly delivered: () => void
}

type Nack = NonNullable<InputBatch['nack']>

/** Whether the policy would ever gather anything. */
export function gathers(policy: Partial<BatchPolicyConfig> | undefined): boolean {
  const { count = 0, byte_size = 0, period = '', check = '' } = policy ?? {}
  return count > 0 || byte_size > 0 || period !== '' || check !== ''
}

/** Another input's batches, gathered; in the name of the component that the context is of. */
export function gathering(input: Input, batching: Batching, context: BuildContext): Input {
  const { metrics, environment } = context
  return new GatheringInput({
    input: parted(input),
    batching,
    clock: environment.clock,
    positions: context.positions(),
    created: (mechanism) => metrics.counter('batch_created', { mechanism }).add(1),
  })
}

class GatheringInput implements Input {
  readonly drains = true
  readonly #options: GatheringOptions
  readonly #batcher: Batcher<Part>
  readonly #processors: ProcessorChain
  readonly #ready: InputBatch[] = []
  readonly #wake = new Wake()
  /** Of what is gathered now. */
  #nack: Nack | undefined
  #reading = false
  #ended = false
  #failure: { readonly thrown: unknown } | undefined

  constructor(options: GatheringOptions) {
    this.#options = options
    this.#processors = rejoined(options.batching.processors)
    this.#batcher = new Batcher(options.batching.triggers, options.clock, (messages, parts, why) =>
      this.#flushed(messages, parts, why),
    )
  }

  connect(signal: AbortSignal): Promise<void> {
    return this.#options.input.connect(signal)
  }

  read(signal: AbortSignal): InputBatch | undefined | Promise<InputBatch | undefined> {
    return this.#ready.shift() ?? this.#wait(signal)
  }

  async close(): Promise<void> {
    this.#batcher.close()
    await this.#options.positions.written()
    await this.#options.batching.processors.close()
    await this.#options.input.close()
  }

  async #wait(signal: AbortSignal): Promise<InputBatch | undefined> {
    const ring = (): void => this.#wake.ring()
    signal.addEventListener('abort', ring)
    try {
      for (;;) {
        const batch = this.#ready.shift()
        if (batch !== undefined) return batch
        const failure = this.#failure
        this.#failure = undefined
        if (failure !== undefined && !signal.aborted) throw failure.thrown
        if (!this.#reading && !this.#ended) void this.#take(signal)
        if (this.#ended) this.#batcher.flush()
        if (this.#ended && this.#ready.length === 0) return undefined
        if (this.#ready.length === 0) await this.#wake.wait()
      }
    } finally {
      signal.removeEventListener('abort', ring)
    }
  }

  /** One batch of the inner input, through the processors that it brings along. Never rejects. */
  async #take(signal: AbortSignal): Promise<void> {
    const { input } = this.#options
    if (signal.aborted && input.drains !== true) {
      this.#ended = true
      return
    }
    this.#reading = true
    try {
      const source = await input.read(signal)
      if (source === undefined) this.#ended = true
      else await this.#gather(source)
    } catch (thrown) {
      if (signal.aborted) this.#ended = true
      else this.#failure = { thrown }
    }
    this.#reading = false
    this.#wake.ring()
  }

  async #gather(source: InputBatch): Promise<void> {
    const { positions } = this.#options
    const delivered = positions.register(source)
    // Without a stop of its own: what was taken in is delivered.
    const messages = (await runBrought(source, NEVER)).flat()
    if (messages.length === 0) {
      delivered()
      return
    }
    const nack = source.nack ?? 'replay'
    if (this.#nack !== undefined && this.#nack !== nack) this.#batcher.flush()
    this.#nack = nack
    this.#batcher.add(messages, { source, messages, delivered })
  }

  #flushed(messages: Batch, parts: readonly Part[], why: string): void {
    const nack = this.#nack ?? 'replay'
    this.#nack = undefined
    this.#options.created(why)
    this.#ready.push({
      messages,
      nack,
      processors: this.#processors,
      settle: (outcome) => settleParts(messages, parts, outcome),
    })
    this.#wake.ring()
  }
}

const NEVER = new AbortController().signal

function settleParts(messages: Batch, parts: readonly Part[], outcome: Outcome): void {
  const lost = outcome !== undefined && isOriginLost(outcome, messages)
  for (const part of parts) {
    const rejection = outcome === undefined ? undefined : rejectedOf(part, outcome, lost)
    if (rejection === undefined) part.delivered()
    else part.source.settle?.(rejection)
  }
}

/** In terms of the messages that the source gave; all of them where it cannot be told. */
function rejectedOf(part: Part, { error, origins }: Rejection, lost: boolean): Outcome {
  const all = (): Outcome => ({ error, origins: new Set(part.source.messages.map(originOf)) })
  if (lost) return all()
  const rejected = new Set(part.messages.map(originOf).filter((origin) => origins.has(origin)))
  if (rejected.size === 0) return undefined
  const known = part.source.messages.map(originOf).filter((origin) => rejected.has(origin))
  return known.length === rejected.size ? { error, origins: new Set(known) } : all()
}

function originOf(message: Batch[number]): Batch[number] {
  return message.origin
}

/** Several results of the policy's processors are one batch again. */
function rejoined(chain: ProcessorChain): ProcessorChain {
  const join = (batches: readonly Batch[]): readonly Batch[] =>
    batches.length <= 1 ? batches : [batches.flat()]
  return {
    alone: false,
    run: (batch, signal) => {
      const batches = chain.run(batch, signal)
      return batches instanceof Promise ? batches.then(join) : join(batches)
    },
    runAll: (batches, signal) => {
      const made = chain.runAll(batches, signal)
      return made instanceof Promise ? made.then(join) : join(made)
    },
    parts: () => chain.parts(),
    close: async () => {},
  }
}
