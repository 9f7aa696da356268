/**
 * Makes one message of a batch.
 *
 * The message has an origin of its own: where it is rejected, all that went into it has to come again.
 */
import { Type } from '../../../crds/typebox.ts'
import type { Value } from '../../bloblang/values/value.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { type Batch, Message, type MetadataView } from '../../pipelines/message.ts'
import { inheritResponses } from '../../pipelines/sync-response.ts'
import { packBinary } from '../binary-archive.ts'

type Format = 'binary' | 'concatenate' | 'json_array' | 'lines'

const NEW_LINE: Uint8Array = Buffer.from('\n')

export const archive: ProcessorDefinition = defineProcessor({
  name: 'archive',
  status: 'stable',
  effects: 'none',
  summary: 'Makes one message of all messages of a batch.',
  description:
    'It has the metadata of the first. `binary` puts lengths between them (4 bytes, the highest first, behind the number ' +
    'of messages), `concatenate` nothing and `lines` line breaks; `json_array` makes a list of documents.',
  config: Type.Object({
    format: Type.Unsafe<Format>({
      type: 'string',
      enum: ['binary', 'concatenate', 'json_array', 'lines'],
      description: 'How they are put together.',
    }),
  }),
  examples: [
    {
      title: 'A list',
      config: { format: 'json_array' },
      given: [{ id: 1 }],
      then: [[{ id: 1 }]],
    },
  ],
  build: ({ format }) => {
    const join = FORMATS[format]
    return {
      process(batch) {
        const [first] = batch
        if (first === undefined) return [batch]
        const failed = batch.find((message) => message.failure() !== undefined)
        const joined = join(batch, new KeptMetadata(first))
        inheritResponses(first, joined)
        return [[joined.withFailure(failed?.failure())]]
      },
    }
  },
})

const FORMATS: Readonly<Record<Format, (batch: Batch, metadata: MetadataView) => Message>> = {
  binary: (batch, metadata) => Message.fromBytes(packBinary(contents(batch)), metadata),
  concatenate: (batch, metadata) => Message.fromBytes(Buffer.concat(contents(batch)), metadata),
  json_array: (batch, metadata) =>
    Message.fromValue(
      batch.map((message) => message.document()),
      metadata,
    ),
  lines: (batch, metadata) => Message.fromBytes(lines(batch), metadata),
}

function contents(batch: Batch): Uint8Array[] {
  return batch.map((message) => message.content())
}

function lines(batch: Batch): Uint8Array {
  return Buffer.concat(
    batch.flatMap((message, index) =>
      index === 0 ? [message.content()] : [NEW_LINE, message.content()],
    ),
  )
}

class KeptMetadata implements MetadataView {
  readonly #message: Message

  constructor(message: Message) {
    this.#message = message
  }

  get(key: string): Value | undefined {
    return this.#message.metadata(key)
  }

  keys(): Iterable<string> {
    return this.#message.metadataKeys()
  }
}
