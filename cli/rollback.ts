/** `headgate rollback REVISION`: brings a source back to what it said once, and holds it there until it says something new. */
import { clientOf } from './client.ts'
import {
  type CommandDefinition,
  flagOption,
  type Invocation,
  SERVER_OPTIONS,
  SOURCE_OPTION,
  textOption,
  YES_OPTION,
} from './command.ts'
import type { PrintedPlan } from './printed-plan.ts'
import type { PrintedPin, PrintedRevision, RevisionDifferenceJson } from './printed-revision.ts'

export const rollback: CommandDefinition = {
  name: 'rollback',
  summary: 'Bring a source back to an earlier revision, until it says something new.',
  arguments: [
    { name: 'REVISION', required: true, summary: 'The number that history shows, or previous.' },
  ],
  options: [
    SOURCE_OPTION,
    { flags: '--reason <TEXT>', summary: 'For those who wonder later.' },
    { flags: '--dry-run', summary: 'Show what would differ, and change nothing.' },
    YES_OPTION,
    ...SERVER_OPTIONS,
  ],
  examples: [
    'headgate rollback previous',
    "headgate rollback 4 --source team-a --reason 'too slow'",
  ],
  run: runRollback,
}

interface RollbackAnswer {
  readonly pinned: PrintedPin
  readonly revision: PrintedRevision | null
  /** What is left to do. */
  readonly plan: PrintedPlan
}

async function runRollback(invocation: Invocation): Promise<number> {
  const [{ sourcePath }, { revisionOf }, { patientlyAsk }, { withProgress }] = await Promise.all([
    import('./plan-client.ts'),
    import('./revision-argument.ts'),
    import('./patient-request.ts'),
    import('./progress.ts'),
  ])
  const { terminal } = invocation
  const source = textOption(invocation, 'source') ?? 'local'
  const revision = await revisionOf(clientOf(invocation), source, invocation.arguments[0] ?? '')
  const removed = await showDifference(invocation, source, revision)
  if (flagOption(invocation, 'dryRun')) return 0
  if (removed > 0) {
    const [{ confirmed }, { counted }] = await Promise.all([
      import('./confirm.ts'),
      import('./amounts.ts'),
    ])
    if (!(await confirmed(invocation, `Roll back, with ${counted(removed, 'removal')}?`))) return 1
  }
  const reason = textOption(invocation, 'reason')
  const body = { revision, ...(reason === undefined ? {} : { reason }) }
  const asked = patientlyAsk(invocation, `${sourcePath(source)}/rollback`, body)
  const answer = (await withProgress(terminal, asked, async () => 'rolling back')) as RollbackAnswer
  return await tell(invocation, source, answer)
}

/** Answers how many resources would go. */
async function showDifference(
  invocation: Invocation,
  source: string,
  revision: number,
): Promise<number> {
  const [{ sourcePath }, { diffText }] = await Promise.all([
    import('./plan-client.ts'),
    import('./diff-text.ts'),
  ])
  const path = `${sourcePath(source)}/revisions/${revision}/diff`
  const found = await clientOf(invocation).json<{
    readonly differences: readonly RevisionDifferenceJson[]
  }>('GET', path)
  const differences = found.differences.map(reversed)
  const { paintData: paint, columns, print } = invocation.terminal
  const between = `what is declared now and revision ${revision}`
  await print(diffText(differences, between, { paint, columns }))
  return differences.filter(({ change }) => change === 'removed').length
}

/** Back is the other way. */
function reversed(difference: RevisionDifferenceJson): RevisionDifferenceJson {
  const { change, changes } = difference
  return {
    ...difference,
    change: change === 'added' ? 'removed' : change === 'removed' ? 'added' : 'changed',
    changes: changes.map(({ path, from, to }) => ({ path, from: to, to: from })),
  }
}

async function tell(
  { terminal }: Invocation,
  source: string,
  { pinned, revision, plan }: RollbackAnswer,
): Promise<number> {
  const [{ millisecondsText }, { planText }] = await Promise.all([
    import('./amounts.ts'),
    import('./plan-text.ts'),
  ])
  const { paintData: paint, columns, say, print } = terminal
  const done = revision === null ? '' : ` ${millisecondsText(revision.elapsedMs)}`
  say(
    `${terminal.paint('green', '✓')}${done}  source ${source} is held at revision ${pinned.revision}, until it says something new or you run: headgate resume ${source}`,
  )
  if (plan.actions.length === 0) return 0
  say('What is left to do:')
  await print(planText(plan, { paint, columns }))
  return 1
}
