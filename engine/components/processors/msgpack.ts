/** Reads and writes MessagePack. */
import { Type } from '../../../crds/typebox.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { callMethod } from '../call-method.ts'

export const msgpack: ProcessorDefinition = defineProcessor({
  name: 'msgpack',
  status: 'beta',
  effects: 'none',
  portable: true,
  summary: 'Makes MessagePack of each document, or a document of MessagePack.',
  config: Type.Object({
    operator: Type.Unsafe<'from_json' | 'to_json'>({
      type: 'string',
      enum: ['from_json', 'to_json'],
      description:
        '`from_json` makes MessagePack of a document, `to_json` a document of MessagePack.',
    }),
  }),
  examples: [
    {
      title: 'What is no MessagePack is flagged, and stays',
      config: { operator: 'to_json' },
      given: [{ id: 1 }],
      then: [{ id: 1 }],
    },
    {
      title: 'Documents into MessagePack',
      config: { operator: 'from_json' },
    },
  ],
  build: ({ operator }, context) =>
    operator === 'to_json'
      ? callMethod(context, 'content()', 'parse_msgpack')
      : callMethod(context, 'this', 'format_msgpack'),
})
