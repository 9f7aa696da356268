/** The older name of `mapping`; the two are the same. */
import { looksAtBatch } from '../../pipelines/alone.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { mappingField } from '../../pipelines/fields.ts'
import { mapBatch } from '../map-batch.ts'

export const bloblang: ProcessorDefinition = defineProcessor({
  name: 'bloblang',
  status: 'deprecated',
  effects: 'none',
  portable: true,
  alone: (text) => !looksAtBatch(text),
  summary: 'The older name of `mapping`.',
  config: mappingField({ description: 'The mapping.', examples: ['root.id = this.id'] }),
  examples: [
    {
      title: 'Keep one field',
      config: 'root.id = this.id',
      given: [{ id: 'a', note: 'gone' }],
      then: [{ id: 'a' }],
    },
  ],
  build: (config, context) => {
    const compiled = context.mapping(config)
    return mapBatch(context, (batch, index) => compiled.map(batch, index))
  },
})
