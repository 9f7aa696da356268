/** `headgate plan [FOLDER]`: asks the server what it would do if its source held these files. */
import { realpathSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { HeadgateError } from '../engine/error.ts'
import { type Client, clientOf } from './client.ts'
import {
  type CommandDefinition,
  flagOption,
  type Invocation,
  outputOption,
  SERVER_OPTIONS,
  textOption,
} from './command.ts'

const EXIT_CHANGES = 2

export const plan: CommandDefinition = {
  name: 'plan',
  summary: 'Show what would change, without changing it.',
  arguments: [
    { name: 'FOLDER', required: false, summary: "What to plan; else the source's own folder." },
  ],
  options: [
    { flags: '--source <NAME>', summary: 'The source to plan for.', byDefault: 'local' },
    outputOption(['text', 'json'], 'text'),
    { flags: '--detailed-exitcode', summary: 'End with 2 when there is something to change.' },
    ...SERVER_OPTIONS,
  ],
  examples: ['headgate plan', 'headgate plan ./config --detailed-exitcode'],
  run: runPlan,
}

async function runPlan(invocation: Invocation): Promise<number> {
  const [{ planText }, { problemsText }] = await Promise.all([
    import('./plan-text.ts'),
    import('./problems-text.ts'),
  ])
  const { terminal } = invocation
  const client = clientOf(invocation)
  const source = textOption(invocation, 'source') ?? 'local'
  const path = `/sources/${encodeURIComponent(source)}`
  const folder = invocation.arguments[0] ?? (await locationOf(client, path))
  const files = await readFolder(folder)
  const answer = await client.json<PlanAnswerJson>('POST', `${path}/plan`, { files })
  const texts = new Map(files.map((file) => [file.path, file.text]))
  if (answer.problems.length > 0)
    terminal.say(problemsText(answer.problems, (file) => texts.get(file), terminal.paint))
  if (textOption(invocation, 'output') === 'json') {
    const { problems: _problems, ...printed } = answer
    await terminal.print(`${JSON.stringify(printed, null, 2)}\n`)
  } else {
    await terminal.print(planText(answer, terminal.paintData))
  }
  if (answer.problems.some(({ severity }) => severity === 'error')) return 1
  const hasChanges = flagOption(invocation, 'detailedExitcode') && answer.actions.length > 0
  return hasChanges ? EXIT_CHANGES : 0
}

type PlanAnswerJson = import('./plan-text.ts').PrintedPlan & {
  readonly problems: readonly import('../controllers/sets/problem.ts').Problem[]
}

async function locationOf(client: Client, path: string): Promise<string> {
  const { spec } = await client.json<{ spec?: { location?: unknown } }>('GET', path)
  if (typeof spec?.location === 'string' && isAbsolute(spec.location)) return spec.location
  throw new HeadgateError(
    'Usage',
    'expected a folder: the source does not read one of this machine',
    {
      hint: 'Name one: headgate plan FOLDER',
    },
  )
}

async function readFolder(folder: string): Promise<readonly { path: string; text: string }[]> {
  const [{ walkFiles }, { FileMemory }, { realClock }, { requireFolder }] = await Promise.all([
    import('../controllers/sources/file-walk.ts'),
    import('../controllers/sources/file-memory.ts'),
    import('../engine/ports/real-clock.ts'),
    import('./folder.ts'),
  ])
  const { files, unreadable } = await walkFiles(
    realpathSync(requireFolder(resolve(folder))),
    new FileMemory(realClock),
  )
  const [first] = unreadable
  if (first !== undefined) {
    throw new HeadgateError('SourceUnreadable', `${first.path}: ${first.because}`)
  }
  return files.map(({ path, bytes }) => ({ path, text: Buffer.from(bytes).toString() }))
}
