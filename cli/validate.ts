/** `headgate validate [PATH…]`: judges files offline, exactly as a server would, and changes nothing. */
import { resolve } from 'node:path'
import type { Problem } from '../controllers/sets/problem.ts'
import { counted } from './amounts.ts'
import { type CommandDefinition, type Invocation, outputOption, textOption } from './command.ts'

export const validate: CommandDefinition = {
  name: 'validate',
  summary: 'Check files without a server.',
  arguments: [
    {
      name: 'PATH',
      required: false,
      repeated: true,
      summary: 'Folders or files; else the working directory.',
    },
  ],
  options: [outputOption(['text', 'json'], 'text')],
  examples: ['headgate validate ./config', 'headgate validate streams.yaml -o json'],
  run: runValidate,
}

async function runValidate(invocation: Invocation): Promise<number> {
  const [{ validatePaths }, { countText, problemsText }] = await Promise.all([
    import('./validate-paths.ts'),
    import('./problems-text.ts'),
  ])
  const { terminal } = invocation
  const paths = invocation.arguments.length === 0 ? ['.'] : invocation.arguments
  const { problems, resources, files, texts } = await validatePaths(
    paths.map((path) => resolve(path)),
  )
  if (textOption(invocation, 'output') === 'json') {
    await terminal.print(`${JSON.stringify({ problems: problems.map(printed) }, null, 2)}\n`)
  } else if (problems.length > 0) {
    await terminal.print(
      `${problemsText(problems, (file) => texts.get(file), terminal.paintData)}\n`,
    )
  }
  const seen = `${counted(resources, 'resource')} in ${counted(files, 'file')}`
  terminal.say(problems.length === 0 ? `${seen}: no problems` : `${seen}: ${countText(problems)}`)
  return problems.some(({ severity }) => severity === 'error') ? 1 : 0
}

function printed(problem: Problem): object {
  const { layer, code, severity, file, line, column, message, expected, found, hint } = problem
  return { layer, code, severity, file, line, column, message, expected, found, hint }
}
