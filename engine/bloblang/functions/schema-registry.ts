/** Functions for what schema registries ask of payloads. */
import type { FunctionDefinition } from '../definition.ts'
import { MappingError } from '../mapping-error.ts'
import { expectBytes } from '../methods/expect-bytes.ts'

const HEADER_BYTES = 5
const SCHEMA_ID_MAX = 0xffff_ffff

export const schemaRegistryFunctions: readonly FunctionDefinition[] = [
  {
    name: 'with_schema_registry_header',
    category: 'generation',
    status: 'stable',
    description:
      'A payload with the header of schema registries before it: a zero, and the id of the schema in four bytes.',
    parameters: [
      { name: 'schema_id', type: 'integer', description: 'The id of the schema.' },
      { name: 'message', type: 'any', description: 'The payload, as bytes or text.' },
    ],
    examples: [
      {
        mapping: 'root = with_schema_registry_header(258, "hi").encode("hex")',
        output: '00000001026869',
      },
      {
        mapping: 'root = with_schema_registry_header(-1, "hi")',
        error: `expected a schema id from 0 to ${SCHEMA_ID_MAX}, got -1`,
      },
    ],
    build: (site) => {
      const id = site.integer('schema_id')
      const message = site.any('message')
      return (frame) => {
        const schemaId = id(frame)
        if (schemaId < 0 || schemaId > SCHEMA_ID_MAX) {
          throw new MappingError(`expected a schema id from 0 to ${SCHEMA_ID_MAX}, got ${schemaId}`)
        }
        const header = Buffer.alloc(HEADER_BYTES)
        header.writeUInt32BE(schemaId, 1)
        return Buffer.concat([header, expectBytes(message(frame))])
      }
    },
  },
]
