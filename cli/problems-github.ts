/** Problems as workflow commands, which GitHub shows beside the changed lines of a pull request. */
import type { Problem } from '../controllers/sets/problem.ts'
import { sentence } from './problems-sarif.ts'

export function githubText(problems: readonly Problem[]): string {
  return problems.map((problem) => `${command(problem)}\n`).join('')
}

function command(problem: Problem): string {
  const { severity, file, line, column, code, width = 1 } = problem
  const properties = {
    file,
    line,
    col: column,
    endColumn: column + width,
    title: code,
  }
  const listed = Object.entries(properties).map(
    ([name, value]) => `${name}=${property(`${value}`)}`,
  )
  return `::${severity} ${listed.join(',')}::${data(sentence(problem))}`
}

/** What would end the command is written as the runner reads it back. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
