/** Drops batches and messages that are larger or smaller than they may be. */
import { Type } from '../../../crds/typebox.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'

export const boundsCheck: ProcessorDefinition = defineProcessor({
  name: 'bounds_check',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary:
    'Drops batches of too few or too many messages, or with a message that is too short or too long.',
  description: 'What is dropped counts as delivered; the log says why, at the level debug.',
  config: Type.Object({
    max_part_size: Type.Integer({
      default: 1_073_741_824,
      minimum: 0,
      description: 'How many bytes a message has at most.',
    }),
    min_part_size: Type.Integer({
      default: 1,
      minimum: 0,
      description: 'How many bytes a message has at least.',
    }),
    max_parts: Type.Integer({
      default: 100,
      minimum: 0,
      description: 'How many messages a batch has at most.',
    }),
    min_parts: Type.Integer({
      default: 1,
      minimum: 0,
      description: 'How many messages a batch has at least.',
    }),
  }),
  examples: [
    {
      title: 'Nothing large',
      config: { max_part_size: 10 },
      given: [{ id: 1 }, { id: 'much too long' }],
      then: [{ id: 1 }],
    },
  ],
  build: (config, { environment }) => {
    const { max_part_size: bytesMax, min_part_size: bytesMin } = config
    const { max_parts: countMax, min_parts: countMin } = config
    const drop = (reason: string, got: number): readonly never[] => {
      environment.logger.debug('a batch is out of its bounds, and dropped', { reason, got })
      return []
    }
    return {
      process(batch) {
        if (batch.length > countMax) return drop('too many messages', batch.length)
        if (batch.length < countMin) return drop('too few messages', batch.length)
        for (const message of batch) {
          const { length } = message.content()
          if (length > bytesMax) return drop('a message is too long', length)
          if (length < bytesMin) return drop('a message is too short', length)
        }
        return [batch]
      },
    }
  },
})
