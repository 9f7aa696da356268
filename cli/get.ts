/** `headgate get`: what the server has, as a table, YAML or JSON. */
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

const PAGE = 500

export const get: CommandDefinition = {
  name: 'get',
  summary: 'Print resources: a kind, all, sources or retained.',
  arguments: [
    { name: 'KIND', required: true, summary: 'A kind in any form, all, sources or retained.' },
    { name: 'NAME', required: false, summary: 'Just this one.' },
  ],
  options: [
    NAMESPACE_OPTION,
    ALL_NAMESPACES_OPTION,
    outputOption(['table', 'yaml', 'json'], 'table'),
    ...SERVER_OPTIONS,
  ],
  examples: ['headgate get all', 'headgate get stream orders -o yaml', 'headgate get sources'],
  run: runGet,
}

async function runGet(invocation: Invocation): Promise<number> {
  const [{ DECLARED, gettable }, { table }] = await Promise.all([
    import('./kind-names.ts'),
    import('./table.ts'),
  ])
  const { terminal } = invocation
  const [kindName = '', name] = invocation.arguments
  const isAll = kindName.toLowerCase() === 'all'
  const wanted = isAll ? DECLARED : [gettable(kindName)]
  const client = clientOf(invocation)
  const withNamespace = flagOption(invocation, 'allNamespaces')
  const namespace = withNamespace ? undefined : (textOption(invocation, 'namespace') ?? 'default')
  const output = textOption(invocation, 'output') ?? 'table'

  if (name !== undefined && !isAll && wanted[0] !== undefined) {
    const object = await one(client, wanted[0], namespace ?? 'default', name)
    await terminal.print(
      output === 'table'
        ? table(wanted[0], [object], { withNamespace, withKind: false })
        : await serialised(object, output),
    )
    return 0
  }
  const lists = await Promise.all(wanted.map((kind) => listed(client, kind, namespace)))
  if (output !== 'table') {
    const items = lists.flat()
    await terminal.print(await serialised({ apiVersion: 'v1', kind: 'List', items }, output))
    return 0
  }
  const tables = wanted.flatMap((kind, index) => {
    const objects = lists[index] ?? []
    return objects.length === 0 ? [] : [table(kind, objects, { withNamespace, withKind: isAll })]
  })
  if (tables.length === 0) terminal.say(nothing(isAll ? undefined : wanted[0], namespace))
  await terminal.print(tables.join('\n'))
  return 0
}

function one(
  client: Client,
  kind: Gettable,
  namespace: string,
  name: string,
): Promise<ResourceObject> {
  const path = `${collection(kind, namespace)}/${encodeURIComponent(name)}`
  return client.json<ResourceObject>('GET', path).catch((error: unknown) => {
    if (!(error instanceof HeadgateError) || error.code !== 'NotFound' || error.hint !== undefined)
      throw error
    const where = kind.namespaced ? `, of every namespace with: headgate get ${kind.plural} -A` : ''
    throw new HeadgateError('NotFound', error.message, {
      cause: error,
      hint: `Those that there are: headgate get ${kind.plural}${where}`,
    })
  })
}

interface ListObject {
  readonly metadata?: { readonly continue?: string }
  readonly items: readonly ResourceObject[]
}

function listed(
  client: Client,
  kind: Gettable,
  namespace: string | undefined,
): Promise<readonly ResourceObject[]> {
  return listObjects(client, collection(kind, namespace))
}

/** All of a collection, page by page. */
export async function listObjects(
  client: Client,
  path: string,
): Promise<readonly ResourceObject[]> {
  const objects: ResourceObject[] = []
  for (let token = ''; ; ) {
    const query = `limit=${PAGE}${token === '' ? '' : `&continue=${encodeURIComponent(token)}`}`
    const page = await client.json<ListObject>('GET', `${path}?${query}`)
    objects.push(...page.items)
    token = page.metadata?.continue ?? ''
    if (token === '') return objects
  }
}

function collection({ plural, namespaced }: Gettable, namespace: string | undefined): string {
  if (!namespaced || namespace === undefined) return `/${plural}`
  return `/namespaces/${encodeURIComponent(namespace)}/${plural}`
}

function nothing(kind: Gettable | undefined, namespace: string | undefined): string {
  const plural = kind?.kind === 'RetainedStream' ? 'retained streams' : kind?.plural
  const what = plural === undefined ? 'Nothing' : `No ${plural}`
  if (kind?.namespaced === false) return `${what} found.`
  return namespace === undefined ? `${what} found.` : `${what} found in the namespace ${namespace}.`
}

export async function serialised(value: object, output: string): Promise<string> {
  if (output === 'json') return `${JSON.stringify(value, null, 2)}\n`
  const { stringify } = await import('yaml')
  return stringify(value, { lineWidth: 0 })
}
