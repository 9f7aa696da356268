/** `headgate resume TARGET`: ends a suspension; of a source that was rolled back, that too. */
import { type Client, clientOf } from './client.ts'
import {
  type CommandDefinition,
  type Invocation,
  NAMESPACE_OPTION,
  SERVER_OPTIONS,
} from './command.ts'
import { SUSPENDABLE_ARGUMENTS } from './suspendable.ts'

export const resume: CommandDefinition = {
  name: 'resume',
  summary: 'Go on with what was suspended, or with a source that was rolled back.',
  arguments: SUSPENDABLE_ARGUMENTS,
  options: [NAMESPACE_OPTION, ...SERVER_OPTIONS],
  examples: ['headgate resume local', 'headgate resume pipeline clean'],
  run: runResume,
}

async function runResume(invocation: Invocation): Promise<number> {
  const [{ suspendableOf }, { withWhereToLook }] = await Promise.all([
    import('./suspendable.ts'),
    import('./objects.ts'),
  ])
  const { terminal } = invocation
  const { kind, path, text, source } = await suspendableOf(invocation)
  const client = clientOf(invocation)
  const { suspended, pinned } = await withWhereToLook(
    kind,
    heldBy(client, path, source !== undefined),
  )
  if (suspended) {
    await client.text('DELETE', `${path}/suspension`)
    terminal.say(`${text} is followed again: what it waited for is carried out now.`)
  }
  if (pinned !== undefined) {
    await client.text('POST', `${path}/rollback/resume`, {})
    terminal.say(`${text} is no longer held at revision ${pinned}.`)
  }
  if (!suspended && pinned === undefined)
    terminal.say(`${text} is not suspended${source === undefined ? '' : ', nor rolled back'}.`)
  return 0
}

interface Held {
  readonly suspended: boolean
  /** The revision that it is rolled back to. */
  readonly pinned: number | undefined
}

async function heldBy(client: Client, path: string, isSource: boolean): Promise<Held> {
  if (!isSource) {
    const { suspended } = await client.json<{ suspended: object | null }>('GET', `${path}/why`)
    return { suspended: suspended !== null, pinned: undefined }
  }
  const { status } = await client.json<SourceObject>('GET', path)
  return { suspended: status?.suspended !== undefined, pinned: status?.pinned?.revision }
}

interface SourceObject {
  readonly status?: {
    readonly suspended?: object
    readonly pinned?: { readonly revision: number }
  }
}
