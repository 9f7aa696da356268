/**
 * Writes the TypeScript interfaces of all specs as they are after defaults: what has a default is always there.
 */
import { isOpaque, type JsonSchema } from './json-schema.ts'
import type { KindDefinition } from './kind.ts'

const HEADER = `// Generated from the kinds in crds/. Run \`npm run generate\`; edit nothing here.
/** The specs of all kinds as they are after defaults and normalisation. */
`

export function staticTypesOf(definitions: readonly KindDefinition[]): string {
  const interfaces = new Map<string, string>()
  for (const { spec } of definitions) declare(spec, interfaces)
  return `${HEADER}\n${[...interfaces.values()].join('\n')}`
}

/** The type of a schema as it is written where it is used; objects with a title are declared on the way. */
function typeOf(schema: JsonSchema, interfaces: Map<string, string>): string {
  if (isOpaque(schema)) return 'Readonly<Record<string, unknown>>'
  if (schema.anyOf !== undefined) {
    return schema.anyOf.map((form) => typeOf(form, interfaces)).join(' | ')
  }
  if (schema.enum !== undefined) return schema.enum.map((value) => `'${value}'`).join(' | ')
  if (schema.type === 'array') {
    const item = typeOf(schema.items ?? {}, interfaces)
    return `readonly ${item.includes('|') ? `(${item})` : item}[]`
  }
  if (schema.type === 'object') return objectType(schema, interfaces)
  if (schema.type === 'integer') return 'number'
  return schema.type ?? 'unknown'
}

function objectType(schema: JsonSchema, interfaces: Map<string, string>): string {
  if (schema.additionalProperties !== undefined && schema.additionalProperties !== false) {
    return `Readonly<Record<string, ${typeOf(schema.additionalProperties, interfaces)}>>`
  }
  return declare(schema, interfaces)
}

function declare(schema: JsonSchema, interfaces: Map<string, string>): string {
  const name = schema.title
  if (name === undefined) throw new Error('expected an object schema to have a title')
  const lines = Object.entries(schema.properties ?? {}).flatMap(([field, one]) => {
    const always = schema.required?.includes(field) === true || one.default !== undefined
    const comment = one.description === undefined ? [] : [`  /** ${one.description} */`]
    return [...comment, `  readonly ${field}${always ? '' : '?'}: ${typeOf(one, interfaces)}`]
  })
  const text = `/** ${schema.description ?? name} */\nexport interface ${name} {\n${lines.join('\n')}\n}\n`
  const other = interfaces.get(name)
  if (other !== undefined && other !== text) throw new Error(`two interfaces are called ${name}`)
  interfaces.set(name, text)
  return name
}
