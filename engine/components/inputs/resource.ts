/** The input behind a label: of the pipeline's own `input_resources`, or shared by all pipelines of the namespace. */
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import { defineInput, type InputDefinition } from '../../pipelines/component.ts'

export const resource: InputDefinition = defineInput({
  name: 'resource',
  status: 'stable',
  effects: 'none',
  summary: 'Reads what another pipeline may read too: each batch goes to one of them.',
  description:
    'A label of `input_resources` of the same pipeline stands for what is there. Any other label is one that was posted to `/resources/input/LABEL`, which may be replaced while it is used.',
  config: Type.String({ minLength: 1, description: 'The label.' }),
  nack: 'replay',
  examples: [
    {
      title: 'Read what stands beside the pipeline',
      config: 'greetings',
      resources: {
        input_resources: [
          { label: 'greetings', generate: { mapping: 'root.text = "hello"', count: 1 } },
        ],
      },
      then: [{ text: 'hello' }],
    },
  ],
  build: (label, { environment: { shared } }) => {
    if (shared?.has('input', label) === true) return shared.input(label)
    throw new HeadgateError('ComponentUnknown', `there is no shared input labelled ${label}`)
  },
})
