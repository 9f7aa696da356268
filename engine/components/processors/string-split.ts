/** Parts the content of each message at a delimiter, into a list. */
import { Type } from '../../../crds/typebox.ts'
import type { Value } from '../../bloblang/values/value.ts'
import { HeadgateError } from '../../error.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { eachMessage } from '../each-message.ts'

/** A list of more would be larger than anything that can be done with it. */
export const STRING_SPLIT_PARTS_MAX = 262_144

export const stringSplit: ProcessorDefinition = defineProcessor({
  name: 'string_split',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Parts the content at a delimiter, into a list.',
  description:
    'The method `split` of Bloblang does the same, and more can be done beside it; this is quicker where nothing else is.',
  alone: true,
  config: Type.Object({
    delimiter: Type.String({ default: '\n', minLength: 1, description: 'Where to part.' }),
    empty_as_null: Type.Boolean({
      default: false,
      description: 'Whether nothing between two delimiters becomes null instead of empty text.',
    }),
    emit_bytes: Type.Boolean({
      default: false,
      description: 'Whether the parts are bytes instead of text; as JSON they are base64.',
    }),
  }),
  examples: [
    {
      title: 'Columns',
      config: { delimiter: ',', empty_as_null: true },
      given: ['a,,b'],
      then: [['a', null, 'b']],
    },
  ],
  build: ({ delimiter, empty_as_null, emit_bytes }, context) =>
    eachMessage(context, (message) => {
      const content = message.content()
      const text = Buffer.from(content.buffer, content.byteOffset, content.length)
      const parts = partsOf(text, Buffer.from(delimiter))
      return message.withValue(
        parts.map((part): Value => {
          if (part.length === 0 && empty_as_null) return null
          return emit_bytes ? new Uint8Array(part) : part.toString()
        }),
      )
    }),
})

function partsOf(content: Buffer, delimiter: Buffer): readonly Buffer[] {
  const parts: Buffer[] = []
  for (let from = 0; ; ) {
    const at = content.indexOf(delimiter, from)
    parts.push(content.subarray(from, at < 0 ? undefined : at))
    if (at < 0) return parts
    if (parts.length >= STRING_SPLIT_PARTS_MAX) {
      const message = `expected at most ${STRING_SPLIT_PARTS_MAX} parts, got more`
      throw new HeadgateError('LimitExceeded', message)
    }
    from = at + delimiter.length
  }
}
