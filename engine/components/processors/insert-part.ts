/** Puts a new message into a batch. */
import { Type } from '../../../crds/typebox.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { interpolatedField } from '../../pipelines/fields.ts'

export const insertPart: ProcessorDefinition = defineProcessor({
  name: 'insert_part',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Puts a new message into each batch.',
  description: 'It has no metadata. What becomes of it counts for the first message of the batch.',
  config: Type.Object({
    index: Type.Integer({
      default: -1,
      description: 'Before which place it goes; -1 is behind the last, -2 before the last.',
    }),
    content: interpolatedField({
      description: 'Its content, as the first message of the batch has it.',
      default: '',
      examples: ['{"of":${! batch_size() }}'],
    }),
  }),
  examples: [
    {
      title: 'A line above',
      config: { index: 0, content: '{"batch":${! batch_size() }}' },
      given: [{ id: 1 }],
      then: [{ batch: 1 }, { id: 1 }],
    },
  ],
  build: (config, context) => {
    const content = context.interpolation(config.content)
    return {
      process(batch) {
        const [first] = batch
        if (first === undefined) return [batch]
        const made = first
          .withContent(Buffer.from(content.text(batch, 0)))
          .withMetadata(undefined)
          .withFailure(undefined)
        const { index } = config
        const place = index < 0 ? Math.max(0, batch.length + index + 1) : index
        return [batch.toSpliced(place, 0, made)]
      },
    }
  },
})
