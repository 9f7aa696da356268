/** Reads and writes Avro by a schema. */
import { Type } from '../../../crds/typebox.ts'
import type { Value } from '../../bloblang/values/value.ts'
import { HeadgateError } from '../../error.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { avroFingerprint, canonicalForm } from '../avro/avro-fingerprint.ts'
import { encodeAvro, fromAvroJson, toAvroJson } from '../avro/avro-json.ts'
import { type AvroType, parseAvroSchema } from '../avro/avro-type.ts'
import { AvroReader } from '../avro/read-avro.ts'
import { eachMessage } from '../each-message.ts'
import { withDocument } from '../replaced-content.ts'
import { schemaFaults, schemaFields, schemaNeeds, schemaText } from '../schema-fields.ts'

const ENCODINGS = ['textual', 'binary', 'single'] as const

export const avro: ProcessorDefinition = defineProcessor({
  name: 'avro',
  status: 'beta',
  effects: 'none',
  portable: true,
  summary: 'Makes documents of Avro, or Avro of documents.',
  description:
    'A value of a union that is not null stands in an object, by the name of its type: `{"string": "a"}`. Bytes are bytes, ' +
    'dates and timestamps are timestamps, and decimals are numbers with all of their digits. `single` has the fingerprint ' +
    'of the schema before the datum, and another one is refused.',
  config: Type.Object({
    operator: Type.Unsafe<'to_json' | 'from_json'>({
      type: 'string',
      enum: ['to_json', 'from_json'],
      description: '`to_json` makes a document of Avro, `from_json` Avro of a document.',
    }),
    encoding: Type.Unsafe<(typeof ENCODINGS)[number]>({
      type: 'string',
      enum: [...ENCODINGS],
      default: 'textual',
      description: 'How Avro is written: its own JSON, bytes, or bytes that name their schema.',
    }),
    ...schemaFields,
  }),
  needs: schemaNeeds,
  check: (config) => schemaFaults(config, parseAvroSchema),
  examples: [
    {
      title: 'Into Avro’s own JSON, with a default',
      config: {
        operator: 'from_json',
        schema:
          '{"type": "record", "name": "order", "fields": [{"name": "id", "type": "string"}, {"name": "n", "type": "int", "default": 1}]}',
      },
      given: [{ id: 'a' }],
      then: [{ id: 'a', n: 1 }],
    },
  ],
  build: ({ operator, encoding, ...schema }, context) => {
    const type = parseAvroSchema(schemaText(schema, context.environment))
    if (operator === 'to_json') {
      const read = readerOf(type, encoding)
      return eachMessage(context, (message) =>
        withDocument(
          message,
          encoding === 'textual' ? fromAvroJson(type, message.document()) : read(message.content()),
        ),
      )
    }
    const write = writerOf(type, encoding)
    return eachMessage(context, (message) => withDocument(message, write(message.document())))
  },
})

type Encoding = (typeof ENCODINGS)[number]

/** C3 01, and the fingerprint, the lowest byte first. */
function singleHeader(type: AvroType): Buffer {
  const header = Buffer.from([0xc3, 0x01, 0, 0, 0, 0, 0, 0, 0, 0])
  header.writeBigUInt64LE(avroFingerprint(canonicalForm(type)), 2)
  return header
}

function readerOf(type: AvroType, encoding: Encoding): (bytes: Uint8Array) => Value {
  const header = encoding === 'single' ? singleHeader(type) : Buffer.alloc(0)
  return (bytes) => {
    const reader = new AvroReader(bytes, { wrapsUnions: true, asJson: false })
    if (!reader.take(header.length).equals(header)) {
      const message = 'expected a datum that begins with the fingerprint of the schema'
      throw new HeadgateError('MappingFailed', message)
    }
    const value = reader.datum(type)
    if (reader.ended) return value
    const message = `expected one datum of Avro, got more bytes behind byte ${reader.at}`
    throw new HeadgateError('MappingFailed', message)
  }
}

function writerOf(type: AvroType, encoding: Encoding): (value: Value) => Value {
  if (encoding === 'textual') return (value) => toAvroJson(type, value)
  if (encoding === 'binary') return (value) => encodeAvro(type, value)
  const header = singleHeader(type)
  return (value) => Buffer.concat([header, encodeAvro(type, value)])
}
