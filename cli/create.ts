/** `headgate create INPUT/PROCESSORS/OUTPUT`: a config to begin with, strict, with comments and defaults. */

import type { FieldSchema } from '../crds/field-form.ts'
import { HeadgateError } from '../engine/error.ts'
import type { Role } from '../engine/pipelines/component.ts'
import { nearest } from '../engine/suggest.ts'
import { type CommandDefinition, type Invocation, textOption, textOptions } from './command.ts'
import { TEMPLATES_OPTION } from './connect-options.ts'
import type { Begun } from './skeleton.ts'

export const create: CommandDefinition = {
  name: 'create',
  summary: 'Write a config to begin with, of the components that you name.',
  arguments: [
    {
      name: 'COMPONENTS',
      required: true,
      summary: 'INPUTS/PROCESSORS/OUTPUTS, each names with commas between; or INPUTS/OUTPUTS.',
    },
  ],
  options: [
    TEMPLATES_OPTION,
    { flags: '--name <NAME>', summary: 'As a Pipeline of this name; else as a Connect config.' },
  ],
  examples: [
    'headgate create stdin/mapping,log/drop',
    'headgate create generate//stdout > generate.yaml',
    'headgate create stream/mapping/stream --name clean',
  ],
  run: runCreate,
}

async function runCreate(invocation: Invocation): Promise<number> {
  const parts = partsOf(invocation.arguments[0] ?? '')
  const [{ resolveSchemas }, { skeletonLines }] = await Promise.all([
    import('./resolved-schemas.ts'),
    import('./skeleton.ts'),
  ])
  const { components, definitions } = await resolveSchemas()
  const { givenTemplates } = await import('./given-templates.ts')
  const templates = await givenTemplates(textOptions(invocation, 'templates'), [])
  const find = (role: Role, names: readonly string[]): readonly Begun[] =>
    names.map((name) => {
      const found = components.get(`${role}.${name}`) ?? templates.get(`${role} ${name}`)
      if (found !== undefined) return found
      throw unknown(role, name, [...components.keys()])
    })
  const skeleton = {
    inputs: find('input', parts.inputs),
    processors: find('processor', parts.processors),
    outputs: find('output', parts.outputs),
  }
  const lines = await skeletonLines(
    skeleton,
    ({ role, name, config }) => definitions.get(`${role}.${name}`) ?? (config as FieldSchema),
  )
  await invocation.terminal.print(
    `${documentLines(lines, textOption(invocation, 'name')).join('\n')}\n`,
  )
  return 0
}

interface Parts {
  readonly inputs: readonly string[]
  readonly processors: readonly string[]
  readonly outputs: readonly string[]
}

function partsOf(text: string): Parts {
  const parts = text.split('/').map((part) =>
    part
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  )
  const [inputs = [], second = [], third] = parts
  const [processors, outputs] = third === undefined ? [[], second] : [second, third]
  if (parts.length > 3 || inputs.length === 0 || outputs.length === 0) {
    throw new HeadgateError('Usage', `expected INPUTS/PROCESSORS/OUTPUTS, got "${text}"`, {
      hint: 'Write for example: headgate create stdin/mapping,log/drop',
    })
  }
  return { inputs, processors, outputs }
}

function unknown(role: Role, name: string, known: readonly string[]): HeadgateError {
  const names = known.flatMap((key) =>
    key.startsWith(`${role}.`) ? [key.split('.')[1] ?? ''] : [],
  )
  const near = nearest(name, names)
  return new HeadgateError('Usage', `there is no ${role} named "${name}"`, {
    hint: near === undefined ? `What there is: headgate list ${role}s` : `Did you mean "${near}"?`,
  })
}

function documentLines(lines: readonly string[], name: string | undefined): readonly string[] {
  if (name === undefined) return lines
  return [
    'apiVersion: headgate.dev/v1alpha1',
    'kind: Pipeline',
    `metadata: {name: ${JSON.stringify(name)}}`,
    'spec:',
    ...lines.map((line) => (line === '' ? line : `  ${line}`)),
  ]
}
