/**
 * A config to begin with: the components that somebody names, each with all its fields, what they mean and what they are
 * unless somebody changes them. What has to be written is filled in from the component's first example.
 */
import type { FieldSchema } from '../crds/field-form.ts'
import type { TSchema } from '../crds/typebox.ts'
import type { Role } from '../engine/pipelines/component.ts'
import { isRecord } from '../engine/pipelines/component-config.ts'
import { inspectPipeline } from '../engine/pipelines/inspect-pipeline.ts'
import { serialised } from './serialised.ts'

const WIDTH = 100

/** A component, or a template that is used as one. */
export interface Begun {
  readonly role: Role
  readonly name: string
  readonly summary: string
  readonly config: TSchema
  readonly examples?: readonly { readonly config: unknown }[]
}

export interface Skeleton {
  readonly inputs: readonly Begun[]
  readonly processors: readonly Begun[]
  readonly outputs: readonly Begun[]
}

/** The lines of a config; `schemaOf` is what may stand beneath a component's name. */
export async function skeletonLines(
  { inputs, processors, outputs }: Skeleton,
  schemaOf: (definition: Begun) => FieldSchema,
): Promise<readonly string[]> {
  const write = (definition: Begun): Promise<readonly string[]> =>
    componentLines(definition, schemaOf(definition))
  const items = async (list: readonly Begun[]): Promise<readonly string[]> =>
    (await Promise.all(list.map(write))).flatMap((lines) => listItem(lines))
  return [
    'input:',
    ...indented(await endLines('inputs', inputs, write, items)),
    '',
    ...(processors.length === 0
      ? ['pipeline:', '  processors: []']
      : ['pipeline:', '  processors:', ...indented(await items(processors), 4)]),
    '',
    'output:',
    ...indented(await endLines('outputs', outputs, write, items)),
    '',
    '# What fails at a processor is rejected at the output, instead of delivered as it is.',
    'error_handling:',
    '  strict: true',
  ]
}

/** Several are brought together by a broker. */
async function endLines(
  field: 'inputs' | 'outputs',
  list: readonly Begun[],
  write: (definition: Begun) => Promise<readonly string[]>,
  items: (list: readonly Begun[]) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const [only] = list
  if (only !== undefined && list.length === 1) return ['label: ""', ...(await write(only))]
  return ['broker:', `  ${field}:`, ...indented(await items(list), 4)]
}

async function componentLines(definition: Begun, schema: FieldSchema): Promise<readonly string[]> {
  const { name, summary } = definition
  const filled = filledConfig(definition, schema)
  const example = exampleOf(definition)
  const isWhole = example === undefined || (await isSound(definition.role, name, filled))
  const value = isWhole ? filled : example
  const head = comment(summary)
  if (!isRecord(value) || schema.properties === undefined) {
    return [...head, ...(await valueLines(name, value))]
  }
  if (Object.keys(schema.properties).length === 0) return [...head, `${name}: {}`]
  return [...head, `${name}:`, ...indented(await fieldLines(schema, value))]
}

function exampleOf(definition: Begun): unknown {
  return definition.examples?.[0]?.config
}

/** The defaults, and from the example what has none and has to be there. */
function filledConfig(definition: Begun, schema: FieldSchema): unknown {
  const example = exampleOf(definition) ?? {}
  if (schema.properties === undefined || !isRecord(example)) return schema.default ?? example
  return Object.fromEntries(
    Object.entries(schema.properties).flatMap(([name, field]) => {
      if (field.default !== undefined) return [[name, field.default]]
      if (schema.required?.includes(name) !== true) return []
      return [[name, Object.hasOwn(example, name) ? example[name] : placeholder(field)]]
    }),
  )
}

/** The first of what it may be. */
function placeholder({
  enum: choices,
  anyOf: forms,
  examples,
  type,
  minLength,
}: FieldSchema): unknown {
  const first =
    examples?.[0] ?? choices?.[0] ?? forms?.find((form) => form.const !== undefined)?.const
  if (first !== undefined) return first
  if (type === 'array') return []
  if (type === 'integer' || type === 'number') return 1
  return (minLength ?? 0) > 0 ? 'x' : ''
}

/** Defaults may not go together: then the example is what is shown. */
async function isSound(role: Role, name: string, config: unknown): Promise<boolean> {
  const { problems } = await inspectPipeline(specOf(role, { [name]: config }))
  return problems.length === 0
}

function specOf(role: Role, component: object): object {
  if (role === 'processor') return { pipeline: { processors: [component] } }
  return { [role]: component }
}

async function fieldLines(
  { properties = {} }: FieldSchema,
  config: Readonly<Record<string, unknown>>,
): Promise<readonly string[]> {
  const lines: string[] = []
  for (const [name, field] of Object.entries(properties)) {
    lines.push(...comment(field.description ?? ''))
    if (Object.hasOwn(config, name)) lines.push(...(await valueLines(name, config[name])))
    else lines.push(`# ${name}:`)
  }
  // Nothing but comments is null, which is a component with nothing but defaults.
  return lines
}

async function valueLines(name: string, value: unknown): Promise<readonly string[]> {
  // As a block, a line break at its end would be lost among those of the file.
  if (typeof value === 'string' && value.trim() !== value) {
    return [`${name}: ${JSON.stringify(value)}`]
  }
  return (await serialised({ [name]: value }, 'yaml')).trimEnd().split('\n')
}

function comment(text: string): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.replaceAll('\n', ' ').split(' ')) {
    if (line !== '' && line.length + word.length + 3 > WIDTH) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  if (line !== '') lines.push(line)
  return lines.map((one) => `# ${one}`)
}

function indented(lines: readonly string[], width = 2): readonly string[] {
  return lines.map((line) => (line === '' ? line : `${' '.repeat(width)}${line}`))
}

/** The comments stand above the dash. */
function listItem(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => !line.startsWith('#'))
  return lines.map((line, index) => {
    if (index < first) return line
    return `${index === first ? '- ' : '  '}${line}`
  })
}
