/** Makes a new document of each message with Bloblang; what the mapping does not assign is not there afterwards. */
import { looksAtBatch } from '../../pipelines/alone.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { mappingField } from '../../pipelines/fields.ts'
import { mapBatch } from '../map-batch.ts'

export const mapping: ProcessorDefinition = defineProcessor({
  name: 'mapping',
  status: 'stable',
  effects: 'none',
  portable: true,
  alone: (text) => !looksAtBatch(text),
  summary: 'Makes a new document of each message with a Bloblang mapping.',
  config: mappingField({
    description: 'The mapping. A message that it fails on goes on unchanged, flagged.',
    examples: ['root.id = this.id', 'root = if this.level == "debug" { deleted() }'],
  }),
  examples: [
    {
      title: 'Keep two fields, and compute one',
      config: 'root.id = this.id\nroot.total = this.price * this.count',
      given: [{ id: 'a', price: 2, count: 3, note: 'gone' }],
      then: [{ id: 'a', total: 6 }],
    },
    {
      title: 'Filter',
      config: 'root = if this.level == "debug" { deleted() }',
      given: [{ level: 'debug' }, { level: 'error' }],
      then: [{ level: 'error' }],
    },
  ],
  build: (config, context) => {
    const compiled = context.mapping(config)
    return mapBatch(context, (batch, index) => compiled.map(batch, index))
  },
})
