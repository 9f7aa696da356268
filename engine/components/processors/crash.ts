/** Fails the whole pipeline with a message. */
import { HeadgateError } from '../../error.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { interpolatedField } from '../../pipelines/fields.ts'

export const crash: ProcessorDefinition = defineProcessor({
  name: 'crash',
  status: 'beta',
  effects: 'none',
  summary: 'Fails the pipeline, with a message.',
  description:
    'The pipeline ends at once, as failed, and others go on: here the process is not one pipeline. What was not delivered ' +
    'is read again where the input can, for a pipeline that failed is started again after a while. It is for tests and for ' +
    'what must never be; put it behind a check.',
  config: interpolatedField({
    description: 'Why, as the log and the status of the pipeline tell it.',
    examples: ['expected an id, got ${! content() }'],
  }),
  examples: [
    {
      title: 'Where a message must not come to',
      config: 'got ${! content() }',
    },
  ],
  build: (config, context) => {
    const why = context.interpolation(config)
    return {
      process: (batch) => {
        context.crash(new HeadgateError('PipelineCrashed', why.text(batch, 0)))
        // Nothing goes on from here: what is in flight is given up with the pipeline.
        return new Promise<never>(() => {})
      },
    }
  },
})
