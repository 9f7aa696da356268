/** The output behind a label: of the pipeline's own `output_resources`, or shared by all pipelines of the namespace. */
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import { defineOutput, type OutputDefinition } from '../../pipelines/component.ts'

export const resource: OutputDefinition = defineOutput({
  name: 'resource',
  status: 'stable',
  effects: 'none',
  summary: 'Writes to an output that pipelines share.',
  description:
    'A label of `output_resources` of the same pipeline stands for what is there. Any other label is one that was posted to `/resources/output/LABEL`, which may be replaced while it is used.',
  config: Type.String({ minLength: 1, description: 'The label.' }),
  delivery: 'sends',
  maxInFlight: 64,
  examples: [
    {
      title: 'Write to what stands beside the pipeline',
      config: 'audit',
      resources: { output_resources: [{ label: 'audit', stdout: {} }] },
    },
  ],
  build: (label, { environment: { shared } }) => {
    if (shared?.has('output', label) === true) return shared.output(label)
    throw new HeadgateError('ComponentUnknown', `there is no shared output labelled ${label}`)
  },
})
