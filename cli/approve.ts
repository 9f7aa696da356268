/** `headgate approve SOURCE [DIGEST]`: lets what is held back now happen, after showing it. */
import { type Client, clientOf } from './client.ts'
import {
  type CommandDefinition,
  flagOption,
  type Invocation,
  SERVER_OPTIONS,
  YES_OPTION,
} from './command.ts'
import type { PrintedAction, PrintedPlan } from './printed-plan.ts'

interface Approval {
  readonly source: string
  readonly digest: string
  readonly actions: readonly string[]
}

export const approve: CommandDefinition = {
  name: 'approve',
  summary: 'Approve the removals of a source that are held back now.',
  arguments: [
    { name: 'SOURCE', required: true, summary: 'The name of the source.' },
    { name: 'DIGEST', required: false, summary: 'Only if this is what is held back.' },
  ],
  options: [{ ...YES_OPTION, summary: 'Do not ask on a terminal.' }, ...SERVER_OPTIONS],
  examples: ['headgate approve local', 'headgate approve local 3f2a9c…'],
  run: runApprove,
}

async function runApprove(invocation: Invocation): Promise<number> {
  const [{ sourcePath }, { APPROVABLE }] = await Promise.all([
    import('./plan-client.ts'),
    import('../controllers/apply/report.ts'),
  ])
  const { terminal } = invocation
  const [source = '', given] = invocation.arguments
  const client = clientOf(invocation)
  const plan = await plannedOf(client, source)
  const waiting = plan.actions.filter(({ blockedBy }) => APPROVABLE.has(blockedBy))
  const digest = given ?? (waiting.length === 0 ? undefined : plan.destructiveDigest)
  if (digest === undefined || digest === null) {
    terminal.say(`Nothing of ${source} waits for approval.`)
    return 0
  }
  await show(invocation, waiting)
  // A digest names exactly what goes: who gives it has looked already.
  if (given === undefined && !(await wants(invocation))) return 1
  const approval = await client.json<Approval>('POST', `${sourcePath(source)}/approvals`, {
    digest,
  })
  terminal.say(`approved ${approval.digest} of ${approval.source}:`)
  for (const action of approval.actions) terminal.say(`  - ${action}`)
  return 0
}

async function plannedOf(client: Client, source: string): Promise<PrintedPlan> {
  const { sourcePath } = await import('./plan-client.ts')
  return await client.json<PrintedPlan>('GET', `${sourcePath(source)}/plan`)
}

async function show({ terminal }: Invocation, waiting: readonly PrintedAction[]): Promise<void> {
  const { actionsLines } = await import('./plan-text.ts')
  const { paint, columns } = terminal
  for (const line of actionsLines(waiting, { paint, columns })) terminal.say(line)
}

/** A script that names no digest means what is held back now. */
async function wants(invocation: Invocation): Promise<boolean> {
  if (flagOption(invocation, 'yes')) return true
  const { terminal } = invocation
  const answer = await terminal.ask(`${terminal.paint('bold', 'Let it happen?')} [y/N] `)
  if (answer === undefined || /^\s*y(es)?\s*$/i.test(answer)) return true
  terminal.say('Nothing was approved.')
  return false
}
