/** Repeats what another output did not deliver, so that whoever sent it never hears of it. */
import { Type } from '../../../crds/typebox.ts'
import { defineOutput, type OutputDefinition } from '../../pipelines/component.ts'
import { durationField, outputField } from '../../pipelines/fields.ts'
import { WrappedOutputs } from './wrapped-outputs.ts'
import { writeUntilDelivered } from './write-until-delivered.ts'

export const retry: OutputDefinition = defineOutput({
  name: 'retry',
  status: 'stable',
  effects: 'none',
  summary: 'Repeats what another output did not deliver.',
  description: `Only the messages that were not delivered are sent again. Without a bound it goes on until the pipeline stops;
with one, what is left at its end is rejected.`,
  config: Type.Object({
    max_retries: Type.Integer({
      default: 0,
      minimum: 0,
      description: 'Tries after the first; 0 for no bound.',
    }),
    backoff: Type.Object(
      {
        initial_interval: durationField({ default: '500ms', description: 'The first wait.' }),
        max_interval: durationField({ default: '3s', description: 'The longest wait.' }),
        max_elapsed_time: durationField({
          default: '0s',
          description: 'No try starts later than this after the first; 0 for no bound.',
        }),
      },
      { default: {}, description: 'Waits between tries, each half as long again.' },
    ),
    output: outputField({ description: 'What is repeated.' }),
  }),
  delivery: 'wraps',
  examples: [
    {
      title: 'Five more tries',
      config: { max_retries: 5, output: { http_client: { url: 'http://127.0.0.1:8080/in' } } },
    },
  ],
  build: async ({ max_retries, backoff, output }, context) => {
    const { clock } = context.environment
    const child = await context.output(output, ['output'])
    const elapsedMs = context.durationMs(backoff.max_elapsed_time) ?? 0
    const patience = {
      firstMs: context.durationMs(backoff.initial_interval) ?? 0,
      longestMs: context.durationMs(backoff.max_interval) ?? 0,
      retriesMax: max_retries === 0 ? Number.POSITIVE_INFINITY : max_retries,
      elapsedMsMax: elapsedMs === 0 ? Number.POSITIVE_INFINITY : elapsedMs,
    }
    const wrapped = new WrappedOutputs([child])
    return {
      connect: (signal) => wrapped.connect(signal),
      write: (batch, delivery) => writeUntilDelivered(child, batch, delivery, { patience, clock }),
      relay: (order) => wrapped.relay(order),
      close: () => wrapped.close(),
    }
  },
})
