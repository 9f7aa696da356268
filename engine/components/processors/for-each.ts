/** Runs processors on each message as if it were a batch of its own, one after the other. */
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { processorsField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { inTurn, whenReady } from '../in-turn.ts'
import { oneBatch } from '../one-batch.ts'

export const forEach: ProcessorDefinition = defineProcessor({
  name: 'for_each',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Runs processors on each message as a batch of one.',
  config: processorsField({ description: 'What runs on each message.' }),
  examples: [
    {
      title: 'Each message is alone',
      config: [{ mapping: 'root.of = batch_size()' }],
      given: [{ id: 1 }, { id: 2 }],
      then: [{ of: 1 }, { of: 1 }],
    },
  ],
  build: async (config, context) => {
    const chain = await context.processors(config, [])
    return {
      process(batch, signal) {
        const made: Batch[] = []
        const waits = inTurn(batch.length, (index) =>
          whenReady(chain.run([batch[index] as Message], signal), (batches) => {
            made.push(...batches)
          }),
        )
        return waits === undefined ? oneBatch(made) : waits.then(() => oneBatch(made))
      },
      close: () => chain.close(),
    }
  },
})
