/** The reference page of the components, from their definitions. */
import { stringify } from 'yaml'
import type { ComponentDefinition, Role } from '../engine/pipelines/component.ts'
import { componentNames, loadComponent } from '../engine/pipelines/component-registry.ts'

const ROLES: readonly Role[] = ['input', 'processor', 'output', 'cache', 'rate_limit']

const HEAD = `# Components

A Pipeline's \`input\`, each of its \`processors\` and its \`output\` is one of these; caches and rate limits stand in
\`cache_resources\` and \`rate_limit_resources\`, and are named by their label. Every component may have a \`label\`;
inputs and outputs may have \`processors\` of their own. Each example is checked, and run where it says what comes out.
`

const EFFECTS: Readonly<Record<ComponentDefinition['effects'], string>> = {
  none: 'touches nothing outside',
  read: 'reads from outside',
  write: 'writes to the outside',
  exec: 'runs commands',
}

interface FieldSchema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
}

interface ConfigSchema extends FieldSchema {
  readonly properties?: Readonly<Record<string, FieldSchema>>
  readonly required?: readonly string[]
}

export async function generateComponents(): Promise<ReadonlyMap<string, string>> {
  const parts = [HEAD]
  for (const role of ROLES) {
    const plural = `${role.replace('_', ' ')}s`
    parts.push(`## ${plural[0]?.toUpperCase()}${plural.slice(1)}\n`)
    for (const name of [...componentNames(role)].sort()) {
      const definition = await loadComponent(role, name)
      if (definition !== undefined) parts.push(componentText(definition))
    }
  }
  return new Map([['docs/reference/components.md', parts.join('\n')]])
}

function componentText(definition: ComponentDefinition): string {
  const { name, role, status, effects, summary, description } = definition
  const schema = definition.config as ConfigSchema
  const fields = Object.entries(schema.properties ?? {}).map(([field, of]) =>
    fieldRow(field, of, schema.required?.includes(field) === true && of.default === undefined),
  )
  return [
    `### ${role.replace('_', ' ')} \`${name}\`\n`,
    `${summary} It ${EFFECTS[effects]}.${status === 'stable' ? '' : ` Status: ${status}.`}\n`,
    ...(description === undefined ? [] : [`${description}\n`]),
    ...(fields.length === 0
      ? []
      : [`| field | type | default | meaning |\n|---|---|---|---|\n${fields.join('\n')}\n`]),
    ...('examples' in definition ? (definition.examples ?? []) : []).map(
      ({ title, config }) =>
        `${title}:\n\n\`\`\`yaml\n${stringify({ [name]: config }, { lineWidth: 100 })}\`\`\`\n`,
    ),
  ].join('\n')
}

function fieldRow(
  name: string,
  { type, description, default: value, enum: choices }: FieldSchema,
  required: boolean,
): string {
  const kind =
    choices === undefined
      ? [type ?? 'any'].flat().join(' or ')
      : choices.map((choice) => `\`${choice}\``).join(', ')
  const byDefault = required
    ? 'required'
    : value === undefined
      ? ''
      : `\`${JSON.stringify(value)}\``
  return `| \`${name}\` | ${cell(kind)} | ${cell(byDefault)} | ${cell(description ?? '')} |`
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
