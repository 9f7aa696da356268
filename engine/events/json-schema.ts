/** JSON Schemas (2020-12) that people write for their events. `format` annotates; it does not judge, as the draft says. */
import { createRequire } from 'node:module'

/** Loaded with the first schema: most sets have none, and every process would pay for it. */
const load = createRequire(import.meta.url)

/** Undefined when the value is a schema, else what is wrong with it. */
export function jsonSchemaProblem(schema: unknown): string | undefined {
  try {
    compile(schema)
    return undefined
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
}

/** A function that gives undefined for a value that fits, else where it does not and why. */
export function compileJsonSchema(schema: unknown): (value: unknown) => string | undefined {
  const validate = compile(schema)
  return (value) => {
    if (validate(value)) return undefined
    const [first] = validate.errors ?? []
    const place = first?.instancePath.slice(1).replaceAll('/', '.') ?? ''
    const reason = first?.message ?? 'does not fit the schema'
    return place === '' ? `the event ${reason}` : `property "${place}" ${reason}`
  }
}

function compile(schema: unknown) {
  if (typeof schema !== 'boolean' && (typeof schema !== 'object' || schema === null)) {
    throw new Error(`a schema is an object, got ${JSON.stringify(schema)}`)
  }
  const { Ajv2020 } = load('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js')
  const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false })
  return ajv.compile(schema)
}
