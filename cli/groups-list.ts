/** `headgate groups list`: every consumer group with its members and its lag. */
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
import type { GroupObject } from './groups.ts'

export const groupsList: CommandDefinition = {
  name: 'groups list',
  summary: 'List consumer groups: who is in them, and how far they are behind.',
  arguments: [],
  options: [
    NAMESPACE_OPTION,
    ALL_NAMESPACES_OPTION,
    outputOption(['table', 'yaml', 'json'], 'table'),
    ...SERVER_OPTIONS,
  ],
  examples: ['headgate groups list', 'headgate groups list -A -o json'],
  run: runGroupsList,
}

async function runGroupsList(invocation: Invocation): Promise<number> {
  const [{ listObjects }, { serialised }, { groupsPath }] = await Promise.all([
    import('./objects.ts'),
    import('./serialised.ts'),
    import('./groups.ts'),
  ])
  const { terminal } = invocation
  const all = flagOption(invocation, 'allNamespaces')
  const namespace = all ? undefined : (textOption(invocation, 'namespace') ?? 'default')
  const items = await listObjects(clientOf(invocation), groupsPath(namespace))
  const output = textOption(invocation, 'output') ?? 'table'
  if (output !== 'table') {
    await terminal.print(await serialised({ apiVersion: 'v1', kind: 'List', items }, output))
    return 0
  }
  if (items.length === 0) {
    const where = namespace === undefined ? '' : ` in the namespace ${namespace}`
    terminal.say(`No consumer groups found${where}.`)
    return 0
  }
  await terminal.print(await groupsTable(items as readonly GroupObject[], all))
  return 0
}

async function groupsTable(groups: readonly GroupObject[], all: boolean): Promise<string> {
  const [{ aligned }, { behindText }, { byteText }] = await Promise.all([
    import('./table.ts'),
    import('./groups.ts'),
    import('../crds/size.ts'),
  ])
  const header = ['NAME', 'MEMBERS', 'STREAMS', 'LAG', 'BYTES', 'BEHIND']
  const rows = groups.map(({ metadata, status: { members, streams, lag } }) => [
    ...(all ? [metadata.namespace ?? ''] : []),
    metadata.name,
    String(members.length),
    streams.join(', '),
    String(lag.records),
    byteText(lag.bytes),
    behindText(lag.seconds),
  ])
  return aligned([[...(all ? ['NAMESPACE'] : []), ...header], ...rows])
}
