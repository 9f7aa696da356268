/**
 * Makes one message of a batch.
 *
 * The message has an origin of its own: where it is rejected, all that went into it has to come again.
 */
import { Type } from '../../../crds/typebox.ts'
import type { Value } from '../../bloblang/values/value.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { interpolatedField } from '../../pipelines/fields.ts'
import { type Batch, Message, type MetadataView } from '../../pipelines/message.ts'
import { inheritResponses } from '../../pipelines/sync-response.ts'
import type { ArchivedFile } from '../archived-file.ts'
import { packBinary } from '../binary-archive.ts'
import { packTar } from '../tar-archive.ts'
import { packZip } from '../zip-archive.ts'

const NAMED = ['binary', 'concatenate', 'json_array', 'lines', 'tar', 'zip'] as const
type Format = (typeof NAMED)[number]

const NEW_LINE: Uint8Array = Buffer.from('\n')

export const archive: ProcessorDefinition = defineProcessor({
  name: 'archive',
  status: 'stable',
  effects: 'none',
  summary: 'Makes one message of all messages of a batch.',
  description:
    'It has the metadata of the first. `binary` puts lengths between them (4 bytes, the highest first, behind the number ' +
    'of messages), `concatenate` nothing and `lines` line breaks; `json_array` makes a list of documents. `tar` and `zip` make a file ' +
    'of each, named by `path`; their times are zero, so that equal batches make equal archives.',
  config: Type.Object({
    format: Type.Unsafe<Format>({
      type: 'string',
      enum: [...NAMED],
      description: 'How they are put together.',
    }),
    path: interpolatedField({
      description:
        'What the file of each message is called in a `tar` or a `zip`; empty is its number in the batch, from 0. The other ' +
        'formats know no files.',
      default: '',
      examples: ['${! @kafka_key }-${! this.id }.json'],
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
  build: ({ format, path }, context) => {
    const join = FORMATS[format]
    const names = context.interpolation(path)
    const nameOf: NameOf = (batch, index) => names.text(batch, index) || String(index)
    return {
      process(batch) {
        const [first] = batch
        if (first === undefined) return [batch]
        const failed = batch.find((message) => message.failure() !== undefined)
        const joined = join(batch, new KeptMetadata(first), nameOf)
        inheritResponses(first, joined)
        return [[joined.withFailure(failed?.failure())]]
      },
    }
  },
})

type NameOf = (batch: Batch, index: number) => string
type Join = (batch: Batch, metadata: MetadataView, nameOf: NameOf) => Message

const FORMATS: Readonly<Record<Format, Join>> = {
  binary: (batch, metadata) => Message.fromBytes(packBinary(contents(batch)), metadata),
  concatenate: (batch, metadata) => Message.fromBytes(Buffer.concat(contents(batch)), metadata),
  json_array: (batch, metadata) =>
    Message.fromValue(
      batch.map((message) => message.document()),
      metadata,
    ),
  lines: (batch, metadata) => Message.fromBytes(lines(batch), metadata),
  tar: (batch, metadata, nameOf) => Message.fromBytes(packTar(files(batch, nameOf)), metadata),
  zip: (batch, metadata, nameOf) => Message.fromBytes(packZip(files(batch, nameOf)), metadata),
}

function contents(batch: Batch): Uint8Array[] {
  return batch.map((message) => message.content())
}

function files(batch: Batch, nameOf: NameOf): readonly ArchivedFile[] {
  return batch.map((message, index) => ({
    name: nameOf(batch, index),
    content: message.content(),
  }))
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
