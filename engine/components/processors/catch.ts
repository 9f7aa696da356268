/**
 * Runs processors on the messages that failed, one by one, and clears their flag afterwards.
 *
 * Each failed message is a batch of its own for them, so that one that is dropped there takes no other with it.
 */
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { processorsField } from '../../pipelines/fields.ts'
import type { Batch, Message } from '../../pipelines/message.ts'

export const catchProcessor: ProcessorDefinition = defineProcessor({
  name: 'catch',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Runs processors on the messages that failed, and clears their error.',
  config: processorsField({
    description: 'What runs on a failed message; with none, only the error is cleared.',
  }),
  examples: [
    {
      title: 'What went well is left alone',
      config: [{ mapping: 'root.failed = error()' }],
      given: [{ id: 1 }],
      then: [{ id: 1 }],
    },
  ],
  build: async (config, context) => {
    const chain = await context.processors(config, [])
    const one = (message: Message, signal: AbortSignal) =>
      message.failure() === undefined ? [[message]] : chain.run([message], signal)
    return {
      process(batch, signal) {
        if (batch.every((message) => message.failure() === undefined)) return [batch]
        const results = batch.map((message) => one(message, signal))
        return results.some((result) => result instanceof Promise)
          ? Promise.all(results).then(joined)
          : joined(results as readonly (readonly Batch[])[])
      },
      close: () => chain.close(),
    }
  },
})

/** One batch again, in the old order, without flags. */
function joined(results: readonly (readonly Batch[])[]): readonly Batch[] {
  const messages = results.flat(2).map(cleared)
  return messages.length === 0 ? [] : [messages]
}

function cleared(message: Message): Message {
  return message.failure() === undefined ? message : message.withFailure(undefined)
}
