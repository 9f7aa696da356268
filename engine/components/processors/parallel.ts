/** Runs processors on many messages of a batch at once, each as a batch of its own. */
import { Type } from '../../../crds/typebox.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { processorsField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { oneBatch } from '../one-batch.ts'

export const parallel: ProcessorDefinition = defineProcessor({
  name: 'parallel',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Runs processors on many messages of a batch at once.',
  description:
    'Each message is a batch of its own for them. The order of the batch is kept, whichever is ready first.',
  config: Type.Object({
    cap: Type.Integer({
      default: 0,
      minimum: 0,
      description: 'How many messages are under way at once; 0 is all of the batch.',
    }),
    processors: processorsField({ description: 'What runs on each message.' }),
  }),
  examples: [
    {
      title: 'Four at once',
      config: { cap: 4, processors: [{ mapping: 'root = this.id' }] },
      given: [{ id: 1 }, { id: 2 }],
      then: [1, 2],
    },
  ],
  build: async ({ cap, processors }, context) => {
    const chain = await context.processors(processors, ['processors'])
    return {
      async process(batch, signal) {
        const made: (readonly Batch[])[] = []
        let next = 0
        const work = async (): Promise<void> => {
          while (next < batch.length) {
            const index = next++
            made[index] = await chain.run([batch[index] as Message], signal)
          }
        }
        const workers = cap === 0 ? batch.length : Math.min(cap, batch.length)
        await Promise.all(Array.from({ length: workers }, work))
        return oneBatch(made.flat())
      },
      close: () => chain.close(),
    }
  },
})
