/**
 * `headgate import KIND NAME`: brings what is live into a folder. It writes the file first and lets the folder's source
 * adopt the resource then, so that at no moment nobody declares it.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { API_SOURCE } from '../controllers/resource-writes.ts'
import type { ResourceObject } from '../crds/resource.ts'
import { HeadgateError } from '../engine/error.ts'
import { type Client, clientOf } from './client.ts'
import {
  type CommandDefinition,
  type Invocation,
  NAMESPACE_OPTION,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'
import type { OwnershipAnswer } from './decide-owner.ts'
import type { Target } from './target.ts'

/** A look takes milliseconds; this is for a source that is not Ready for other reasons. */
const WAIT_MS = 2_000

export const importCommand: CommandDefinition = {
  name: 'import',
  summary: 'Write what is live to files of a folder, and let its source own it.',
  arguments: [
    { name: 'KIND', required: true, summary: 'A kind in any form; or KIND/NAME.' },
    { name: 'NAME', required: false, repeated: true, summary: 'The names.' },
  ],
  options: [
    {
      flags: '--source <NAME>',
      summary: 'The source of the folder.',
      byDefault: 'local',
    },
    { flags: '--to <FOLDER>', summary: "Where to write; else the source's own folder." },
    NAMESPACE_OPTION,
    ...SERVER_OPTIONS,
  ],
  examples: [
    'headgate import stream orders',
    'headgate import pipelines clean shop --to ./config/imported',
  ],
  run: runImport,
}

async function runImport(invocation: Invocation): Promise<number> {
  const { targetsOf } = await import('./target.ts')
  const targets = await targetsOf(invocation.arguments)
  if (targets.length === 0)
    throw new HeadgateError(
      'Usage',
      `expected a name, got the kind "${invocation.arguments[0]}" alone`,
      {
        hint: 'Write for example: headgate import stream orders',
      },
    )
  const client = clientOf(invocation)
  const source = textOption(invocation, 'source') ?? 'local'
  const folder = await folderOf(invocation, client, source)
  for (const target of targets) await importOne(invocation, client, { target, source, folder })
  return 0
}

interface Import {
  readonly target: Target
  readonly source: string
  readonly folder: string
}

async function importOne(
  invocation: Invocation,
  client: Client,
  { target, source, folder }: Import,
): Promise<void> {
  const [
    { getObject, objectPath },
    { declarationsText, hiddenSecrets },
    { targetText },
    { sourcePath },
  ] = await Promise.all([
    import('./objects.ts'),
    import('./declarable.ts'),
    import('./target.ts'),
    import('./plan-client.ts'),
  ])
  const { kind, name } = target
  const namespace = textOption(invocation, 'namespace') ?? 'default'
  const object = await getObject(client, kind, namespace, name)
  const verb = await verbFor(client, target, object, source)
  const [secret] = hiddenSecrets(object)
  if (secret !== undefined)
    throw new HeadgateError(
      'SecretLiteral',
      `${targetText(target)}: ${secret} is a secret that no answer shows`,
      {
        hint: `Write the document yourself, with a reference in its place; headgate export ${targetText(target)} gives the rest.\nThen: headgate adopt ${targetText(target)} --source ${source}`,
      },
    )
  const path = join(folder, fileName(target, namespace))
  if (existsSync(path))
    throw new HeadgateError('Usage', `there is a file ${path} already`, {
      hint: 'Move it away, or name another folder with --to.',
    })
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, declarationsText([object]), { flag: 'wx' })
  const at = objectPath(kind, namespace, name)
  try {
    await client.json<OwnershipAnswer>('POST', `${at}/ownership`, { verb, source })
    // The file may not have been read yet.
    await client.text('POST', `${sourcePath(source)}/reconcile`, { waitMs: WAIT_MS })
  } catch (error) {
    rmSync(path)
    throw error
  }
  const { terminal } = invocation
  const owner = ownerOf(await getObject(client, kind, namespace, name))
  if (owner === source)
    terminal.say(
      `${terminal.paint('green', '✓')} ${targetText(target)} → ${relative('.', path)}, owned by source ${source}`,
    )
  else
    terminal.say(
      `${terminal.paint('yellow', '!')} ${targetText(target)} → ${relative('.', path)}, but source ${source} does not own it yet: headgate why ${targetText(target)}`,
    )
}

/** What was written through the API is handed over; what has no source any more is adopted. */
async function verbFor(
  client: Client,
  target: Target,
  object: ResourceObject,
  source: string,
): Promise<OwnershipAnswer['verb']> {
  const [{ targetText }, { listObjects }] = await Promise.all([
    import('./target.ts'),
    import('./objects.ts'),
  ])
  const owner = ownerOf(object)
  if (owner === API_SOURCE) return 'transfer'
  const sources = await listObjects(client, '/sources')
  if (!sources.some(({ metadata }) => metadata.name === owner)) return 'adopt'
  const where = (object.status as { readonly origin?: string } | undefined)?.origin
  throw new HeadgateError(
    'Conflict',
    `${targetText(target)} is owned by source ${owner}, which declares it at ${where}`,
    {
      hint:
        owner === source
          ? 'There is nothing to import.'
          : `Move its document to a folder of ${source} yourself, and run: headgate transfer ${targetText(target)} --to ${source}`,
    },
  )
}

function ownerOf({ status }: ResourceObject): string | undefined {
  return (status as { readonly owner?: string } | undefined)?.owner
}

function fileName({ kind, name }: Target, namespace: string): string {
  const where = namespace === 'default' ? '' : `${namespace}.`
  return `${where}${name}.${kind.kind.toLowerCase()}.yaml`
}

interface SourceObject {
  readonly spec?: { readonly type?: string; readonly location?: string }
}

/** The files count only where the source reads them. */
async function folderOf(invocation: Invocation, client: Client, source: string): Promise<string> {
  const { sourcePath } = await import('./plan-client.ts')
  const { spec } = await client.json<SourceObject>('GET', sourcePath(source))
  const location = spec?.location
  const given = textOption(invocation, 'to')
  if (spec?.type !== 'directory' || location === undefined || !isAbsolute(location))
    throw new HeadgateError(
      'Usage',
      `expected a source that reads a folder of this machine, got ${source}`,
      {
        hint: 'Name it with --source NAME; those that there are: headgate get sources',
      },
    )
  if (given === undefined) return location
  const folder = resolve(given)
  if (!relative(location, folder).startsWith('..')) return folder
  throw new HeadgateError('Usage', `expected a folder within ${location}, got ${folder}`, {
    hint: `The source ${source} reads that one only.`,
  })
}
