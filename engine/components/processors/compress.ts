/** Compresses each message. */
import { Type } from '../../../crds/typebox.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { callMethod } from '../call-method.ts'

const ALGORITHMS = ['flate', 'gzip', 'lz4', 'pgzip', 'snappy', 'zlib'] as const

export const compress: ProcessorDefinition = defineProcessor({
  name: 'compress',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Compresses each message.',
  config: Type.Object({
    algorithm: Type.Unsafe<(typeof ALGORITHMS)[number]>({
      type: 'string',
      enum: [...ALGORITHMS],
      description: 'How: `lz4` makes a frame, `snappy` a block, `pgzip` is `gzip`.',
    }),
    level: Type.Integer({
      default: -1,
      minimum: -1,
      maximum: 22,
      description: 'From fast to small, where the algorithm has levels; -1 leaves it to it.',
    }),
  }),
  examples: [
    {
      title: 'As small as it gets',
      config: { algorithm: 'gzip', level: 9 },
    },
  ],
  build: ({ algorithm, level }, context) =>
    callMethod(context, 'content()', 'compress', { algorithm, level }),
})
