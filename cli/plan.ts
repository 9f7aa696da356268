/** `headgate plan [PATH]`: what would change if a source held these files. It changes nothing. */
import { isAbsolute, resolve } from 'node:path'
import type { SourceFile } from '../controllers/control-plane.ts'
import { HeadgateError } from '../engine/error.ts'
import { type Client, clientOf } from './client.ts'
import {
  type CommandDefinition,
  flagOption,
  type Invocation,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'
import type { PlannedSet } from './plan-client.ts'
import { PLAN_OUTPUT_OPTION } from './plan-output.ts'
import type { SavedPlan } from './saved-plan.ts'

const EXIT_CHANGES = 3
/** As Terraform has it. */
const EXIT_CHANGES_DETAILED = 2

export const plan: CommandDefinition = {
  name: 'plan',
  summary: 'Show what would change, without changing it.',
  arguments: [
    {
      name: 'PATH',
      required: false,
      summary: "A folder, a file or - for stdin; else the source's own folder.",
    },
  ],
  options: [
    { flags: '--source <NAME>', summary: 'The source to plan for.', byDefault: 'local' },
    PLAN_OUTPUT_OPTION,
    { flags: '--out <FILE>', summary: 'Save the plan, for `headgate apply FILE`.' },
    { flags: '--exit-code', summary: 'End with 3 when there is something to change.' },
    {
      flags: '--offline',
      summary: 'Ask no server: plan against the files of --data-dir, which may be a backup.',
    },
    {
      flags: '--snapshot <FILE>',
      summary: 'With --offline: what `headgate get all -A -o json` or `export` printed.',
    },
    { flags: '--detailed-exitcode', summary: 'End with 2 when there is something to change.' },
    ...SERVER_OPTIONS,
  ],
  examples: [
    'headgate plan',
    'headgate plan ./config --exit-code',
    'kustomize build | headgate plan - --source shop',
    'headgate plan ./config --source shop --out shop.plan',
    'headgate plan ./config --offline --data-dir /backups/monday',
    'headgate plan ./config --offline --snapshot live.json -o markdown',
  ],
  run: runPlan,
}

async function runPlan(invocation: Invocation): Promise<number> {
  const { hasErrors, printPlan } = await import('./plan-output.ts')
  const isOffline = flagOption(invocation, 'offline')
  if (!isOffline && textOption(invocation, 'snapshot') !== undefined)
    throw new HeadgateError('Usage', '--snapshot: expected --offline beside it')
  const made = isOffline ? await offline(invocation) : await online(invocation)
  if (made === undefined) return 1
  const { files, planned, save } = made
  await printPlan(invocation, planned, files)
  if (hasErrors(planned)) return 1
  await save()
  if (!isOffline && invocation.arguments.length === 0) await sayApproval(invocation, planned)
  return exitCode(invocation, planned.actions.length > 0)
}

/** Of the source's own folder: what is held back in it now, a person can let happen. */
async function sayApproval(
  { terminal }: Invocation,
  { source, actions }: PlannedSet,
): Promise<void> {
  const { APPROVABLE } = await import('../controllers/apply/report.ts')
  if (!actions.some(({ blockedBy }) => APPROVABLE.has(blockedBy))) return
  terminal.say(
    `To let happen what is held back: ${terminal.paint('bold', `headgate approve ${source}`)}`,
  )
}

interface Planned {
  readonly files: readonly SourceFile[]
  readonly planned: PlannedSet
  readonly save: () => Promise<void>
}

/** Undefined where the set is wrong as a whole, which was said then. */
async function online(invocation: Invocation): Promise<Planned | undefined> {
  const [{ planSet, sourcePath }, { setFiles }] = await Promise.all([
    import('./plan-client.ts'),
    import('./set-files.ts'),
  ])
  const client = clientOf(invocation)
  const source = textOption(invocation, 'source') ?? 'local'
  const path = invocation.arguments[0] ?? (await locationOf(client, sourcePath(source)))
  const files = await setFiles(path, invocation.terminal.stdin)
  const planned = await planSet(client, source, files).catch(async (error: unknown) => {
    const { sayWhatIsWrong } = await import('./invalid-set.ts')
    await sayWhatIsWrong(invocation, files, error)
    return undefined
  })
  if (planned === undefined) return undefined
  const save = (): Promise<void> =>
    savePlan(invocation, { source, server: client.url, files, planned })
  return { files, planned, save }
}

async function offline(invocation: Invocation): Promise<Planned> {
  const [{ planOffline }, { setFiles }] = await Promise.all([
    import('./offline-plan.ts'),
    import('./set-files.ts'),
  ])
  const [path] = invocation.arguments
  if (path === undefined)
    throw new HeadgateError('Usage', 'expected a folder: without a server none is known', {
      hint: 'Name it: headgate plan FOLDER --offline',
    })
  if (textOption(invocation, 'out') !== undefined)
    throw new HeadgateError('Usage', '--out: expected a plan of a server, which can be applied', {
      hint: 'Leave --offline away, or --out.',
    })
  const files = await setFiles(path, invocation.terminal.stdin)
  const planned = await planOffline(invocation, textOption(invocation, 'source') ?? 'local', files)
  return { files, planned, save: async () => undefined }
}

async function locationOf(client: Client, path: string): Promise<string> {
  const { spec } = await client.json<{ spec?: { location?: unknown } }>('GET', path)
  if (typeof spec?.location === 'string' && isAbsolute(spec.location)) return spec.location
  throw new HeadgateError(
    'Usage',
    'expected a folder: the source does not read one of this machine',
    { hint: 'Name one: headgate plan FOLDER' },
  )
}

async function savePlan(invocation: Invocation, saved: Omit<SavedPlan, 'format'>): Promise<void> {
  const out = textOption(invocation, 'out')
  if (out === undefined) return
  const { writeSavedPlan } = await import('./saved-plan.ts')
  writeSavedPlan(resolve(out), saved)
  invocation.terminal.say(`saved; to carry out exactly this: headgate apply ${out}`)
}

function exitCode(invocation: Invocation, hasChanges: boolean): number {
  if (!hasChanges) return 0
  if (flagOption(invocation, 'exitCode')) return EXIT_CHANGES
  return flagOption(invocation, 'detailedExitcode') ? EXIT_CHANGES_DETAILED : 0
}
