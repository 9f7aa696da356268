/** Parts a batch by queries; each group is a batch of its own from then on. */
import { Type } from '../../../crds/typebox.ts'
import type { Query } from '../../bloblang/mapping.ts'
import type { ProcessorChain } from '../../pipelines/build-context.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { processorsField, queryField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { inTurn, whenReady } from '../in-turn.ts'

interface Group {
  readonly query: Query
  readonly chain: ProcessorChain
}

export const groupBy: ProcessorDefinition = defineProcessor({
  name: 'group_by',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Parts a batch by queries into groups, each with processors of its own.',
  description:
    'A message belongs to the first group whose query is true. The groups come in the order of the config, not in that of ' +
    'their messages; those without one are the last group. Each group is delivered, and rejected, by itself. A query that fails flags the message, and is not true.',
  config: Type.Array(
    Type.Object({
      check: queryField({
        description: 'Which messages belong to the group.',
        examples: ['this.type == "order"'],
      }),
      processors: processorsField({
        description: 'What runs on the group, as one batch.',
        default: [],
      }),
    }),
    { description: 'The groups, in the order in which they are tried.' },
  ),
  examples: [
    {
      title: 'Large ones apart',
      config: [{ check: 'this.n > 10', processors: [{ mapping: 'root.large = this.n' }] }],
      given: [{ n: 20 }, { n: 1 }],
      then: [{ large: 20 }, { n: 1 }],
    },
  ],
  build: async (config, context) => {
    const groups: Group[] = []
    for (const [index, { check, processors }] of config.entries()) {
      const chain = await context.processors(processors, [index, 'processors'])
      groups.push({ query: context.query(check), chain })
    }
    return {
      process(batch, signal) {
        const parted = part(batch, groups, (thrown) => context.failure(thrown))
        const made: Batch[] = []
        const waits = inTurn(parted.length, (index) => {
          const messages = parted[index] ?? []
          if (messages.length === 0) return
          const chain = groups[index]?.chain
          return whenReady(chain?.run(messages, signal) ?? [messages], (batches) => {
            made.push(...batches)
          })
        })
        return waits === undefined ? made : waits.then(() => made)
      },
      async close() {
        for (const { chain } of groups) await chain.close()
      },
    }
  },
})

/** A list for each group, and one for the rest. */
function part(
  batch: Batch,
  groups: readonly Group[],
  failure: (thrown: unknown) => NonNullable<ReturnType<Message['failure']>>,
): readonly (readonly Message[])[] {
  const parted: Message[][] = [...groups.map(() => []), []]
  for (const [index, given] of batch.entries()) {
    let message = given
    const place = groups.findIndex(({ query }) => {
      try {
        return query.test(batch, index)
      } catch (thrown) {
        message = message.withFailure(failure(thrown))
        return false
      }
    })
    parted.at(place === -1 ? groups.length : place)?.push(message)
  }
  return parted
}
