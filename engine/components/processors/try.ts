/** Runs processors on each message until one of them fails on it; those that follow are passed over. */
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { processorsField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { inTurn, whenReady } from '../in-turn.ts'
import { oneBatch } from '../one-batch.ts'
import { untilFailure } from '../until-failure.ts'

export const tryProcessor: ProcessorDefinition = defineProcessor({
  name: 'try',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Runs processors on each message until one fails on it.',
  description:
    'A message that failed before runs through none of them. Each message is a batch of its own for them; what fails ' +
    'stays flagged, for a `catch` behind.',
  config: processorsField({ description: 'What runs on each message, in order.' }),
  examples: [
    {
      title: 'Nothing follows a failure',
      config: [{ mapping: 'root.n = this.n.number()' }, { mapping: 'root.n = this.n + 1' }],
      given: [{ n: '1' }, { n: 'x' }],
      then: [{ n: 2 }, { n: 'x' }],
    },
  ],
  build: async (config, context) => {
    const chain = await context.processors(config, [])
    const parts = chain.parts()
    return {
      process(batch, signal) {
        const made: Batch[] = []
        const waits = inTurn(batch.length, (index) =>
          whenReady(untilFailure(parts, batch[index] as Message, signal), (batches) => {
            made.push(...batches)
          }),
        )
        return waits === undefined ? oneBatch(made) : waits.then(() => oneBatch(made))
      },
      close: () => chain.close(),
    }
  },
})
