/** `headgate approve SOURCE [DIGEST]`: lets the deletes that are blocked now happen, after showing them. */
import { clientOf } from './client.ts'
import { type CommandDefinition, SERVER_OPTIONS } from './command.ts'

interface SourceObject {
  readonly status?: {
    readonly destructiveDigest?: string
    readonly blockedDeletes?: readonly BlockedDelete[]
  }
}

interface BlockedDelete {
  readonly wanted: string
  readonly resource: string
  readonly message: string
}

interface Approval {
  readonly source: string
  readonly digest: string
  readonly actions: readonly string[]
}

export const approve: CommandDefinition = {
  name: 'approve',
  summary: 'Approve the deletes of a source that are blocked now.',
  arguments: [
    { name: 'SOURCE', required: true, summary: 'The name of the source.' },
    { name: 'DIGEST', required: false, summary: 'Only if this is what is blocked.' },
  ],
  options: SERVER_OPTIONS,
  examples: ['headgate approve local'],
  async run(invocation) {
    const { terminal } = invocation
    const [source = '', given] = invocation.arguments
    const client = clientOf(invocation)
    const path = `/sources/${encodeURIComponent(source)}`
    const { status } = await client.json<SourceObject>('GET', path)
    const digest = given ?? status?.destructiveDigest
    if (digest === undefined) {
      terminal.say(`Nothing of ${source} waits for approval.`)
      return 0
    }
    for (const line of (status?.blockedDeletes ?? []).map(blockedText)) terminal.say(`  ! ${line}`)
    const approval = await client.json<Approval>('POST', `${path}/approvals`, { digest })
    terminal.say(`approved ${approval.digest} of ${approval.source}:`)
    for (const action of approval.actions) terminal.say(`  - ${action}`)
    return 0
  },
}

function blockedText({ wanted, resource, message }: BlockedDelete): string {
  return `${wanted} ${resource}: ${message}`
}
