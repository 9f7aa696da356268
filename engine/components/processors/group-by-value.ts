/** Parts a batch by a text that each message makes; each group is a batch of its own from then on. */
import { Type } from '../../../crds/typebox.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { interpolatedField } from '../../pipelines/fields.ts'
import type { Message } from '../../pipelines/message.ts'

export const groupByValue: ProcessorDefinition = defineProcessor({
  name: 'group_by_value',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Parts a batch into one for each value, in the order in which they first come.',
  description:
    'Each group is delivered, and rejected, by itself. What has no value is flagged, in a group of its own.',
  config: Type.Object({
    value: interpolatedField({
      description: 'What the messages of a group have in common.',
      examples: ['${! this.type }'],
    }),
  }),
  examples: [
    {
      title: 'By type',
      config: { value: '${! this.type }' },
      given: [{ type: 'a' }],
      then: [{ type: 'a' }],
    },
  ],
  build: (config, context) => {
    const value = context.interpolation(config.value)
    return {
      process(batch) {
        const groups = new Map<string, Message[]>()
        const failed: Message[] = []
        for (const [index, message] of batch.entries()) {
          try {
            const text = value.text(batch, index)
            const group = groups.get(text)
            if (group === undefined) groups.set(text, [message])
            else group.push(message)
          } catch (thrown) {
            failed.push(message.withFailure(context.failure(thrown)))
          }
        }
        return failed.length === 0 ? [...groups.values()] : [...groups.values(), failed]
      },
    }
  },
})
