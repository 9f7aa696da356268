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
import { PLAN_OUTPUT_OPTION } from './plan-output.ts'

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
    { flags: '--detailed-exitcode', summary: 'End with 2 when there is something to change.' },
    ...SERVER_OPTIONS,
  ],
  examples: [
    'headgate plan',
    'headgate plan ./config --exit-code',
    'kustomize build | headgate plan - --source shop',
    'headgate plan ./config --source shop --out shop.plan',
  ],
  run: runPlan,
}

async function runPlan(invocation: Invocation): Promise<number> {
  const [{ planSet, sourcePath }, { setFiles }, { hasErrors, printPlan }] = await Promise.all([
    import('./plan-client.ts'),
    import('./set-files.ts'),
    import('./plan-output.ts'),
  ])
  const client = clientOf(invocation)
  const source = textOption(invocation, 'source') ?? 'local'
  const path = invocation.arguments[0] ?? (await locationOf(client, sourcePath(source)))
  const files = await setFiles(path, invocation.terminal.stdin)
  const planned = await planSet(client, source, files)
  await printPlan(invocation, planned, files)
  if (hasErrors(planned)) return 1
  await save(invocation, { source, server: client.url, files, planned })
  return exitCode(invocation, planned.actions.length > 0)
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

interface Saved {
  readonly source: string
  readonly server: string
  readonly files: readonly SourceFile[]
  readonly planned: import('./plan-client.ts').PlannedSet
}

async function save(invocation: Invocation, saved: Saved): Promise<void> {
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
