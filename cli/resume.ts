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
  const { suspended, drifted, pinned } = await withWhereToLook(
    kind,
    heldBy(client, path, source !== undefined),
  )
  if (suspended) {
    await client.text('DELETE', `${path}/suspension`)
    terminal.say(`${text} is followed again: what it waited for is carried out now.`)
  }
  if (drifted && !suspended) {
    await client.text('DELETE', `${path}/suspension`)
    terminal.say(`${text} is made again as it is declared, unless its source only reports drift.`)
  }
  if (pinned !== undefined) {
    await client.text('POST', `${path}/rollback/resume`, {})
    terminal.say(`${text} is no longer held at revision ${pinned}.`)
  }
  if (!suspended && !drifted && pinned === undefined)
    terminal.say(`${text} is not suspended${source === undefined ? '' : ', nor rolled back'}.`)
  return 0
}

interface Held {
  readonly suspended: boolean
  /** Somebody changed it, again and again perhaps, and it is left so. */
  readonly drifted: boolean
  /** The revision that it is rolled back to. */
  readonly pinned: number | undefined
}

async function heldBy(client: Client, path: string, isSource: boolean): Promise<Held> {
  if (!isSource) {
    const { suspended, conditions } = await client.json<ResourceWhy>('GET', `${path}/why`)
    const drifted = conditions.some(({ type }) => type === 'Drifted')
    return { suspended: suspended !== null, drifted, pinned: undefined }
  }
  const { status } = await client.json<SourceObject>('GET', path)
  return {
    suspended: status?.suspended !== undefined,
    drifted: false,
    pinned: status?.pinned?.revision,
  }
}

interface ResourceWhy {
  readonly suspended: object | null
  readonly conditions: readonly { readonly type: string }[]
}

interface SourceObject {
  readonly status?: {
    readonly suspended?: object
    readonly pinned?: { readonly revision: number }
  }
}
