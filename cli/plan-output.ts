/** Prints a plan in the form that was asked for: problems are talk, the plan is data. */
import type { SourceFile } from '../controllers/control-plane.ts'
import type { Problem } from '../controllers/sets/problem.ts'
import type { OptionDefinition } from './command.ts'
import { type Invocation, outputOption, textOption } from './command.ts'
import type { PlannedSet } from './plan-client.ts'

export const PLAN_OUTPUT_OPTION: OptionDefinition = outputOption(
  ['text', 'markdown', 'json'],
  'text',
)

export async function printPlan(
  invocation: Invocation,
  planned: PlannedSet,
  files: readonly SourceFile[],
): Promise<void> {
  const { terminal } = invocation
  await sayProblems(invocation, planned.problems, files)
  switch (textOption(invocation, 'output')) {
    case 'json':
      await terminal.print(`${JSON.stringify(planned, null, 2)}\n`)
      break
    case 'markdown': {
      const { planMarkdown } = await import('./plan-markdown.ts')
      await terminal.print(planMarkdown(planned))
      break
    }
    default: {
      const { planText } = await import('./plan-text.ts')
      const { paintData: paint, columns } = terminal
      await terminal.print(planText(planned, { paint, columns }))
    }
  }
}

/** With the lines of the files that they are in. */
export async function sayProblems(
  { terminal }: Invocation,
  problems: readonly Problem[],
  files: readonly SourceFile[],
): Promise<void> {
  if (problems.length === 0) return
  const { problemsText } = await import('./problems-text.ts')
  const texts = new Map(files.map((file) => [file.path, file.text]))
  terminal.say(problemsText(problems, (file) => texts.get(file), terminal.paint))
}

export function hasErrors({ problems }: PlannedSet): boolean {
  return problems.some(({ severity }) => severity === 'error')
}
