/** `headgate schema [KIND]`: what editors complete and check from, as JSON Schema. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Kind } from '../crds/resource.ts'
import { HeadgateError } from '../engine/error.ts'
import { nearest } from '../engine/suggest.ts'
import { type CommandDefinition, type Invocation, textOption } from './command.ts'

export const schema: CommandDefinition = {
  name: 'schema',
  summary: 'Write JSON Schemas, from which editors complete and check.',
  arguments: [
    {
      name: 'KIND',
      required: false,
      summary: 'A kind in any form, or headgate.yaml; else one schema for files of every kind.',
    },
  ],
  options: [
    {
      flags: '--output <DIR>',
      summary: 'Write all of them into this folder, instead of one to stdout.',
    },
  ],
  examples: [
    'headgate schema > .headgate.schema.json',
    'headgate schema pipeline',
    'headgate schema headgate.yaml',
    'headgate schema --output .schemas',
  ],
  run: runSchema,
}

async function runSchema(invocation: Invocation): Promise<number> {
  const { schemaFiles } = await import('./schema-files.ts')
  const files = await schemaFiles()
  const { terminal } = invocation
  const output = textOption(invocation, 'output')
  const [asked] = invocation.arguments
  const wanted = asked === undefined ? undefined : await schemaFile(asked)
  if (output === undefined) {
    await terminal.print(files.get(wanted ?? 'headgate.schema.json') ?? '')
    return 0
  }
  const folder = resolve(output)
  mkdirSync(folder, { recursive: true })
  const chosen = [...files].filter(([name]) => wanted === undefined || name === wanted)
  for (const [name, text] of chosen) writeFileSync(join(folder, name), text)
  terminal.say(`${chosen.map(([name]) => name).join(', ')} written to ${output}`)
  terminal.say(
    `In each document: # yaml-language-server: $schema=PATH/headgate.schema.json, with the path from its file.`,
  )
  return 0
}

async function schemaFile(asked: string): Promise<string> {
  if (asked.toLowerCase() === 'headgate.yaml') return 'headgate-config.schema.json'
  const [{ declaredKind, kindNames }, { kinds }] = await Promise.all([
    import('./kind-names.ts'),
    import('../crds/kinds.ts'),
  ])
  const kind: Kind | undefined = declaredKind(asked)
  if (kind !== undefined) return `${kinds[kind].plural}.schema.json`
  const meant = nearest(asked, [...kindNames(), 'headgate.yaml'])
  throw new HeadgateError('Usage', `there is no kind "${asked}"`, {
    hint:
      meant === undefined
        ? `Kinds are ${Object.values(kinds)
            .map(({ plural }) => plural)
            .join(', ')}; headgate.yaml has a schema too.`
        : `Did you mean ${meant}?`,
  })
}
