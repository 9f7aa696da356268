/** The JSON Schemas for editors that the examples name: all kinds in one, and headgate.yaml. */
import { schemaFiles } from '../cli/schema-files.ts'

/** Beside the examples, so that one path holds in a checkout, in the package and in a copy. */
const FOLDER = 'examples/.schemas'
const WRITTEN = ['headgate.schema.json', 'headgate-config.schema.json']

export async function generateSchemas(): Promise<ReadonlyMap<string, string>> {
  const files = [...(await schemaFiles())].filter(([name]) => WRITTEN.includes(name))
  return new Map(files.map(([name, text]) => [`${FOLDER}/${name}`, text]))
}
