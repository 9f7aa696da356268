/** `headgate get`: what the server has, as a table, names, YAML or JSON; with `-w` what happens to it, too. */
import type { ResourceObject } from '../crds/resource.ts'
import { HeadgateError } from '../engine/error.ts'
import { type Client, clientOf } from './client.ts'
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
import type { Gettable } from './kind-names.ts'
import type { Target } from './target.ts'

export const get: CommandDefinition = {
  name: 'get',
  summary: 'Print resources: a kind, all, sources or retained.',
  arguments: [
    {
      name: 'KIND',
      required: true,
      summary: 'A kind in any form, all, sources or retained; or KIND/NAME.',
    },
    { name: 'NAME', required: false, repeated: true, summary: 'Just these.' },
  ],
  options: [
    NAMESPACE_OPTION,
    ALL_NAMESPACES_OPTION,
    {
      flags: '-l, --selector <LABELS>',
      summary: 'Just those with these labels: app=shop,tier!=test.',
    },
    { flags: '-w, --watch', summary: 'Go on, and print what changes.' },
    outputOption(['table', 'wide', 'name', 'yaml', 'json'], 'table'),
    ...SERVER_OPTIONS,
  ],
  examples: [
    'headgate get all',
    'headgate get stream orders -o yaml',
    'headgate get streams -l app=shop -o wide',
    'headgate get pipelines -w',
    'headgate get sources',
  ],
  stopsInOrder: true,
  run: runGet,
}

/** What is asked for: collections, or single objects of them. */
export interface Wanted {
  readonly kind: Gettable
  readonly objects: readonly ResourceObject[]
  /** Where a watch goes on; undefined for single objects. */
  readonly resourceVersion: string | undefined
}

export interface GetRequest {
  readonly client: Client
  readonly namespace: string | undefined
  readonly selector: string | undefined
  readonly output: string
  readonly withKind: boolean
}

async function runGet(invocation: Invocation): Promise<number> {
  const { targetsOf } = await import('./target.ts')
  const { terminal } = invocation
  const [first = ''] = invocation.arguments
  const isAll = first.toLowerCase() === 'all'
  const targets = isAll ? [] : await targetsOf(invocation.arguments)
  const kinds = targets.length > 0 ? [] : await kindsOf(first)
  const request: GetRequest = {
    client: clientOf(invocation),
    namespace: flagOption(invocation, 'allNamespaces')
      ? undefined
      : (textOption(invocation, 'namespace') ?? 'default'),
    selector: textOption(invocation, 'selector'),
    output: textOption(invocation, 'output') ?? 'table',
    withKind: isAll || new Set(targets.map(({ kind }) => kind)).size > 1,
  }
  refuse(request, targets, isAll && invocation.arguments.length > 1)
  const wanted = targets.length > 0 ? await single(targets, request) : await all(kinds, request)
  const isOne = targets.length === 1
  if (flagOption(invocation, 'watch')) {
    const { printWatched } = await import('./get-watch.ts')
    await printWatched(invocation, wanted, request)
    return 0
  }
  const text = await printed(wanted, request, isOne)
  if (text === '') terminal.say(nothing(isAll ? undefined : kinds[0], request))
  await terminal.print(text)
  return 0
}

function refuse(
  { namespace, selector }: GetRequest,
  targets: readonly Target[],
  isAllWithName: boolean,
): void {
  if (isAllWithName)
    throw new HeadgateError('Usage', 'expected a kind before a name, got all', {
      hint: 'Write for example: headgate get stream orders',
    })
  const [target] = targets
  if (target === undefined) return
  if (selector !== undefined)
    throw new HeadgateError('Usage', 'expected either names or a selector, got both')
  if (namespace === undefined && target.kind.namespaced)
    throw new HeadgateError('Usage', 'expected one namespace for a name, got all of them', {
      hint: 'Name it with -n NAMESPACE instead of -A.',
    })
}

async function kindsOf(word: string): Promise<readonly Gettable[]> {
  const { DECLARED, gettable } = await import('./kind-names.ts')
  return word.toLowerCase() === 'all' ? DECLARED : [gettable(word)]
}

async function single(
  targets: readonly Target[],
  { client, namespace = 'default' }: GetRequest,
): Promise<readonly Wanted[]> {
  const { getObject } = await import('./objects.ts')
  const found = await Promise.all(
    targets.map(async ({ kind, name }) => ({
      kind,
      object: await getObject(client, kind, namespace, name),
    })),
  )
  const byKind = Map.groupBy(found, ({ kind }) => kind)
  return [...byKind].map(([kind, list]) => ({
    kind,
    objects: list.map(({ object }) => object),
    resourceVersion: undefined,
  }))
}

async function all(
  kinds: readonly Gettable[],
  { client, namespace, selector }: GetRequest,
): Promise<readonly Wanted[]> {
  const { collectionPath, listFrom } = await import('./objects.ts')
  return await Promise.all(
    kinds.map(async (kind) => ({
      kind,
      ...(await listFrom(client, collectionPath(kind, namespace), selector)),
    })),
  )
}

async function printed(
  wanted: readonly Wanted[],
  { output, namespace, withKind }: GetRequest,
  isOne: boolean,
): Promise<string> {
  const items = wanted.flatMap(({ objects }) => objects)
  if (output === 'yaml' || output === 'json') {
    const { serialised } = await import('./serialised.ts')
    const [one] = items
    const value = isOne && one !== undefined ? one : { apiVersion: 'v1', kind: 'List', items }
    return await serialised(value, output)
  }
  const filled = wanted.filter(({ objects }) => objects.length > 0)
  if (output === 'name')
    return filled
      .flatMap(({ kind, objects }) => objects.map((object) => `${nameText(kind, object)}\n`))
      .join('')
  const { table } = await import('./table.ts')
  const options = { withNamespace: namespace === undefined, withKind, wide: output === 'wide' }
  return filled.map(({ kind, objects }) => table(kind, objects, options)).join('\n')
}

/** As other commands take it: `stream/orders`. */
export function nameText({ kind }: Gettable, { metadata }: ResourceObject): string {
  return `${kind.toLowerCase()}/${metadata.name}`
}

function nothing(kind: Gettable | undefined, { namespace, selector }: GetRequest): string {
  const plural = kind?.kind === 'RetainedStream' ? 'retained streams' : kind?.plural
  const what = plural === undefined ? 'Nothing' : `No ${plural}`
  const where =
    kind?.namespaced === false || namespace === undefined ? '' : ` in the namespace ${namespace}`
  const which = selector === undefined ? '' : ` with ${selector}`
  return `${what}${which} found${where}.`
}
