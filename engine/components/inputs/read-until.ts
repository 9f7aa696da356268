/** Reads another input until a message says that it is enough, or nothing came for a while. */
import { Type } from '../../../crds/typebox.ts'
import type { Query } from '../../bloblang/mapping.ts'
import { runBrought } from '../../pipelines/brought-processors.ts'
import type { ProcessorChain } from '../../pipelines/build-context.ts'
import {
  defineInput,
  type Input,
  type InputBatch,
  type InputDefinition,
} from '../../pipelines/component.ts'
import { durationField, inputField, queryField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import type { Clock } from '../../ports/clock.ts'
import { withMetadataSet } from '../metadata-map.ts'
import { RetiredInputs } from './retired-inputs.ts'

export const READ_UNTIL_KEY = 'benthos_read_until'
/** Between an input that ended without a message and its next start. */
export const RESTART_MS = 500

export const readUntil: InputDefinition = defineInput({
  name: 'read_until',
  status: 'stable',
  effects: 'none',
  summary: 'Reads another input until a message passes a check, or none comes for a while.',
  description: `The batch with the message that passes the check is the last one; its first message gets the metadata
\`${READ_UNTIL_KEY}: final\`. The check sees what the processors of the other input made. A check that fails counts as
false. Without a check and a timeout it reads until the other input ends.`,
  config: Type.Object({
    input: inputField({ description: 'The other input.' }),
    check: queryField({
      default: '',
      description: 'Whether a message is the last one.',
      examples: ['this.type == "done"', 'count("messages") >= 100'],
    }),
    idle_timeout: durationField({
      default: '',
      description: 'Ends when no message came for so long; empty waits for ever.',
      examples: ['5s'],
    }),
    restart_input: Type.Boolean({
      default: false,
      description: 'Whether the other input begins anew when it ends before a message passed.',
    }),
  }),
  nack: 'source',
  atLeastOnceBecause: () => undefined,
  examples: [
    {
      title: 'Up to the third message',
      config: {
        input: { generate: { mapping: 'root.n = counter()', interval: '' } },
        check: 'this.n == 3',
      },
      then: [{ n: 1 }, { n: 2 }, { n: 3 }],
    },
    {
      title: 'Until a poll brings nothing for 30 seconds',
      config: { input: { stream: { name: 'orders' } }, idle_timeout: '30s' },
    },
  ],
  build: async ({ input, check, idle_timeout, restart_input }, context) => {
    const start = (): Promise<Input> => context.input(input, ['input'])
    const first = await start()
    return new ReadUntil(first, {
      restart: restart_input ? start : undefined,
      check: check.trim() === '' ? undefined : context.query(check),
      idleMs: context.durationMs(idle_timeout),
      clock: context.environment.clock,
    })
  },
})

interface ReadUntilOptions {
  readonly restart: (() => Promise<Input>) | undefined
  readonly check: Query | undefined
  readonly idleMs: number | undefined
  readonly clock: Clock
}

class ReadUntil implements Input {
  readonly drains = true
  readonly #options: ReadUntilOptions
  readonly #retired: RetiredInputs
  readonly #enough = new AbortController()
  #input: Input
  #signal: { readonly of: AbortSignal; readonly either: AbortSignal } | undefined
  #given = false
  #ended = false

  constructor(first: Input, options: ReadUntilOptions) {
    this.#options = options
    this.#input = first
    this.#retired = new RetiredInputs(options.clock)
  }

  connect(signal: AbortSignal): Promise<void> {
    return this.#input.connect(signal)
  }

  async read(signal: AbortSignal): Promise<InputBatch | undefined> {
    while (!this.#ended) {
      const batch = await this.#next(signal)
      if (batch !== undefined) {
        this.#given = true
        return this.#judge(this.#retired.watch(this.#input, batch))
      }
      if (this.#enough.signal.aborted || signal.aborted || this.#options.restart === undefined) {
        this.#ended = true
      } else {
        await this.#startAnew(this.#options.restart, signal)
      }
    }
    return undefined
  }

  async close(): Promise<void> {
    await this.#retired.close()
    await this.#input.close()
  }

  /** The next batch, or undefined when the input ended, was told to, or was idle for too long. */
  async #next(signal: AbortSignal): Promise<InputBatch | undefined> {
    const { idleMs, clock } = this.#options
    if (signal.aborted && this.#input.drains !== true) return undefined
    const either = this.#either(signal)
    const over = new AbortController()
    if (idleMs !== undefined) {
      clock.sleep(idleMs, over.signal).then(
        () => this.#enough.abort(),
        () => {},
      )
    }
    try {
      return await this.#input.read(either)
    } catch (thrown) {
      if (either.aborted) return undefined
      throw thrown
    } finally {
      over.abort()
    }
  }

  /** One for all reads of the same signal. */
  #either(signal: AbortSignal): AbortSignal {
    if (this.#signal?.of !== signal) {
      this.#signal = { of: signal, either: AbortSignal.any([signal, this.#enough.signal]) }
    }
    return this.#signal.either
  }

  async #startAnew(restart: () => Promise<Input>, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    if (!this.#given) {
      const either = this.#either(signal)
      await clock.sleep(RESTART_MS, either).catch(() => {})
      if (either.aborted) return
    }
    this.#given = false
    const fresh = await restart()
    void this.#retired.retire(this.#input).catch(() => {})
    this.#input = fresh
    await fresh.connect(signal)
  }

  /** The batch as it came, up to the end; its processors have run, and do not run again for it unless it is replayed. */
  async #judge(batch: InputBatch): Promise<InputBatch> {
    const { check } = this.#options
    if (check === undefined) return batch
    const units: Unit[] = []
    for (const messages of unitsOf(batch)) {
      const made = await runBrought({ ...batch, messages }, NEVER)
      units.push({ messages, made })
      if (!made.some((one) => one.some((_, index) => passes(check, one, index)))) continue
      this.#ended = true
      this.#enough.abort()
      return upTo(units, batch)
    }
    return { ...batch, processors: foreseen(batch, units, undefined) }
  }
}

