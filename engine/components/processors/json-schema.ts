/** Flags what does not fit a JSON Schema. */
import { Type } from '../../../crds/typebox.ts'
import { compileJsonSchema } from '../../bloblang/methods/json-schema.ts'
import { HeadgateError } from '../../error.ts'
import { defineProcessor, type ProcessorDefinition } from '../../pipelines/component.ts'
import { eachMessage } from '../each-message.ts'
import { schemaFaults, schemaFields, schemaNeeds, schemaText } from '../schema-fields.ts'

export const jsonSchema: ProcessorDefinition = defineProcessor({
  name: 'json_schema',
  status: 'stable',
  effects: 'none',
  portable: true,
  summary: 'Flags each message that does not fit a JSON Schema; none is changed.',
  description:
    'The drafts 4 to 7, 2019-09 and 2020-12. Patterns are read as RE2 reads them; `format` is not judged, and a `$ref` ' +
    'leads to a place within the schema.',
  config: Type.Object(schemaFields),
  needs: schemaNeeds,
  check: (config) => schemaFaults(config, compileJsonSchema),
  examples: [
    {
      title: 'Flag what has no text as its id',
      config: {
        schema: '{"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}',
      },
      given: [{ id: 'a' }, { id: 1 }],
      then: [{ id: 'a' }, { id: 1 }],
    },
    {
      title: 'A schema in a file',
      config: { schema_path: 'file://./order.json' },
      files: { './order.json': '{"type": "object"}' },
      given: [{ id: 'a' }],
      then: [{ id: 'a' }],
    },
  ],
  build: (config, context) => {
    const faultsOf = compileJsonSchema(schemaText(config, context.environment))
    return eachMessage(context, (message) => {
      const faults = faultsOf(message.document())
      if (faults.length === 0) return message
      throw new HeadgateError('EventInvalid', faults.join('\n'))
    })
  },
})
