/**
 * `headgate apply PATH --source NAME`: makes a set all that a posted source holds. It shows the plan, asks before
 * something goes, and carries out exactly what it showed, or nothing.
 */
import { HeadgateError } from '../engine/error.ts'
import type { ApplyRequest } from './apply-request.ts'
import { type Client, clientOf } from './client.ts'
import {
  type CommandDefinition,
  flagOption,
  type Invocation,
  SERVER_OPTIONS,
  textOption,
  YES_OPTION,
} from './command.ts'
import type { PlannedSet } from './plan-client.ts'
import { PLAN_OUTPUT_OPTION } from './plan-output.ts'

export const apply: CommandDefinition = {
  name: 'apply',
  summary: 'Make a set all that a source holds, whole or not at all.',
  arguments: [
    {
      name: 'PATH',
      required: true,
      summary: 'A folder, a file, - for stdin, or a plan that `headgate plan --out` saved.',
    },
  ],
  options: [
    {
      flags: '--source <NAME>',
      summary: 'What the set is called; its name is what owns. What it no longer holds is removed.',
    },
    { flags: '--dry-run', summary: 'Show the plan, and change nothing.' },
    { flags: '--approve <DIGEST>', summary: 'Let happen what was refused with this digest.' },
    YES_OPTION,
    PLAN_OUTPUT_OPTION,
    ...SERVER_OPTIONS,
  ],
  examples: [
    'headgate apply ./config --source shop',
    'kustomize build | headgate apply - --source shop --yes',
    'headgate apply shop.plan',
  ],
  run: runApply,
}

interface ApplyAnswer extends PlannedSet {
  readonly outcome: 'applied' | 'unchanged' | 'planned'
  readonly revision?: number | null
  readonly elapsedMs: number
}

async function runApply(invocation: Invocation): Promise<number> {
  const [{ readApplyRequest }, { printPlan }] = await Promise.all([
    import('./apply-request.ts'),
    import('./plan-output.ts'),
  ])
  const request = await readApplyRequest(invocation)
  const client = clientOf(invocation)
  const planned = await judged(invocation, request)
  if (planned === undefined) return 1
  if (request.savedDigest !== undefined) requireSame(planned, request.savedDigest)
  await printPlan(invocation, planned, request.files)
  if (flagOption(invocation, 'dryRun') || planned.actions.length === 0) return 0
  if (!(await mayGo(invocation, planned))) return 1
  const answer = await carryOut(invocation, client, {
    ...request,
    savedDigest: planned.digest,
  }).catch((error: unknown) => refused(invocation, request, planned, error))
  await sayDone(invocation, request.source, answer)
  return 0
}

/** Undefined where the set is wrong: what is wrong was said then, with the lines that are. */
async function judged(
  invocation: Invocation,
  request: ApplyRequest,
): Promise<ApplyAnswer | undefined> {
  try {
    return await ask(invocation, request, true)
  } catch (error) {
    const { sayWhatIsWrong } = await import('./invalid-set.ts')
    await sayWhatIsWrong(invocation, request.files, error)
    return undefined
  }
}

/** The plan has shown what is held back; what is left to say is how to let it happen. */
async function refused(
  { arguments: [path = ''], options }: Invocation,
  { source }: ApplyRequest,
  { destructiveDigest, actions }: PlannedSet,
  error: unknown,
): Promise<never> {
  if (!(error instanceof HeadgateError) || error.code !== 'PruneBlocked') throw error
  const { counted } = await import('./amounts.ts')
  const held = actions.filter(({ verb }) => verb === 'blocked').length
  const name = options['source'] === undefined ? '' : ` --source ${source}`
  throw new HeadgateError(
    'PruneBlocked',
    `${counted(held, 'removal')} held back, so nothing was changed`,
    {
      cause: error,
      hint: `To let happen exactly what is shown: headgate apply ${path}${name} --approve ${destructiveDigest ?? 'DIGEST'}`,
    },
  )
}

/** As the server would say it, before anything is shown that is no longer so. */
function requireSame({ digest }: PlannedSet, savedDigest: string): void {
  if (digest === savedDigest) return
  throw new HeadgateError('StateMoved', 'the state has moved since this plan was made', {
    hint: 'Nothing was changed. Plan again with --out, look at it, and apply that.',
  })
}

/** What is held back is refused by the server, with what to do; there is nothing to be asked about. */
async function mayGo(invocation: Invocation, { actions }: PlannedSet): Promise<boolean> {
  const [{ isDestructive }, { confirmed }, { counted }] = await Promise.all([
    import('./printed-plan.ts'),
    import('./confirm.ts'),
    import('./amounts.ts'),
  ])
  const going = actions.filter(isDestructive)
  // A digest names exactly what goes: who gives it has looked already.
  if (
    textOption(invocation, 'approve') !== undefined ||
    going.length === 0 ||
    actions.some(({ verb }) => verb === 'blocked')
  )
    return true
  return await confirmed(invocation, `Apply, with ${counted(going.length, 'removal')}?`)
}

async function carryOut(
  invocation: Invocation,
  client: Client,
  request: ApplyRequest,
): Promise<ApplyAnswer> {
  const [{ withProgress }, { sourcePath }] = await Promise.all([
    import('./progress.ts'),
    import('./plan-client.ts'),
  ])
  const how = async (): Promise<string> => {
    const { status } = await client.json<SourceStatus>('GET', sourcePath(request.source))
    return status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? 'applying'
  }
  return await withProgress(invocation.terminal, ask(invocation, request, false), how)
}

interface SourceStatus {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly message: string }[]
  }
}

async function ask(
  invocation: Invocation,
  { source, files, savedDigest }: ApplyRequest,
  dryRun: boolean,
): Promise<ApplyAnswer> {
  const [{ patientlyAsk }, { sourcePath }] = await Promise.all([
    import('./patient-request.ts'),
    import('./plan-client.ts'),
  ])
  const approve = textOption(invocation, 'approve')
  const body = {
    files,
    dryRun,
    ...(dryRun ? {} : { expectedDigest: savedDigest }),
    ...(approve === undefined ? {} : { approve }),
  }
  return (await patientlyAsk(invocation, `${sourcePath(source)}/apply`, body)) as ApplyAnswer
}

async function sayDone(
  { terminal }: Invocation,
  source: string,
  { outcome, revision, elapsedMs }: ApplyAnswer,
): Promise<void> {
  const { millisecondsText } = await import('./amounts.ts')
  const done = `${terminal.paint('green', '✓')} ${millisecondsText(elapsedMs)}  source ${source}`
  if (outcome === 'unchanged') terminal.say(`${done} was as declared already`)
  else
    terminal.say(
      `${done} is as declared${typeof revision === 'number' ? `, revision ${revision}` : ''}`,
    )
}
