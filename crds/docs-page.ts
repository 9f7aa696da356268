/** Writes a kind's reference page: what it is, an example, each field with its bounds, its rules, what changes do. */
import { type FieldSchema, formOf } from './field-form.ts'
import type { KindDefinition } from './kind.ts'

/** What the vocabulary does not know of a field, by its path: `spec.retention.age`. */
export interface FieldFacts {
  /** What a change of it does, in one sentence. */
  effectOf(path: string): string
  /** A value of it, as YAML on one line. */
  exampleOf(path: string): string
}

export function docsPageOf(definition: KindDefinition, facts: FieldFacts): string {
  const rows = rowsOf(definition.spec as FieldSchema, 'spec', facts)
  const rules = definition.rules.map(({ message, rule }) => `- ${message}: \`${rule}\``)
  const transitions = definition.transitions.map(({ message }) => `- ${message}`)
  return [
    `# ${definition.kind}`,
    '',
    definition.summary,
    '',
    `\`kubectl get ${definition.plural}\`, short \`${definition.shortNames.join('`, `')}\`. Any field at the prompt: \`headgate explain ${definition.kind}.spec.id\`.`,
    '',
    '```yaml',
    definition.example.trimEnd(),
    '```',
    '',
    ...(definition.note === undefined ? [] : [definition.note, '']),
    '| field | form | default | example | meaning |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    '## Rules',
    '',
    ...rules,
    ...transitions,
    '',
    '## What a change does',
    '',
    '| field | a change |',
    '|---|---|',
    ...effectRows(definition, facts),
    '',
  ].join('\n')
}

/** What holds beneath a field is told once, at the field. */
function effectRows({ spec }: KindDefinition, { effectOf }: FieldFacts): readonly string[] {
  const fields = ['metadata', ...Object.keys(spec.properties ?? {}).map((name) => `spec.${name}`)]
  const byEffect = Map.groupBy(fields, effectOf)
  return [...byEffect].map(
    ([effect, paths]) => `| ${paths.map((path) => `\`${path}\``).join(', ')} | ${cell(effect)} |`,
  )
}

function rowsOf(schema: FieldSchema, path: string, facts: FieldFacts): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, one]) => {
    const here = `${path}.${name}`
    const required = schema.required?.includes(name) === true
    const fallback = one.default === undefined ? '' : `\`${JSON.stringify(one.default)}\``
    const cells = [
      `\`${here}\`${required ? ' (required)' : ''}`,
      formOf(one),
      fallback,
      `\`${facts.exampleOf(here)}\``,
      one.description ?? '',
    ]
    const inner = [...rowsOf(one, here, facts), ...rowsWithin(one, here, facts)]
    return [`| ${cells.map(cell).join(' | ')} |`, ...inner]
  })
}

function rowsWithin(schema: FieldSchema, path: string, facts: FieldFacts): readonly string[] {
  if (schema.items !== undefined) return rowsOf(schema.items, `${path}[]`, facts)
  return (schema.anyOf ?? []).flatMap((form) => rowsOf(form, path, facts))
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
