/** The page of one component, from its definition: what it does, its fields with their defaults, and its examples. */
import { stringify } from 'yaml'
import { type FieldSchema, formOf } from '../crds/field-form.ts'
import type { ScannerDefinition } from '../engine/components/scanners/scanner.ts'
import type { ComponentDefinition, Role } from '../engine/pipelines/component.ts'
import { outputSchema } from '../engine/pipelines/output-fields.ts'

export const ROLE_FOLDERS: Readonly<Record<Role | 'scanner', string>> = {
  input: 'inputs',
  buffer: 'buffers',
  processor: 'processors',
  output: 'outputs',
  cache: 'caches',
  rate_limit: 'rate-limits',
  scanner: 'scanners',
}

const EFFECTS: Readonly<Record<ComponentDefinition['effects'], string>> = {
  none: 'touches nothing outside',
  read: 'reads from outside',
  write: 'writes to the outside',
  exec: 'runs commands',
}

const COMMON: Readonly<Record<Role | 'scanner', string>> = {
  input: 'Beside it may stand `label` and `processors`.',
  buffer: 'It stands at `buffer`, between the input and the processors.',
  processor: 'Beside it may stand `label`.',
  output: 'Beside it may stand `label` and `processors`.',
  cache: 'It stands in `cache_resources`, with a `label` that others name it by.',
  rate_limit: 'It stands in `rate_limit_resources`, with a `label` that others name it by.',
  scanner: 'It stands at `scanner` of an input that reads bytes.',
}

const STATUS: Readonly<Record<ComponentDefinition['status'], string>> = {
  stable: '',
  beta: ' It is in beta: fields may change.',
  experimental: ' It is experimental, and may change or go.',
  deprecated: ' **It is deprecated.**',
}

export function componentPage(definition: ComponentDefinition): string {
  const { role, name, status, effects, summary, description } = definition
  const schema = role === 'output' ? outputSchema(definition) : definition.config
  const examples = 'examples' in definition ? (definition.examples ?? []) : []
  return [
    `# ${role.replace('_', ' ')} \`${name}\`\n`,
    `${summary} It ${EFFECTS[effects]}.${STATUS[status]}\n`,
    ...(description === undefined ? [] : [`${description}\n`]),
    `${COMMON[role]}\n`,
    ...fieldsTable(schema as FieldSchema),
    ...(examples.length === 0 ? [] : ['## Examples\n']),
    ...examples.map((example) => exampleText(name, example)),
    linkBack(),
  ].join('\n')
}

export function scannerPage({ name, summary, config, examples }: ScannerDefinition): string {
  return [
    `# scanner \`${name}\`\n`,
    `${summary}\n`,
    `${COMMON.scanner}\n`,
    ...fieldsTable(config as FieldSchema),
    ...(examples.length === 0 ? [] : ['## Examples\n']),
    ...examples.map((example) =>
      exampleText(name, { title: example.title, config: example.config }),
    ),
    linkBack(),
  ].join('\n')
}

function linkBack(): string {
  return 'All components: [reference/components.md](../../reference/components.md).\n'
}

interface Example {
  readonly title: string
  readonly config: unknown
  readonly resources?: unknown
  readonly given?: readonly unknown[]
  readonly then?: readonly unknown[]
}

function exampleText(
  name: string,
  { title, config, resources, given, then: result }: Example,
): string {
  const yaml = stringify({ [name]: config }, { lineWidth: 100 })
  return [
    `${title}:\n`,
    `\`\`\`yaml\n${yaml}\`\`\`\n`,
    ...(resources === undefined
      ? []
      : [`With:\n\n\`\`\`yaml\n${stringify(resources, { lineWidth: 100 })}\`\`\`\n`]),
    ...(given === undefined ? [] : [`What goes in:\n\n${documents(given)}`]),
    ...(result === undefined ? [] : [`What comes out:\n\n${documents(result)}`]),
  ].join('\n')
}

function documents(values: readonly unknown[]): string {
  if (values.length === 0) return 'Nothing.\n'
  const lines = values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
  return `\`\`\`\n${lines.join('\n')}\n\`\`\`\n`
}

function fieldsTable(schema: FieldSchema): readonly string[] {
  const rows = fieldRows(schema, '', 0)
  if (rows.length > 0) {
    return [
      `## Fields\n`,
      `| field | takes | default | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`,
    ]
  }
  if (schema.properties !== undefined) return ['It has no fields.\n']
  const meaning = schema.description === undefined ? '' : ` ${schema.description}`
  return [`It takes ${formOf(schema)}.${meaning}\n`]
}

/** Deeper fields are told by the component that they belong to. */
const LEVELS_MAX = 6

function fieldRows(schema: FieldSchema, path: string, level: number): readonly string[] {
  if (level > LEVELS_MAX) return []
  const items = schema.items === undefined ? [] : fieldRows(schema.items, `${path}[]`, level + 1)
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`
    const required = schema.required?.includes(name) === true && field.default === undefined
    return [fieldRow(at, field, required), ...fieldRows(field, at, level + 1)]
  })
  return [...own, ...items]
}

function fieldRow(name: string, field: FieldSchema, required: boolean): string {
  const value = field.default
  const byDefault = required
    ? 'required'
    : value === undefined
      ? ''
      : `\`${JSON.stringify(value).replaceAll('`', "'")}\``
  const meaning = field.description ?? ''
  return `| \`${name}\` | ${cell(formOf(field))} | ${cell(byDefault)} | ${cell(meaning)} |`
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
