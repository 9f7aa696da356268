/** Several problems for people, and how many they are. How one reads is told by the sets that find it. */
import type { Problem } from '../controllers/sets/problem.ts'
import { problemText } from '../controllers/sets/problem-text.ts'
import { counted } from './amounts.ts'
import type { Terminal } from './terminal.ts'

/** The text of a file by the path that its problems name, or undefined where it cannot be had. */
export type SourceTexts = (file: string) => string | undefined

export function problemsText(
  problems: readonly Problem[],
  texts: SourceTexts,
  paint: Terminal['paint'],
): string {
  return problems
    .map((problem) => painted(problem, problemText(problem, texts(problem.file)), paint))
    .join('\n')
}

/** `2 errors, 1 warning` */
export function countText(problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length
  const warnings = problems.length - errors
  const parts = [
    ...(errors === 0 ? [] : [counted(errors, 'error')]),
    ...(warnings === 0 ? [] : [counted(warnings, 'warning')]),
  ]
  return parts.join(', ')
}

/** Where the codes of a report are explained. */
export function explainText(problems: readonly Problem[]): string {
  const codes = [...new Set(problems.map(({ code }) => code))]
  return codes.map((code) => `  headgate explain ${code}`).join('\n')
}

/** The first line in bold red or yellow; the line of the file as it is. */
function painted({ severity }: Problem, text: string, paint: Terminal['paint']): string {
  const [head = '', ...rest] = text.split('\n')
  return [paint(severity === 'error' ? 'red' : 'yellow', head), ...rest].join('\n')
}
