/** Copies every batch to all of several outputs, or shares the batches out among them. */
import { Type } from '../../../crds/typebox.ts'
import {
  type Delivery,
  defineOutput,
  type HoldOrder,
  type Output,
  type OutputDefinition,
} from '../../pipelines/component.ts'
import { outputsField } from '../../pipelines/fields.ts'
import type { Batch } from '../../pipelines/message.ts'
import type { Clock } from '../../ports/clock.ts'
import { allDelivered } from './undelivered.ts'
import { WrappedOutputs } from './wrapped-outputs.ts'
import { ENDLESS_PATIENCE, writeUntilDelivered } from './write-until-delivered.ts'

const PATTERNS = [
  'fan_out',
  'fan_out_fail_fast',
  'fan_out_sequential',
  'fan_out_sequential_fail_fast',
  'round_robin',
  'greedy',
] as const
type Pattern = (typeof PATTERNS)[number]

export const BROKER_COPIES_MAX = 4_096

export const broker: OutputDefinition = defineOutput({
  name: 'broker',
  status: 'stable',
  effects: 'none',
  summary: 'Copies every batch to several outputs, or shares batches out among them.',
  description: `\`fan_out\` writes to all at once, and tries those that reject again until they took it; the batch is
delivered when all of them did. \`fan_out_sequential\` does the same one after the other, in order. Each has a form
\`_fail_fast\` that repeats nothing by itself: what one rejects is rejected, so the others may get it twice.
\`round_robin\` gives each batch to the next output, \`greedy\` to the one with the fewest writes under way.`,
  config: Type.Object({
    pattern: Type.Unsafe<Pattern>({
      type: 'string',
      enum: PATTERNS,
      default: 'fan_out',
      description: 'Who gets what.',
    }),
    copies: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: BROKER_COPIES_MAX,
      description: 'How often each output stands in the list.',
    }),
    outputs: outputsField({ description: 'The outputs.' }),
  }),
  delivery: 'wraps',
  batching: true,
  check: ({ outputs }) =>
    outputs.length > 0
      ? []
      : [{ path: ['outputs'], message: 'expected at least 1 output, got none' }],
  examples: [
    {
      title: 'A copy in a file',
      config: {
        outputs: [
          { http_client: { url: 'http://127.0.0.1:8080/in' } },
          { file: { path: './copy.jsonl' } },
        ],
      },
    },
    {
      title: 'Shared out among two servers',
      config: {
        pattern: 'greedy',
        outputs: [
          { http_client: { url: 'http://127.0.0.1:8080/in' } },
          { http_client: { url: 'http://127.0.0.1:8081/in' } },
        ],
      },
    },
  ],
  build: async ({ pattern, copies, outputs }, context) => {
    const all: Output[] = []
    for (let copy = 0; copy < copies; copy++) {
      all.push(...(await WrappedOutputs.build(context, outputs, ['outputs'])).all)
    }
    return new BrokerOutput(new WrappedOutputs(all), pattern, context.environment.clock)
  },
})

class BrokerOutput implements Output {
  readonly #wrapped: WrappedOutputs
  readonly #pattern: Pattern
  readonly #clock: Clock
  /** Writes under way, output by output. */
  readonly #busy: number[]
  #next = 0

  constructor(wrapped: WrappedOutputs, pattern: Pattern, clock: Clock) {
    this.#wrapped = wrapped
    this.#pattern = pattern
    this.#clock = clock
    this.#busy = wrapped.all.map(() => 0)
  }

  connect(signal: AbortSignal): Promise<void> {
    return this.#wrapped.connect(signal)
  }

  write(batch: Batch, delivery: Delivery): void | Promise<void> {
    const { all } = this.#wrapped
    const repeats = !this.#pattern.endsWith('fail_fast')
    const write = (output: Output): void | Promise<void> =>
      repeats
        ? writeUntilDelivered(output, batch, delivery, {
            patience: ENDLESS_PATIENCE,
            clock: this.#clock,
          })
        : output.write(batch, delivery)
    switch (this.#pattern) {
      case 'fan_out':
      case 'fan_out_fail_fast':
        return allDelivered(all.map((output) => ({ batch, written: attempt(() => write(output)) })))
      case 'fan_out_sequential':
      case 'fan_out_sequential_fail_fast':
        return inOrder(all, write)
      case 'round_robin':
        return all[this.#turn()]?.write(batch, delivery)
      case 'greedy':
        return this.#writeToIdlest(batch, delivery)
    }
  }

  relay(order: HoldOrder): void {
    this.#wrapped.relay(order)
  }

  close(): Promise<void> {
    return this.#wrapped.close()
  }

  #turn(): number {
    const turn = this.#next
    this.#next = (turn + 1) % this.#wrapped.all.length
    return turn
  }

  async #writeToIdlest(batch: Batch, delivery: Delivery): Promise<void> {
    const index = this.#busy.indexOf(Math.min(...this.#busy))
    this.#busy[index] = (this.#busy[index] ?? 0) + 1
    try {
      await this.#wrapped.all[index]?.write(batch, delivery)
    } finally {
      this.#busy[index] = (this.#busy[index] ?? 1) - 1
    }
  }
}

async function attempt(write: () => void | Promise<void>): Promise<void> {
  await write()
}

async function inOrder(
  outputs: readonly Output[],
  write: (output: Output) => void | Promise<void>,
): Promise<void> {
  for (const output of outputs) await write(output)
}
