/** `headgate export`: what is live as YAML that can be declared again; a plan of it finds nothing to change. */
import type { ResourceObject } from '../crds/resource.ts'
import { HeadgateError } from '../engine/error.ts'
import { clientOf } from './client.ts'
import {
  ALL_NAMESPACES_OPTION,
  type CommandDefinition,
  flagOption,
  type Invocation,
  NAMESPACE_OPTION,
  outputOption,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'

export const exportCommand: CommandDefinition = {
  name: 'export',
  summary: 'Print what is live as YAML that can be declared again.',
  arguments: [
    { name: 'KIND', required: false, summary: 'A kind in any form, or KIND/NAME; else all.' },
    { name: 'NAME', required: false, repeated: true, summary: 'Just these.' },
  ],
  options: [
    { flags: '--source <NAME>', summary: 'Just what this source owns, in every namespace.' },
    NAMESPACE_OPTION,
    ALL_NAMESPACES_OPTION,
    { flags: '-l, --selector <LABELS>', summary: 'Just those with these labels: app=shop.' },
    outputOption(['yaml', 'json'], 'yaml'),
    ...SERVER_OPTIONS,
  ],
  examples: [
    'headgate export -A > everything.yaml',
    'headgate export stream orders',
    'headgate export --source local | headgate plan - --source local',
  ],
  run: runExport,
}

async function runExport(invocation: Invocation): Promise<number> {
  const { declarable, declarationsText, hiddenSecrets } = await import('./declarable.ts')
  const { terminal } = invocation
  const objects = await found(invocation)
  const source = textOption(invocation, 'source')
  const wanted =
    source === undefined ? objects : objects.filter((object) => ownerOf(object) === source)
  if (wanted.length === 0) terminal.say('Nothing is there to export.')
  for (const object of wanted) {
    for (const path of hiddenSecrets(object))
      terminal.say(
        `${terminal.paint('yellow', 'warning:')} ${object.kind} ${object.metadata.name}: ${path} is a secret and is not exported; write it, or better a reference, before you declare this again.`,
      )
  }
  if (textOption(invocation, 'output') === 'json') {
    const items = wanted.map(declarable)
    await terminal.print(`${JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 2)}\n`)
  } else await terminal.print(declarationsText(wanted))
  return 0
}

async function found(invocation: Invocation): Promise<readonly ResourceObject[]> {
  const [{ targetsOf }, { DECLARED, gettable }, { collectionPath, getObject, listObjects }] =
    await Promise.all([import('./target.ts'), import('./kind-names.ts'), import('./objects.ts')])
  const client = clientOf(invocation)
  const words = invocation.arguments
  const isOfSource = textOption(invocation, 'source') !== undefined
  const everywhere = flagOption(invocation, 'allNamespaces') || isOfSource
  const namespace = everywhere ? undefined : (textOption(invocation, 'namespace') ?? 'default')
  const [first] = words
  const targets = first === undefined ? [] : await targetsOf(words)
  const kinds =
    first === undefined
      ? DECLARED
      : targets.length > 0
        ? targets.map(({ kind }) => kind)
        : [gettable(first)]
  const strange = kinds.find((kind) => !DECLARED.includes(kind))
  if (strange !== undefined)
    throw new HeadgateError('Usage', `${strange.plural} cannot be declared, and so not exported`, {
      hint: `Kinds are ${DECLARED.map(({ plural }) => plural).join(', ')}.`,
    })
  if (targets.length > 0)
    return await Promise.all(
      targets.map(({ kind, name }) => getObject(client, kind, namespace ?? 'default', name)),
    )
  const selector = textOption(invocation, 'selector')
  const lists = await Promise.all(
    kinds.map((kind) => listObjects(client, collectionPath(kind, namespace), selector)),
  )
  return lists.flat()
}

function ownerOf({ status }: ResourceObject): string | undefined {
  return (status as { readonly owner?: string } | undefined)?.owner
}