const NEVER = new AbortController().signal

/** What the runtime sends through the processors at once. */
interface Unit {
  readonly messages: Batch
  readonly made: readonly Batch[]
}

function unitsOf({ messages, apart }: InputBatch): readonly Batch[] {
  return apart === true ? messages.map((message) => [message]) : [messages]
}

function passes(check: Query, batch: Batch, index: number): boolean {
  try {
    return check.test(batch, index)
  } catch {
    return false
  }
}

/** What came after the end with it, of messages that only travelled together, is neither given nor committed. */
function upTo(units: readonly Unit[], batch: InputBatch): InputBatch {
  const messages = units.flatMap((unit) => unit.messages)
  const final = units.at(-1)?.messages[0]
  const { mark } = batch
  const last = { ...batch, messages }
  return {
    ...last,
    processors: foreseen(last, units, final),
    ...(mark === undefined
      ? {}
      : {
          mark: {
            lane: mark.lane,
            offset: (reached = messages.length) => mark.offset(reached),
            committed: (reached: number) => mark.committed(reached),
            refresh: () => mark.refresh(),
          },
        }),
  }
}

/**
 * Gives what was made already to the first who asks; a replay runs the processors again. What `final` became, the first
 * message of the last batch, is marked.
 */
function foreseen(
  source: InputBatch,
  units: readonly Unit[],
  final: Message | undefined,
): ProcessorChain {
  const kept = new Map(units.map((unit) => [unit.messages[0], unit]))
  const mark = (made: readonly Batch[]): readonly Batch[] => made.map((one) => marked(one))
  const run = (batch: Batch, signal: AbortSignal): readonly Batch[] | Promise<readonly Batch[]> => {
    const isFinal = batch[0] !== undefined && batch[0] === final
    const unit = kept.get(batch[0])
    kept.delete(batch[0])
    if (unit?.messages.length === batch.length) return isFinal ? mark(unit.made) : unit.made
    const again = runBrought({ ...source, messages: batch }, signal)
    if (!isFinal) return again
    return again instanceof Promise ? again.then(mark) : mark(again)
  }
  return {
    alone: false,
    run,
    runAll: async (batches, signal) => {
      const all: Batch[] = []
      for (const batch of batches) all.push(...(await run(batch, signal)))
      return all
    },
    parts: () => [],
    close: async () => {},
  }
}

function marked(batch: Batch): Batch {
  return batch.map((message, index) =>
    index > 0 ? message : withMetadataSet(message, [[READ_UNTIL_KEY, 'final']]),
  )
}
