/** Every JSON Schema for editors by the name of its file: one a kind, one for all of them, one for headgate.yaml. */
import { kinds } from '../crds/kinds.ts'
import { combinedSchema, configFileSchema, type JsonObject, kindSchema } from './editor-schema.ts'
import { resolveSchemas } from './resolved-schemas.ts'

export async function schemaFiles(): Promise<ReadonlyMap<string, string>> {
  const resolved = await resolveSchemas()
  const text = (schema: JsonObject): string => `${JSON.stringify(schema, undefined, 2)}\n`
  return new Map([
    ['headgate.schema.json', text(combinedSchema(resolved))],
    ...Object.values(kinds).map(
      ({ kind, plural }) => [`${plural}.schema.json`, text(kindSchema(kind, resolved))] as const,
    ),
    ['headgate-config.schema.json', text(configFileSchema(resolved))],
  ])
}
