/** `headgate events`: what happened lately, newest last. */
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

export const events: CommandDefinition = {
  name: 'events',
  summary: 'Print what happened lately, of all or of one resource.',
  arguments: [
    { name: 'KIND', required: false, summary: 'A kind in any form, or source; or KIND/NAME.' },
    { name: 'NAME', required: false, summary: 'The name.' },
  ],
  options: [
    NAMESPACE_OPTION,
    ALL_NAMESPACES_OPTION,
    { flags: '--warnings', summary: 'Just what went wrong.' },
    outputOption(['table', 'yaml', 'json'], 'table'),
    ...SERVER_OPTIONS,
  ],
  examples: ['headgate events', 'headgate events pipeline clean', 'headgate events -A --warnings'],
  run: runEvents,
}

async function runEvents(invocation: Invocation): Promise<number> {
  const [{ eventsTable, listEvents }, { gettable }, { targetsOf }] = await Promise.all([
    import('./event-list.ts'),
    import('./kind-names.ts'),
    import('./target.ts'),
  ])
  const { terminal, arguments: words } = invocation
  const [target] = words.length === 0 ? [] : await targetsOf(words)
  const kind = target?.kind ?? (words[0] === undefined ? undefined : gettable(words[0]))
  const everywhere = flagOption(invocation, 'allNamespaces') || kind?.namespaced === false
  const namespace = everywhere ? undefined : (textOption(invocation, 'namespace') ?? 'default')
  const fields = [
    ...(kind === undefined ? [] : [`involvedObject.kind=${kind.kind}`]),
    ...(target === undefined ? [] : [`involvedObject.name=${target.name}`]),
    ...(flagOption(invocation, 'warnings') ? ['type=Warning'] : []),
  ]
  const selector = fields.length === 0 ? undefined : fields.join(',')
  const items = await listEvents(clientOf(invocation), namespace, selector)
  const output = textOption(invocation, 'output') ?? 'table'
  if (output !== 'table') {
    const { serialised } = await import('./serialised.ts')
    await terminal.print(await serialised({ apiVersion: 'v1', kind: 'List', items }, output))
  } else if (items.length > 0) {
    await terminal.print(eventsTable(items, flagOption(invocation, 'allNamespaces')))
  } else {
    const where = namespace === undefined ? '' : ` in the namespace ${namespace}; -A looks in all`
    terminal.say(`Nothing happened lately${where}.`)
  }
  return 0
}
