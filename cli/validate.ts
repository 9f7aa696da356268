/** `headgate validate [PATH…]`: judges files offline, exactly as a server would, and changes nothing. */
import { resolve } from 'node:path'
import type { Problem } from '../controllers/sets/problem.ts'
import { counted } from './amounts.ts'
import { type CommandDefinition, type Invocation, outputOption, textOption } from './command.ts'
import type { Validation } from './validate-paths.ts'

/** Stands for what is piped in. */
const STDIN = '-'

export const validate: CommandDefinition = {
  name: 'validate',
  summary: 'Check files without a server.',
  arguments: [
    {
      name: 'PATH',
      required: false,
      repeated: true,
      summary: 'Folders or files, or - for standard input; else the working directory.',
    },
  ],
  options: [outputOption(['text', 'json', 'sarif', 'junit', 'github'], 'text')],
  examples: [
    'headgate validate ./config',
    'headgate validate streams.yaml -o json',
    'kustomize build ./overlay | headgate validate -',
  ],
  run: runValidate,
}

async function runValidate(invocation: Invocation): Promise<number> {
  const { validatePaths } = await import('./validate-paths.ts')
  const { terminal } = invocation
  const paths = invocation.arguments.length === 0 ? ['.'] : invocation.arguments
  const validation = await validatePaths(
    paths.filter((path) => path !== STDIN).map((path) => resolve(path)),
    { stdin: paths.includes(STDIN) ? terminal.stdin : undefined },
  )
  const { problems, resources, files } = validation
  const text = await printedText(validation, invocation)
  if (text !== '') await terminal.print(text)
  for (const line of notesText(validation.notes)) terminal.say(terminal.paint('dim', line))
  const { countText, explainText } = await import('./problems-text.ts')
  const seen = `${counted(resources, 'resource')} in ${counted(files.length, 'file')}`
  if (problems.length === 0) {
    terminal.say(`${seen}: no problems`)
    return 0
  }
  terminal.say(`${seen}: ${countText(problems)}`)
  if (textOption(invocation, 'output') === 'text') terminal.say(explainText(problems))
  return problems.some(({ severity }) => severity === 'error') ? 1 : 0
}

/** As many notes as a person reads; the build of a large cluster has one for each of its other resources. */
const NOTES_SHOWN_MAX = 10

function notesText(notes: readonly string[]): readonly string[] {
  const rest = notes.length - NOTES_SHOWN_MAX
  if (rest <= 0) return notes
  return [...notes.slice(0, NOTES_SHOWN_MAX), `and ${rest} more that were passed over`]
}

/** What every command that judges files prints. */
export async function printedText(
  { problems, files, texts }: Pick<Validation, 'problems' | 'files' | 'texts'>,
  invocation: Invocation,
): Promise<string> {
  switch (textOption(invocation, 'output')) {
    case 'json':
      return `${JSON.stringify({ problems: problems.map(printed) }, null, 2)}\n`
    case 'sarif': {
      const [{ sarifText }, { build }] = await Promise.all([
        import('./problems-sarif.ts'),
        import('./build.ts'),
      ])
      return sarifText(problems, build().version)
    }
    case 'junit':
      return (await import('./problems-junit.ts')).junitText(problems, files)
    case 'github':
      return (await import('./problems-github.ts')).githubText(problems)
    default: {
      const { problemsText } = await import('./problems-text.ts')
      const { paintData } = invocation.terminal
      const text = problemsText(problems, (file) => texts.get(file), paintData)
      return text === '' ? '' : `${text}\n`
    }
  }
}

function printed(problem: Problem): object {
  const { layer, code, severity, file, line, column, message, expected, found, hint } = problem
  return { layer, code, severity, file, line, column, message, expected, found, hint }
}
