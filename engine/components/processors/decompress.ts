/** Decompresses each message. */
import { Type } from '../../../crds/typebox.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { callMethod } from '../call-method.ts'

const ALGORITHMS = ['bzip2', 'flate', 'gzip', 'lz4', 'pgzip', 'snappy', 'zlib'] as const

export const decompress: ProcessorDefinition = defineProcessor({
  name: 'decompress',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Decompresses each message.',
  description: 'What would become longer than the method `decompress` allows fails.',
  config: Type.Object({
    algorithm: Type.Unsafe<(typeof ALGORITHMS)[number]>({
      type: 'string',
      enum: [...ALGORITHMS],
      description: 'How they were compressed.',
    }),
  }),
  examples: [
    {
      title: 'What is not compressed is flagged, and stays',
      config: { algorithm: 'gzip' },
      given: [{ id: 1 }],
      then: [{ id: 1 }],
    },
  ],
  build: ({ algorithm }, context) => callMethod(context, 'content()', 'decompress', { algorithm }),
})
