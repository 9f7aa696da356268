/** Refuses everything with a reason, so that the input hears of it: a client gets an error, a stream is read again. */
import { HeadgateError } from '../../error.ts'
import { defineOutput, type OutputDefinition } from '../../pipelines/component.ts'
import { interpolatedField } from '../../pipelines/fields.ts'

export const reject: OutputDefinition = defineOutput({
  name: 'reject',
  status: 'stable',
  effects: 'none',
  summary: 'Rejects every batch with a reason.',
  config: interpolatedField({
    description: 'Why; evaluated on the first message of the batch.',
    examples: ['not wanted: ${! error() }'],
  }),
  delivery: 'discards',
  examples: [{ title: 'Refuse', config: 'not wanted' }],
  build: (config, context) => {
    const reason = context.interpolation(config)
    return {
      connect: async () => {},
      write: (batch) => {
        throw new HeadgateError('OutputFailed', reason.text(batch, 0))
      },
      close: async () => {},
    }
  },
})
