/** `headgate list [ROLE]`: what there is to build pipelines of. */
import type { ComponentDefinition, Role } from '../engine/pipelines/component.ts'
import { type CommandDefinition, type Invocation, textOption } from './command.ts'

/** The words of the command, as Connect has them. */
const ROLE_WORDS: Readonly<Record<string, Role>> = {
  inputs: 'input',
  buffers: 'buffer',
  processors: 'processor',
  outputs: 'output',
  caches: 'cache',
  'rate-limits': 'rate_limit',
}

const LISTED = [...Object.keys(ROLE_WORDS), 'scanners', 'bloblang-functions', 'bloblang-methods']

export const list: CommandDefinition = {
  name: 'list',
  summary: 'List the components of pipelines, and the functions and methods of Bloblang.',
  arguments: [
    { name: 'WHAT', required: false, repeated: true, choices: LISTED, summary: 'Only these.' },
  ],
  options: [
    {
      flags: '-o, --format <FORMAT>',
      summary: 'How to print; jsonschema is the schema of a whole config.',
      choices: ['text', 'json', 'jsonschema'],
      byDefault: 'text',
    },
  ],
  examples: [
    'headgate list',
    'headgate list processors outputs',
    'headgate list inputs --format json',
    'headgate list --format jsonschema > connect.schema.json',
  ],
  run: runList,
}

interface Listed {
  readonly name: string
  readonly status: string
  readonly summary: string
}

async function runList(invocation: Invocation): Promise<number> {
  const format = textOption(invocation, 'format')
  const { terminal } = invocation
  if (format === 'jsonschema') {
    await terminal.print(await configSchemaText())
    return 0
  }
  const words = invocation.arguments.length === 0 ? LISTED : invocation.arguments
  if (format === 'json') {
    const entries = await Promise.all(words.map(async (word) => [word, await detailed(word)]))
    await terminal.print(`${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`)
    return 0
  }
  const { aligned } = await import('./table.ts')
  for (const [index, word] of words.entries()) {
    const rows = (await listed(word)).map(({ name, status, summary }) => [
      `  ${name}`,
      status === 'stable' ? summary : `${summary} (${status})`,
    ])
    const head =
      words.length === 1 ? '' : `${index === 0 ? '' : '\n'}${terminal.paintData('bold', word)}\n`
    await terminal.print(`${head}${aligned(rows)}`)
  }
  if (words.length > 1) terminal.say('More of one: headgate explain NAME')
  return 0
}

async function listed(word: string): Promise<readonly Listed[]> {
  const role = ROLE_WORDS[word]
  if (role !== undefined) return definitionsOf(role)
  if (word === 'scanners') {
    const { SCANNERS } = await import('../engine/components/scanners/scanner-field.ts')
    return SCANNERS.map(({ name, summary }) => ({ name, status: 'stable', summary }))
  }
  return bloblangListed(word)
}

async function bloblangListed(word: string): Promise<readonly Listed[]> {
  const { completions } = await import('../engine/bloblang/catalogue-text.ts')
  const kind = word === 'bloblang-functions' ? 'function' : 'method'
  return completions()
    .filter((one) => one.kind === kind)
    .map(({ label, detail, deprecated }) => ({
      name: label,
      status: deprecated === true ? 'deprecated' : 'stable',
      summary: detail,
    }))
}

async function definitionsOf(role: Role): Promise<readonly ComponentDefinition[]> {
  const { componentNames, loadComponent } = await import(
    '../engine/pipelines/component-registry.ts'
  )
  const names = [...componentNames(role)].sort()
  const loaded = await Promise.all(names.map((name) => loadComponent(role, name)))
  return loaded.filter((one) => one !== undefined)
}

/** All that a program may want to know of each. */
async function detailed(word: string): Promise<readonly object[]> {
  const role = ROLE_WORDS[word]
  if (role === undefined) return listed(word)
  const { resolveSchemas } = await import('./resolved-schemas.ts')
  const { definitions } = await resolveSchemas()
  return (await definitionsOf(role)).map((definition) => {
    const { name, status, summary, description } = definition
    const examples = 'examples' in definition ? definition.examples : undefined
    const config = definitions.get(`${role}.${name}`)
    return { name, type: role, status, summary, description, config, examples }
  })
}

async function configSchemaText(): Promise<string> {
  const [{ bareConfigSchema }, { resolveSchemas }] = await Promise.all([
    import('./editor-schema.ts'),
    import('./resolved-schemas.ts'),
  ])
  return `${JSON.stringify(bareConfigSchema(await resolveSchemas()), null, 2)}\n`
}
