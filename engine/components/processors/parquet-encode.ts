/** Makes a Parquet file of each batch. */
import { Type } from '../../../crds/typebox.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { unsupportedField } from '../../pipelines/unsupported-field.ts'
import {
  PARQUET_TYPES,
  type ParquetField,
  parquetFaults,
  type TimestampUnit,
} from '../parquet/parquet-schema.ts'
import { COMPRESSIONS, ENCODINGS, parquetWriter } from '../parquet/write-parquet.ts'

export const parquetEncode: ProcessorDefinition = defineProcessor({
  name: 'parquet_encode',
  status: 'beta',
  effects: 'none',
  portable: true,
  summary: 'Makes a Parquet file of each batch, a row of each document.',
  description: `The message has the metadata of the first one. A field has a \`name\`, a \`type\` (${PARQUET_TYPES.map((type) => `\`${type}\``).join(', ')}),
or \`fields\` of its own, \`optional: true\` where it may be null or missing, \`repeated: true\` for a list, and a decimal
\`decimal_precision\` and \`decimal_scale\`. A \`LIST\` has one field, its items; a \`MAP\` has two, \`key\` and \`value\`.
Times are timestamps, texts as in RFC 3339, or the numbers that are stored. When a row does not fit, all of the batch is
flagged, and stays as it was.`,
  config: Type.Object({
    schema: Type.Unsafe<readonly ParquetField[]>({
      type: 'array',
      items: { type: 'object' },
      minItems: 1,
      description: 'The columns.',
    }),
    schema_metadata: unsupportedField('', 'a schema in the metadata is not read'),
    default_compression: Type.Unsafe<(typeof COMPRESSIONS)[number]>({
      type: 'string',
      enum: [...COMPRESSIONS],
      default: 'uncompressed',
      description: 'How columns are compressed.',
    }),
    default_encoding: Type.Unsafe<(typeof ENCODINGS)[number]>({
      type: 'string',
      enum: [...ENCODINGS],
      default: 'DELTA_LENGTH_BYTE_ARRAY',
      description: 'How texts and bytes are encoded; some readers know `PLAIN` alone.',
    }),
    default_timestamp_unit: Type.Unsafe<TimestampUnit>({
      type: 'string',
      enum: ['NANOSECOND', 'MICROSECOND', 'MILLISECOND'],
      default: 'NANOSECOND',
      description: 'The unit of `TIMESTAMP`; some readers do not know nanoseconds.',
    }),
  }),
  check: ({ schema }) => parquetFaults(schema, ['schema']),
  examples: [
    {
      title: 'A file of each batch',
      config: {
        schema: [
          { name: 'id', type: 'INT64' },
          { name: 'note', type: 'UTF8', optional: true },
          { name: 'tags', type: 'LIST', fields: [{ name: 'element', type: 'UTF8' }] },
        ],
        default_compression: 'zstd',
      },
    },
  ],
  build: async (config, context) => {
    const write = await parquetWriter({
      fields: config.schema,
      compression: config.default_compression,
      encoding: config.default_encoding,
      unit: config.default_timestamp_unit,
    })
    return {
      process(batch) {
        const [first] = batch
        if (first === undefined) return []
        try {
          const file = write(batch.map((message) => message.document()))
          return [[first.withContent(file)]]
        } catch (thrown) {
          const failure = context.failure(thrown)
          return [batch.map((message) => message.withFailure(failure))]
        }
      },
    }
  },
})
