/** The processor behind a label: of the pipeline's own `processor_resources`, or shared by all pipelines of the namespace. */
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'

export const resource: ProcessorDefinition = defineProcessor({
  name: 'resource',
  status: 'stable',
  effects: 'none',
  summary: 'Runs a processor that pipelines share.',
  description:
    'A label of `processor_resources` of the same pipeline stands for what is there. Any other label is one that was posted to `/resources/processor/LABEL`, which may be replaced while it is used.',
  config: Type.String({ minLength: 1, description: 'The label.' }),
  examples: [
    {
      title: 'Run what stands beside the pipeline',
      config: 'loud',
      resources: {
        processor_resources: [{ label: 'loud', mapping: 'root.text = this.text.uppercase()' }],
      },
      given: [{ text: 'hello' }],
      then: [{ text: 'HELLO' }],
    },
  ],
  build: (label, { environment: { shared } }) => {
    if (shared?.has('processor', label) === true) return shared.processor(label)
    throw new HeadgateError('ComponentUnknown', `there is no shared processor labelled ${label}`)
  },
})
