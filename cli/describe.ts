/** `headgate describe KIND NAME`: all there is to know of one resource, for a person. */
import { type Client, clientOf } from './client.ts'
import {
  type CommandDefinition,
  type Invocation,
  NAMESPACE_OPTION,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'
import type { FlowStatus } from './flow-text.ts'
import type { Gettable } from './kind-names.ts'
import { TARGET_ARGUMENTS, targetOf } from './target.ts'

export const describe: CommandDefinition = {
  name: 'describe',
  summary: 'Tell all of one resource: what it says, how it is, and what happened to it.',
  arguments: TARGET_ARGUMENTS,
  options: [NAMESPACE_OPTION, ...SERVER_OPTIONS],
  examples: ['headgate describe stream orders', 'headgate describe source/local'],
  run: runDescribe,
}

function flows({ kind }: Gettable): boolean {
  return kind === 'Pipeline' || kind === 'Sink'
}

async function flowOf(client: Client, path: string): Promise<string> {
  const { flowText } = await import('./flow-text.ts')
  const { status } = await client.json<{ readonly status: FlowStatus }>('GET', `${path}/flow`)
  return flowText(status)
}

/** How many dead letters a stream holds that wait; empty for any other stream. */
async function lettersOf(client: Client, path: string, target: string): Promise<string> {
  const { open } = await client.json<{ readonly open: number | null }>('GET', `${path}/redrive`)
  if (open === null) return ''
  const hint = open === 0 ? '' : `; headgate redrive ${target} --dry-run tells why`
  return `Open:   ${open === 0 ? 'none' : open}${hint}\n`
}

async function runDescribe(invocation: Invocation): Promise<number> {
  const [{ getObject, objectPath }, { describeText }, { eventsAbout }] = await Promise.all([
    import('./objects.ts'),
    import('./describe-text.ts'),
    import('./event-list.ts'),
  ])
  const { kind, name } = await targetOf(invocation.arguments)
  const namespace = textOption(invocation, 'namespace') ?? 'default'
  const client = clientOf(invocation)
  const object = await getObject(client, kind, namespace, name)
  const events = await eventsAbout(client, kind, kind.namespaced ? namespace : undefined, name)
  const { paintData: paint } = invocation.terminal
  const path = objectPath(kind, namespace, name)
  const flow = flows(kind) ? await flowOf(client, path) : ''
  const target = namespace === 'default' ? name : `${name} -n ${namespace}`
  const letters = kind.kind === 'Stream' ? await lettersOf(client, path, target) : ''
  await invocation.terminal.print(await describeText(object, { events, flow, letters }, paint))
  return 0
}
