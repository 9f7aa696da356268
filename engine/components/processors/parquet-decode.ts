/** Makes a document of each row of Parquet files. */
import { Type } from '../../../crds/typebox.ts'
import { readParquet } from '../../bloblang/methods/parquet.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { eachMessage } from '../each-message.ts'

export const parquetDecode: ProcessorDefinition = defineProcessor({
  name: 'parquet_decode',
  status: 'beta',
  effects: 'none',
  portable: true,
  summary: 'Makes a document of each row of a Parquet file.',
  description:
    'Rows have the metadata of their file, and take its place in the batch. Bytes that are no text stay bytes.',
  config: Type.Object({
    handle_logical_types: Type.Unsafe<'v1' | 'v2'>({
      type: 'string',
      enum: ['v1', 'v2'],
      default: 'v1',
      description: 'With `v2` times are timestamps, and with `v1` the numbers that are stored.',
    }),
    byte_array_as_string: Type.Boolean({
      default: false,
      description: 'Without effect; kept for configs that have it.',
    }),
  }),
  examples: [
    {
      title: 'What is no Parquet is flagged, and stays',
      config: { handle_logical_types: 'v2' },
      given: [{ id: 1 }],
      then: [{ id: 1 }],
    },
  ],
  build: ({ handle_logical_types }, context) =>
    eachMessage(context, (message) => {
      const rows = readParquet(Buffer.from(message.content()), handle_logical_types === 'v1')
      return rows.map((row) => message.withValue(row))
    }),
})
