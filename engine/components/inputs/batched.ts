/** Gathers the messages of another input into larger batches. */
import { Type } from '../../../crds/typebox.ts'
import { type BatchPolicyConfig, batchPolicySchema } from '../../pipelines/batch-policy.ts'
import { batchingOf } from '../../pipelines/batching.ts'
import { defineInput, type InputDefinition } from '../../pipelines/component.ts'
import { inputField } from '../../pipelines/fields.ts'
import { gathering, gathers } from './gathering-input.ts'

export const batched: InputDefinition = defineInput({
  name: 'batched',
  status: 'stable',
  effects: 'none',
  summary: 'Gathers the messages of another input into larger batches.',
  description: `What is gathered when the other input ends, or the pipeline stops, leaves as it is. A batch is never parted. What is
rejected fares as the other input says; positions of a \`stream\` are committed after what was gathered is delivered.`,
  config: Type.Object({
    child: inputField({ description: 'The other input.' }),
    policy: Type.Unsafe<BatchPolicyConfig>({
      ...batchPolicySchema,
      description: 'When a batch is full.',
    }),
  }),
  nack: 'source',
  atLeastOnceBecause: () =>
    'the input batched gathers batches, and their positions are committed after the delivery',
  check: ({ policy }) =>
    gathers(policy)
      ? []
      : [
          {
            path: ['policy'],
            message: 'expected count, byte_size, period or check, got none of them',
            hint: 'say when a batch is full, such as count: 10',
          },
        ],
  examples: [
    {
      title: 'Two by two, as lists',
      config: {
        child: { generate: { mapping: 'root = counter()', interval: '', count: 5 } },
        policy: { count: 2, processors: [{ archive: { format: 'json_array' } }] },
      },
      then: [[1, 2], [3, 4], [5]],
    },
  ],
  build: async ({ child, policy }, context) => {
    const input = await context.input(child, ['child'])
    const batching = await batchingOf(policy, ['policy'], context)
    return batching === undefined ? input : gathering(input, batching, context)
  },
})
