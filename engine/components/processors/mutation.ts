/** Changes each message's document in place with Bloblang; what the mapping does not assign stays. */
import { looksAtBatch } from '../../pipelines/alone.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { mappingField } from '../../pipelines/fields.ts'
import { mapBatch } from '../map-batch.ts'

export const mutation: ProcessorDefinition = defineProcessor({
  name: 'mutation',
  status: 'stable',
  effects: 'none',
  portable: true,
  alone: (text) => !looksAtBatch(text),
  summary: 'Changes the document of each message with a Bloblang mapping.',
  config: mappingField({
    description: 'The mapping. A message that it fails on goes on unchanged, flagged.',
    examples: ['root.seen = true', 'root.secret = deleted()'],
  }),
  examples: [
    {
      title: 'Add one field, and remove one',
      config: 'root.seen = true\nroot.secret = deleted()',
      given: [{ id: 'a', secret: 'x' }],
      then: [{ id: 'a', seen: true }],
    },
  ],
  build: (config, context) => {
    const compiled = context.mapping(config)
    return mapBatch(context, (batch, index) => compiled.mutate(batch, index))
  },
})
