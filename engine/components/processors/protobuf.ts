/** Reads and writes messages of protobuf by `.proto` files. */
import { Type } from '../../../crds/typebox.ts'
import { HeadgateError } from '../../error.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { unsupportedList } from '../../pipelines/unsupported-field.ts'
import { configFileNeeds } from '../config-file.ts'
import { readConfigFolders } from '../config-folders.ts'
import { eachMessage } from '../each-message.ts'
import { protoTypes } from '../protobuf/proto-types.ts'
import { readProto } from '../protobuf/read-proto.ts'
import { writeProto } from '../protobuf/write-proto.ts'
import { withDocument } from '../replaced-content.ts'

/** Files that `import_paths` may hold, all together. */
export const PROTO_FILES_MAX = 1_000

export const protobuf: ProcessorDefinition = defineProcessor({
  name: 'protobuf',
  status: 'beta',
  effects: 'none',
  summary: 'Makes documents of messages of protobuf, or messages of documents.',
  description:
    '`to_json` and `from_json` follow ProtoJSON: numbers of 64 bits are texts, bytes are base64, times and durations are ' +
    'texts, and what is the default is left out. `decode` leaves numbers, bytes and times what they are. The package ' +
    '`protobufjs` reads the files and has to be installed: `npm install protobufjs`.',
  config: Type.Object({
    operator: Type.Unsafe<'to_json' | 'from_json' | 'decode'>({
      type: 'string',
      enum: ['to_json', 'from_json', 'decode'],
      description: 'What to do.',
    }),
    message: Type.String({
      minLength: 1,
      description: 'The type of the messages, with its package: `shop.Order`.',
    }),
    discard_unknown: Type.Boolean({
      default: false,
      description: 'Whether `from_json` passes over fields that the type does not have.',
    }),
    use_proto_names: Type.Boolean({
      default: false,
      description: 'Whether documents have the names of the files, and not `lowerCamelCase`.',
    }),
    import_paths: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: 'Folders of `.proto` files; what files import is found by its path from here.',
    }),
    use_enum_numbers: Type.Boolean({
      default: false,
      description: 'Whether documents have the numbers of enums, and not their names.',
    }),
    bsr: unsupportedList('the Buf Schema Registry is not asked'),
  }),
  needs: ({ import_paths }) =>
    import_paths.flatMap((path, index) => configFileNeeds(path, ['import_paths', index])),
  check: ({ import_paths }) =>
    import_paths.length > 0
      ? []
      : [{ path: ['import_paths'], message: 'expected at least one folder of .proto files' }],
  examples: [
    {
      title: 'Orders into documents',
      config: { operator: 'to_json', message: 'shop.Order', import_paths: ['./protos'] },
    },
  ],
  build: async (config, context) => {
    const types = await protoTypes(
      readConfigFolders(context.environment, config.import_paths, {
        names: /\.proto$/,
        filesMax: PROTO_FILES_MAX,
      }),
    )
    const type = types.message(config.message)
    if (type === undefined) {
      const message = `there is no message ${config.message} in the files of import_paths`
      throw new HeadgateError('ComponentConfigInvalid', message)
    }
    if (config.operator === 'from_json') {
      const options = { types, discardsUnknown: config.discard_unknown }
      return eachMessage(context, (message) =>
        message.withContent(writeProto(type, message.document(), options)),
      )
    }
    const options = {
      types,
      usesProtoNames: config.use_proto_names,
      usesEnumNumbers: config.use_enum_numbers,
      asJson: config.operator === 'to_json',
    }
    return eachMessage(context, (message) =>
      withDocument(message, readProto(type, message.content(), options)),
    )
  },
})
