/** `headgate groups reset NAME`: moves where a consumer group reads on; the server finds the sequences. */
import { HeadgateError } from '../engine/error.ts'
import { clientOf } from './client.ts'
import {
  type CommandDefinition,
  flagOption,
  type Invocation,
  NAMESPACE_OPTION,
  outputOption,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'

export const groupsReset: CommandDefinition = {
  name: 'groups reset',
  summary: 'Move where a consumer group reads on in a stream.',
  arguments: [{ name: 'NAME', required: true, summary: 'The name of the group.' }],
  options: [
    NAMESPACE_OPTION,
    { flags: '--stream <NAME>', summary: 'The stream; one that the group reads.' },
    { flags: '--to <WHERE>', summary: 'earliest, latest, a sequence, or a time (RFC 3339).' },
    { flags: '--shard <NUMBERS>', summary: 'Just these shards, as in 0,2; else all of them.' },
    { flags: '--dry-run', summary: 'Show what would change, and change nothing.' },
    { flags: '--force', summary: 'Also while members live: they go on from the new place.' },
    outputOption(['table', 'json'], 'table'),
    ...SERVER_OPTIONS,
  ],
  examples: [
    'headgate groups reset pipeline.clean --stream orders --to earliest --dry-run',
    'headgate groups reset pipeline.clean --stream orders --to 2026-01-31T08:00:00Z',
  ],
  run: runGroupsReset,
}

interface ResetAnswer {
  readonly shards: readonly {
    readonly shard: number
    readonly before: number | null
    readonly after: number
  }[]
}

async function runGroupsReset(invocation: Invocation): Promise<number> {
  const [{ groupPath }, { aligned }, { shardsOption }] = await Promise.all([
    import('./groups.ts'),
    import('./table.ts'),
    import('./shards-option.ts'),
  ])
  const { terminal } = invocation
  const [name = ''] = invocation.arguments
  const namespace = textOption(invocation, 'namespace') ?? 'default'
  const stream = requiredOption(
    invocation,
    'stream',
    `headgate groups describe ${name} shows its streams.`,
  )
  const to = requiredOption(invocation, 'to', 'It is earliest, latest, a sequence, or a time.')
  const shards = shardsOption(invocation)
  const dryRun = flagOption(invocation, 'dryRun')
  const force = flagOption(invocation, 'force')
  const body = { stream, to, dryRun, force, ...(shards === undefined ? {} : { shards }) }
  const path = `${groupPath(namespace, name)}/reset`
  const answer = await clientOf(invocation).json<ResetAnswer>('POST', path, body).catch(withForce)
  if (textOption(invocation, 'output') === 'json') {
    await terminal.print(`${JSON.stringify(answer, null, 2)}\n`)
    return 0
  }
  const rows = answer.shards.map(({ shard, before, after }) => [
    String(shard),
    before === null ? '-' : String(before),
    String(after),
  ])
  await terminal.print(aligned([['SHARD', 'FROM', 'TO'], ...rows]))
  terminal.say(`${dryRun ? 'nothing changed: this was a dry run' : `reset ${name} on ${stream}`}`)
  return 0
}

/** The server speaks of a field; here it is an option. */
function withForce(error: unknown): never {
  if (!(error instanceof HeadgateError) || error.code !== 'GroupActive') throw error
  throw new HeadgateError('GroupActive', error.message, {
    cause: error,
    hint: 'Remove or stop who reads first. With --force members go on from the new place within seconds,\nand what they have under way comes again.',
  })
}

function requiredOption(invocation: Invocation, name: string, hint: string): string {
  const value = textOption(invocation, name)
  if (value !== undefined && value !== '') return value
  throw new HeadgateError('Usage', `--${name}: expected a value, got none`, { hint })
}
