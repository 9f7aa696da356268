/** Makes several messages of each, in the same batch. */
import { Type } from '../../../crds/typebox.ts'
import { isObject, kindOf } from '../../bloblang/values/kind-of.ts'
import { parseDocument } from '../../bloblang/values/parse-document.ts'
import type { Value } from '../../bloblang/values/value.ts'
import { HeadgateError } from '../../error.ts'
import type { BuildContext } from '../../pipelines/build-context.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import type { Batch, Message } from '../../pipelines/message.ts'
import { ARCHIVE_BYTES_MAX, ARCHIVE_ENTRIES_MAX, type ArchivedFile } from '../archived-file.ts'
import { unpackBinary } from '../binary-archive.ts'
import { eachMessage } from '../each-message.ts'
import { documentsIn } from '../json-documents.ts'
import { withMetadataSet } from '../metadata-map.ts'
import { unpackTar } from '../tar-archive.ts'
import { unpackZip } from '../zip-archive.ts'

type Unpack = (message: Message, index: number, batch: Batch) => readonly Message[]

const NAMED = [
  'binary',
  'csv',
  'json_array',
  'json_documents',
  'json_map',
  'lines',
  'tar',
  'zip',
] as const
const CSV_WITH_DELIMITER = /^csv:.$/u

export const unarchive: ProcessorDefinition = defineProcessor({
  name: 'unarchive',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Makes several messages of each message, in the same batch.',
  description:
    'All have the metadata of the message that they were; put a `split` behind to make batches of them. `binary` is what ' +
    '`archive` makes; `csv` makes an object of each row behind the first, which names the columns (`csv:;` for another ' +
    'delimiter); `json_array` and `json_documents` make a message of each element or document; `json_map` of each value, ' +
    'with its key in the metadata `archive_key`; `lines` of each line; `tar` and `zip` of each file, with its path in the ' +
    `metadata \`archive_filename\`, up to ${ARCHIVE_ENTRIES_MAX} files that unpack to ${ARCHIVE_BYTES_MAX} bytes; folders and ` +
    'links are passed over.',
  config: Type.Object({
    format: Type.String({
      description: `How they were put together: ${NAMED.join(', ')}, or csv with a delimiter, such as csv:;.`,
    }),
  }),
  check: ({ format }) =>
    (NAMED as readonly string[]).includes(format) || CSV_WITH_DELIMITER.test(format)
      ? []
      : [
          {
            path: ['format'],
            message: `expected one of ${NAMED.join(', ')}, csv:x, got ${format}`,
          },
        ],
  examples: [
    {
      title: 'Each element',
      config: { format: 'json_array' },
      given: [[{ id: 1 }, { id: 2 }]],
      then: [{ id: 1 }, { id: 2 }],
    },
    {
      title: 'Each row',
      config: { format: 'csv:;' },
      given: ['id;name\n1;foo\n2;bar'],
      then: [
        { id: '1', name: 'foo' },
        { id: '2', name: 'bar' },
      ],
    },
  ],
  build: ({ format }, context) => eachMessage(context, unpackerOf(format, context)),
})

function unpackerOf(format: string, context: BuildContext): Unpack {
  switch (format) {
    case 'binary':
      return (message) => unpackBinary(message.content()).map((bytes) => message.withContent(bytes))
    case 'json_array':
      return (message) => values(message, array(message.document()))
    case 'json_documents':
      return (message) => values(message, documentsIn(message.content(), parseDocument))
    case 'json_map':
      return mapMembers
    case 'lines':
      return lines
    case 'tar':
      return (message) => filesOf(message, unpackTar(message.content()))
    case 'zip':
      return (message) => filesOf(message, unpackZip(message.content()))
    default:
      return rowsOf(format.startsWith('csv:') ? format.slice('csv:'.length) : ',', context)
  }
}

function values(message: Message, found: readonly Value[]): readonly Message[] {
  return found.map((value) => withJson(message, value))
}

/** An element that is text stays a JSON document, as it was in the array. */
function withJson(message: Message, value: Value): Message {
  return typeof value === 'string'
    ? message.withContent(Buffer.from(JSON.stringify(value)))
    : message.withValue(value)
}

function array(document: Value): readonly Value[] {
  if (Array.isArray(document)) return document
  throw new HeadgateError('BadRequest', `expected an array, got ${kindOf(document)}`)
}

function mapMembers(message: Message): readonly Message[] {
  const document = message.document()
  if (!isObject(document)) {
    throw new HeadgateError('BadRequest', `expected an object, got ${kindOf(document)}`)
  }
  return Object.entries(document).map(([key, value]) =>
    withMetadataSet(withJson(message, value), [['archive_key', key]]),
  )
}

function filesOf(message: Message, files: readonly ArchivedFile[]): readonly Message[] {
  return files.map(({ name, content }) =>
    withMetadataSet(message.withContent(content), [['archive_filename', name]]),
  )
}

const NEW_LINE = 0x0a
const RETURN = 0x0d

/** A line break at the end begins no line, and one may be of two bytes. */
function lines(message: Message): readonly Message[] {
  const bytes = message.content()
  const found: Message[] = []
  for (let from = 0; from < bytes.length; ) {
    const at = bytes.indexOf(NEW_LINE, from)
    const end = at === -1 ? bytes.length : at
    const until = at !== -1 && end > from && bytes[end - 1] === RETURN ? end - 1 : end
    found.push(message.withContent(bytes.subarray(from, until)))
    from = end + 1
  }
  return found
}

/** As the method `parse_csv` reads them. */
function rowsOf(delimiter: string, context: BuildContext): Unpack {
  const text = `root = content().string().parse_csv(delimiter: ${JSON.stringify(delimiter)})`
  const mapping = context.mapping(text)
  return (message, index, batch) => {
    const { root } = mapping.map(batch, index)
    return Array.isArray(root) ? values(message, root) : []
  }
}
