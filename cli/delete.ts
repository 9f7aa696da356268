/** `headgate delete KIND NAME…`: removes what was written through the API, at once. What a folder declares stays its own. */
import { HeadgateError } from '../engine/error.ts'
import { type Client, clientOf } from './client.ts'
import {
  type CommandDefinition,
  flagOption,
  type Invocation,
  NAMESPACE_OPTION,
  SERVER_OPTIONS,
  textOption,
  YES_OPTION,
} from './command.ts'
import type { Target } from './target.ts'

export const deleteCommand: CommandDefinition = {
  name: 'delete',
  summary: 'Remove resources that were written through the API, at once.',
  arguments: [
    { name: 'KIND', required: true, summary: 'A kind in any form; or KIND/NAME.' },
    { name: 'NAME', required: false, repeated: true, summary: 'The names.' },
  ],
  options: [
    NAMESPACE_OPTION,
    { flags: '--dry-run', summary: 'Say whether it could be done, and change nothing.' },
    YES_OPTION,
    ...SERVER_OPTIONS,
  ],
  examples: ['headgate delete pipeline clean', 'headgate delete stream/orders stream/raw --yes'],
  run: runDelete,
}

async function runDelete(invocation: Invocation): Promise<number> {
  const [{ targetsOf, targetText }, { objectPath }] = await Promise.all([
    import('./target.ts'),
    import('./objects.ts'),
  ])
  const { terminal } = invocation
  const targets = await targetsOf(invocation.arguments)
  if (targets.length === 0)
    throw new HeadgateError(
      'Usage',
      `expected a name, got the kind "${invocation.arguments[0]}" alone`,
      {
        hint: 'Write for example: headgate delete stream orders',
      },
    )
  const retained = targets.find(({ kind }) => kind.kind === 'RetainedStream')
  if (retained !== undefined)
    throw new HeadgateError('Usage', 'a retained stream is purged, not deleted', {
      hint: `Its data goes for good with: headgate purge ${retained.name}`,
    })
  const namespace = textOption(invocation, 'namespace') ?? 'default'
  const client = clientOf(invocation)
  const dryRun = flagOption(invocation, 'dryRun')
  if (!dryRun && !(await mayLose(invocation, client, namespace, targets))) return 1
  for (const target of targets) {
    const path = objectPath(target.kind, namespace, target.name)
    await client.text('DELETE', dryRun ? `${path}?dryRun=All` : path)
    terminal.say(`${targetText(target)} ${dryRun ? 'could be deleted' : 'deleted'}`)
  }
  return 0
}

interface StreamObject {
  readonly spec?: { readonly deletionPolicy?: string }
  readonly status?: { readonly records?: number; readonly bytes?: number }
}

/** Only a stream that takes its records with it is asked about. */
async function mayLose(
  invocation: Invocation,
  client: Client,
  namespace: string,
  targets: readonly Target[],
): Promise<boolean> {
  const [{ getObject }, { confirmed }, { counted }, { byteText }] = await Promise.all([
    import('./objects.ts'),
    import('./confirm.ts'),
    import('./amounts.ts'),
    import('../crds/size.ts'),
  ])
  const losses: string[] = []
  for (const { kind, name } of targets) {
    if (kind.kind !== 'Stream') continue
    const { spec, status } = (await getObject(client, kind, namespace, name)) as StreamObject
    const { records = 0, bytes = 0 } = status ?? {}
    if (spec?.deletionPolicy !== 'Delete' || records === 0) continue
    losses.push(`destroys ${counted(records, 'record')} (${byteText(bytes)}) of Stream ${name}`)
  }
  if (losses.length === 0) return true
  for (const loss of losses) invocation.terminal.say(invocation.terminal.paint('red', loss))
  return await confirmed(invocation, 'Delete for good?')
}
