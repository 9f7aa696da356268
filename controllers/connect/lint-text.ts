/** How the contract's linter words a problem: `(line,col) text`, with texts of its own for the commonest ones. */
import type { Problem } from '../sets/problem.ts'

type Worded = Pick<Problem, 'message' | 'code' | 'found' | 'expected' | 'hint'>

export function lintText(problem: Worded & Pick<Problem, 'line' | 'column'>): string {
  return `(${problem.line},${problem.column}) ${wordsOf(problem)}`
}

/** Field of another component, unknown field, missing field, component that cannot be told; else our own words. */
function wordsOf({ message, code, hint }: Worded): string {
  const beside = /^unknown field "(.*)" beside ([a-z_]+) ([a-z0-9_]+)$/.exec(message)
  if (beside !== null) return invalidBeside(beside[1], beside[3], beside[2])
  const both = /^expected one ([a-z_]+), got ([a-z0-9_]+) and ([a-z0-9_]+)/.exec(message)
  if (both !== null) return invalidBeside(both[3], both[2], both[1])
  const unknown =
    /^unknown field "(.*)"$/.exec(message) ?? /^there is no field (\S+) in /.exec(message)
  if (unknown !== null) return `field ${unknown[1]} not recognised`
  const missing = /^missing field "(.*)"$/.exec(message)
  if (missing !== null) return `field ${missing[1]} is required`
  if (code === 'ComponentUnknown' || /^expected an? [a-z_ ]+, got an empty object$/.test(message))
    return `unable to infer component type: ${withHint(message, hint)}`
  return withHint(message, hint)
}

function invalidBeside(
  field: string | undefined,
  component: string | undefined,
  role: string | undefined,
): string {
  return `field ${field} is invalid when the component type is ${component} (${role})`
}

export function withHint(message: string, hint: string | undefined): string {
  return hint === undefined ? message : `${message}: ${hint}`
}
