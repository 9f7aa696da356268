/** The fields `schema` and `schema_path`: a schema as text, or the file that holds it. */
import { type TUnsafe, Type } from '../../crds/typebox.ts'
import type { ConfigFault } from '../pipelines/component.ts'
import type { Need, PipelineEnvironment } from '../pipelines/pipeline.ts'
import { configFileFaults, configFileNeeds, readConfigFile } from './config-file.ts'

interface SchemaFields {
  readonly schema: string
  readonly schema_path: string
}

export const schemaFields: {
  readonly schema: TUnsafe<string>
  readonly schema_path: TUnsafe<string>
} = {
  schema: Type.Unsafe<string>({
    type: 'string',
    default: '',
    description: 'The schema, as text.',
  }),
  schema_path: Type.Unsafe<string>({
    type: 'string',
    default: '',
    description:
      'The file that holds the schema, instead of `schema`; it may begin with `file://`.',
  }),
}

export function schemaNeeds({ schema_path }: SchemaFields): readonly Need[] {
  return configFileNeeds(schema_path, ['schema_path'])
}

/** `judge` is asked about a schema that stands in the config; what it throws is what is wrong with it. */
export function schemaFaults(
  { schema, schema_path }: SchemaFields,
  judge: (schema: string) => unknown,
): readonly ConfigFault[] {
  if ((schema === '') === (schema_path === '')) {
    const found = schema === '' ? 'neither' : 'both'
    return [{ path: [], message: `expected either schema or schema_path, got ${found}` }]
  }
  if (schema === '' || schema.includes('${')) return configFileFaults(schema_path, ['schema_path'])
  try {
    judge(schema)
    return []
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    return [{ path: ['schema'], message }]
  }
}

export function schemaText(
  { schema, schema_path }: SchemaFields,
  environment: Pick<PipelineEnvironment, 'files'>,
): string {
  return schema === '' ? Buffer.from(readConfigFile(environment, schema_path)).toString() : schema
}
