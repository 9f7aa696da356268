/** Joins several inputs: all are read at once, and what comes first goes on first. */
import { Type } from '../../../crds/typebox.ts'
import { type BatchPolicyConfig, batchPolicySchema } from '../../pipelines/batch-policy.ts'
import { batchingOf } from '../../pipelines/batching.ts'
import { defineInput, type Input, type InputDefinition } from '../../pipelines/component.ts'
import { inputsField } from '../../pipelines/fields.ts'
import { FanIn, type Reading } from './fan-in.ts'
import { gathering, gathers } from './gathering-input.ts'
import { WrappedInputs } from './wrapped-inputs.ts'

export const BROKER_INPUT_COPIES_MAX = 4_096

export const brokerInput: InputDefinition = defineInput({
  name: 'broker',
  status: 'stable',
  effects: 'none',
  summary: 'Joins several inputs.',
  description: `All inputs are read at once; each keeps its own order, and those that always have something take turns. It ends
when all of them did. What is rejected goes back to the input that it came from, and fares as that input says.

With \`batching\` the messages of all inputs are gathered into larger batches. Positions of \`stream\` inputs are then
committed after what was gathered is delivered; without it they are committed with what was written, as ever.`,
  config: Type.Object({
    copies: Type.Integer({
      default: 1,
      minimum: 1,
      maximum: BROKER_INPUT_COPIES_MAX,
      description: 'How often each input stands in the list.',
    }),
    inputs: inputsField({ description: 'The inputs.' }),
    batching: Type.Optional(Type.Unsafe<BatchPolicyConfig>(batchPolicySchema)),
  }),
  nack: 'source',
  atLeastOnceBecause: ({ batching }) =>
    gathers(batching)
      ? 'the input broker gathers batches, and their positions are committed after the delivery'
      : undefined,
  check: ({ inputs }) =>
    inputs.length > 0 ? [] : [{ path: ['inputs'], message: 'expected at least 1 input, got none' }],
  examples: [
    {
      title: 'Two streams as one',
      config: { inputs: [{ stream: { name: 'orders' } }, { stream: { name: 'returns' } }] },
    },
    {
      title: 'Four messages in one batch',
      config: {
        copies: 2,
        inputs: [{ generate: { mapping: 'root.n = 1', interval: '', count: 2 } }],
        batching: { count: 4, processors: [{ archive: { format: 'json_array' } }] },
      },
      then: [[{ n: 1 }, { n: 1 }, { n: 1 }, { n: 1 }]],
    },
  ],
  build: async ({ copies, inputs, batching }, context) => {
    const all: Input[] = []
    for (let copy = 0; copy < copies; copy++) {
      all.push(...(await WrappedInputs.build(context, inputs, ['inputs'])).all)
    }
    const joined = new BrokerInput(new WrappedInputs(all))
    const policy = await batchingOf(batching, ['batching'], context)
    return policy === undefined ? joined : gathering(joined, policy, context)
  },
})

class BrokerInput implements Input {
  readonly drains = true
  readonly #wrapped: WrappedInputs
  readonly #joined: FanIn

  constructor(wrapped: WrappedInputs) {
    this.#wrapped = wrapped
    this.#joined = new FanIn(wrapped.all)
  }

  connect(signal: AbortSignal): Promise<void> {
    return this.#wrapped.connect(signal)
  }

  read(signal: AbortSignal): Reading {
    return this.#joined.read(signal)
  }

  close(): Promise<void> {
    return this.#wrapped.close()
  }
}
