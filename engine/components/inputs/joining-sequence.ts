/** Reads all inputs of a `sequence` to their end, once for each iteration, and gives what they were joined to. */
import { runBrought } from '../../pipelines/brought-processors.ts'
import type { Input, InputBatch } from '../../pipelines/component.ts'
import type { Message } from '../../pipelines/message.ts'
import type { Positions } from '../../pipelines/positions.ts'
import { ShardedJoin, type ShardedJoinOptions } from './sharded-join.ts'

export interface JoiningSequenceOptions {
  /** For the first iteration. */
  readonly first: readonly Input[]
  readonly open: (index: number) => Promise<Input>
  /** Whether only what the last input has is given. */
  readonly outer: boolean
  readonly join: ShardedJoinOptions
  readonly positions: Positions
}

/** Joined messages of one batch. */
export const JOINED_BATCH_MESSAGES = 256

export class JoiningSequence implements Input {
  readonly drains = true
  readonly #options: JoiningSequenceOptions
  readonly #join: ShardedJoin
  readonly #ready: Message[] = []
  /** Inputs of all iterations so far; they are closed together, for what they gave is settled late. */
  readonly #inputs: Input[]
  #group: Group = newGroup()
  #iteration = 0
  #index = 0
  #connected = false
  /** After it no message could be told from one that is missing. */
  #failure: { readonly thrown: unknown } | undefined
  #over = false

  constructor(options: JoiningSequenceOptions) {
    this.#options = options
    this.#join = new ShardedJoin(options.join)
    this.#inputs = [...options.first]
  }

  async connect(signal: AbortSignal): Promise<void> {
    await this.#inputs[0]?.connect(signal)
    this.#connected = true
  }

  async read(signal: AbortSignal): Promise<InputBatch | undefined> {
    for (;;) {
      if (this.#ready.length > 0) return this.#give()
      if (this.#over) return undefined
      if (this.#failure !== undefined) throw this.#failure.thrown
      // A join that is not complete is not given: all that went into it comes again.
      if (signal.aborted) return undefined
      await this.#advance(signal)
    }
  }

  async close(): Promise<void> {
    this.#join.clear()
    await this.#options.positions.written()
    const closed = await Promise.allSettled(this.#inputs.map((input) => input.close()))
    const failed = closed.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  /** One batch of the input whose turn it is, or the step to the next input or iteration. */
  async #advance(signal: AbortSignal): Promise<void> {
    const { first } = this.#options
    if (this.#group.sealed) this.#group = newGroup()
    const input = this.#inputs[this.#iteration * first.length + this.#index]
    if (input === undefined) return this.#begin()
    if (!this.#connected) await input.connect(signal)
    this.#connected = true
    let batch: InputBatch | undefined
    try {
      batch = await input.read(signal)
    } catch (thrown) {
      if (signal.aborted) return
      throw thrown
    }
    if (batch !== undefined) return this.#keepOrFail(batch)
    if (signal.aborted) return
    this.#connected = false
    this.#index += 1
    if (this.#index === first.length) this.#finish()
  }

  /** The inputs of another iteration. */
  async #begin(): Promise<void> {
    const { first, open } = this.#options
    for (const index of first.keys()) this.#inputs.push(await open(index))
  }

  async #keepOrFail(batch: InputBatch): Promise<void> {
    try {
      await this.#keep(batch)
    } catch (thrown) {
      this.#failure = { thrown }
    }
  }

  async #keep(batch: InputBatch): Promise<void> {
    const { outer, first, positions } = this.#options
    this.#group.delivered.push(positions.register(batch))
    const completes = outer && this.#index === first.length - 1
    for (const message of (await runBrought(batch, NEVER)).flat()) {
      const id = this.#join.idOf(message, this.#iteration)
      if (id === undefined) continue
      if (completes) this.#ready.push(this.#join.complete(id, message))
      else this.#join.add(id, message)
    }
  }

  #finish(): void {
    const { outer, join } = this.#options
    if (outer) this.#join.clear()
    else this.#ready.push(...this.#join.take())
    this.#iteration += 1
    this.#index = 0
    if (this.#iteration === join.iterations) this.#over = true
    this.#group.sealed = true
    this.#settle(this.#group)
  }

  #give(): InputBatch {
    const messages = this.#ready.splice(0, JOINED_BATCH_MESSAGES)
    const group = this.#group
    group.open += 1
    return {
      messages,
      nack: 'replay',
      settle: () => {
        group.open -= 1
        this.#settle(group)
      },
    }
  }

  #settle(group: Group): void {
    const waits = group === this.#group && this.#ready.length > 0
    if (!group.sealed || group.open > 0 || waits) return
    for (const tell of group.delivered.splice(0)) tell()
  }
}

/** One iteration: what went in is settled once everything that came out is delivered. */
interface Group {
  readonly delivered: (() => void)[]
  /** Batches that were given and are not settled. */
  open: number
  /** Whether nothing more goes in. */
  sealed: boolean
}

function newGroup(): Group {
  return { delivered: [], open: 0, sealed: false }
}

const NEVER = new AbortController().signal
