/** Writes a kind's reference page: what it is, an example, each field with its bounds, and its rules. */
import type { JsonSchema } from './json-schema.ts'
import type { KindDefinition } from './kind.ts'

export function docsPageOf(definition: KindDefinition): string {
  const rows = rowsOf(definition.spec, 'spec')
  const rules = definition.rules.map(({ message, rule }) => `- ${message}: \`${rule}\``)
  return [
    `# ${definition.kind}`,
    '',
    definition.summary,
    '',
    `\`kubectl get ${definition.plural}\`, short \`${definition.shortNames.join('`, `')}\`.`,
    '',
    '```yaml',
    definition.example.trimEnd(),
    '```',
    '',
    '| field | form | default | meaning |',
    '|---|---|---|---|',
    ...rows,
    ...(rules.length === 0 ? [] : ['', '## Rules', '', ...rules]),
    '',
  ].join('\n')
}

function rowsOf(schema: JsonSchema, path: string): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, one]) => {
    const here = `${path}.${name}`
    const required = schema.required?.includes(name) === true
    const fallback = one.default === undefined ? '' : `\`${JSON.stringify(one.default)}\``
    const cells = [
      `\`${here}\`${required ? ' (required)' : ''}`,
      formOf(one),
      fallback,
      one.description ?? '',
    ]
    return [`| ${cells.map(cell).join(' | ')} |`, ...rowsOf(one, here), ...rowsWithin(one, here)]
  })
}

function rowsWithin(schema: JsonSchema, path: string): readonly string[] {
  if (schema.items !== undefined) return rowsOf(schema.items, `${path}[]`)
  return (schema.anyOf ?? []).flatMap((form) => rowsOf(form, path))
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function formOf(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(formOf).join(' or ')
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ')
  if (schema.patternText !== undefined) return schema.patternText
  if (schema.type === 'array') return `list, at most ${schema.maxItems}`
  if (schema.type === 'string') return `text, at most ${schema.maxLength} characters`
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object') {
    return `map, at most ${schema.maxProperties}`
  }
  if (schema.minimum !== undefined && schema.maximum !== undefined) {
    return `${schema.type}, ${schema.minimum} to ${schema.maximum}`
  }
  return schema.type ?? 'anything'
}
