/** `headgate test [PATH…]`: runs the unit tests of configs. Nothing outside is reached but what a test does not mock. */
import { stat } from 'node:fs/promises'
import { realClock } from '../engine/ports/real-clock.ts'
import {
  type CommandDefinition,
  flagOption,
  type Invocation,
  outputOption,
  textOption,
  textOptions,
} from './command.ts'
import { RESOURCES_OPTION, TEMPLATES_OPTION } from './connect-options.ts'
import type { TestedFile } from './test-files.ts'

/** How often a watch looks. */
const LOOK_MS = 300

export const testCommand: CommandDefinition = {
  name: 'test',
  summary: 'Run the unit tests of pipelines and Connect configs.',
  arguments: [
    {
      name: 'PATH',
      required: false,
      repeated: true,
      summary: 'Files, folders with all beneath them, or patterns; else the working directory.',
    },
  ],
  options: [
    RESOURCES_OPTION,
    TEMPLATES_OPTION,
    { flags: '-w, --watch', summary: 'Run again whenever a file changes.' },
    outputOption(['text', 'json', 'junit'], 'text'),
  ],
  examples: [
    'headgate test ./config',
    'headgate test ./config/clean.yaml --watch',
    "headgate test './streams/*.yaml' -r ./resources -o junit",
  ],
  stopsInOrder: true,
  run: async (invocation) => {
    if (!flagOption(invocation, 'watch')) return (await runOnce(invocation)).status
    return watch(invocation)
  },
}

interface Run {
  readonly status: number
  /** Every file that had a part in it. */
  readonly read: ReadonlySet<string>
}

async function runOnce(invocation: Invocation): Promise<Run> {
  const [{ namedFiles }, { sharedResources }, { testFile }] = await Promise.all([
    import('./config-paths.ts'),
    import('./shared-resources.ts'),
    import('./test-files.ts'),
  ])
  const paths = pathsOf(invocation)
  const named = await namedFiles(paths)
  const resources = await sharedResources(textOptions(invocation, 'resources'))
  const { givenTemplates } = await import('./given-templates.ts')
  const templates = await givenTemplates(textOptions(invocation, 'templates'), named)
  const { declaredTogether } = await import('./declared-together.ts')
  const declared = declaredTogether(named)
  const read = new Set(named.map(({ path }) => path))
  const tested: TestedFile[] = []
  for (const file of named) {
    const context = { resources, templates, declared, signal: invocation.signal, read }
    const found = await testFile(file, context)
    if (found !== undefined) tested.push(found)
  }
  return { status: await report(invocation, tested, named.length), read }
}

function pathsOf({ arguments: given }: Invocation): readonly string[] {
  return given.length === 0 ? ['.'] : given
}

async function report(
  invocation: Invocation,
  files: readonly TestedFile[],
  looked: number,
): Promise<number> {
  const { terminal } = invocation
  const { countsText, isFailed, testsText } = await import('./test-text.ts')
  switch (textOption(invocation, 'output')) {
    case 'json':
      await terminal.print(`${JSON.stringify({ files }, null, 2)}\n`)
      break
    case 'junit':
      await terminal.print((await import('./test-junit.ts')).testsJunit(files))
      break
    default:
      await terminal.print(testsText(files, (style, text) => terminal.paintData(style, text)))
  }
  if (files.length === 0) {
    const { counted } = await import('./amounts.ts')
    terminal.say(terminal.paint('yellow', `no tests in ${counted(looked, 'file')}`))
    terminal.say(
      '  Write them beneath tests: of a config, or in NAME_headgate_test.yaml beside it.',
    )
    return 0
  }
  terminal.say(countsText(files))
  return files.some(({ tests }) => tests.some(isFailed)) ? 1 : 0
}

/** Ends with the last run's status. A file that is half written fails its run, and the next one mends it. */
async function watch(invocation: Invocation): Promise<number> {
  const { terminal, signal } = invocation
  const { reportError } = await import('./program.ts')
  let status = 0
  let read: ReadonlySet<string> = new Set()
  while (!signal.aborted) {
    // From before the run, so that what is saved while it runs counts as changed.
    const before = await marksOf(invocation, read)
    try {
      const run = await runOnce(invocation)
      status = run.status
      read = run.read
    } catch (error) {
      status = reportError(terminal, error)
    }
    for (const [path, mark] of await marksOf(invocation, read)) {
      if (!before.has(path)) before.set(path, mark)
    }
    terminal.say(terminal.paint('dim', 'Watching; Ctrl-C ends it.'))
    while (!signal.aborted && isSame(before, await marksOf(invocation, read))) {
      await realClock.sleep(LOOK_MS, signal).catch(() => undefined)
    }
    if (!signal.aborted) terminal.say(terminal.paint('dim', '-- changed'))
  }
  return status
}

type Marks = Map<string, string>

/** Of each file that took part, and of each that would now: one that came or went is a change, too. */
async function marksOf(invocation: Invocation, read: ReadonlySet<string>): Promise<Marks> {
  const { namedFiles } = await import('./config-paths.ts')
  const given = [
    ...pathsOf(invocation),
    ...textOptions(invocation, 'resources'),
    ...textOptions(invocation, 'templates'),
  ]
  const named = await namedFiles(given).catch(() => [])
  const marks: Marks = new Map()
  for (const path of new Set([...read, ...named.map((file) => file.path)])) {
    const found = await stat(path).catch(() => undefined)
    marks.set(path, `${found?.size} ${found?.mtimeMs}`)
  }
  return marks
}

function isSame(before: Marks, now: Marks): boolean {
  return before.size === now.size && [...now].every(([path, mark]) => before.get(path) === mark)
}
