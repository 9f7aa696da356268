/** How the contract's linter words a problem: `(line,col) text`, with texts of its own for the commonest ones. */
import type { Problem } from '../sets/problem.ts'

type Worded = Pick<Problem, 'message' | 'hint'>

export function lintText(problem: Worded & Pick<Problem, 'line' | 'column'>): string {
  return `(${problem.line},${problem.column}) ${wordsOf(problem)}`
}

/** Field of another component, unknown field, missing field, component that cannot be told; else our own words. */
function wordsOf({ message, hint }: Worded): string {
  const beside = /^unknown field "(.*)" beside ([a-z_]+) ([a-z0-9_]+)$/.exec(message)
  if (beside !== null) return `${invalidBeside(beside[1], beside[3], beside[2])}${nearHint(hint)}`
  const both = /^expected one ([a-z_]+), got ([a-z0-9_]+) and ([a-z0-9_]+)/.exec(message)
  if (both !== null) return invalidBeside(both[3], both[2], both[1])
  const unknown =
    /^unknown field "(.*)"$/.exec(message) ?? /^there is no field (\S+) in /.exec(message)
  if (unknown !== null) return `field ${unknown[1]} not recognised${nearHint(hint)}`
  const missing = /^missing field "(.*)"$/.exec(message)
  if (missing !== null) return `field ${missing[1]} is required`
  if (UNTOLD.test(message)) return `unable to infer component type: ${withHint(message, hint)}`
  return withHint(message, hint)
}

/** A component whose type is not known, or not written. */
const UNTOLD = /^there is no [a-z_]+ named |^expected an? [a-z_ ]+, got an empty object$/

function invalidBeside(
  field: string | undefined,
  component: string | undefined,
  role: string | undefined,
): string {
  return `field ${field} is invalid when the component type is ${component} (${role})`
}

/** Only what was probably meant: what reads these lints does not expect a list of all fields. */
function nearHint(hint: string | undefined): string {
  return hint !== undefined && /^did you mean /i.test(hint) ? `: d${hint.slice(1)}` : ''
}

export function withHint(message: string, hint: string | undefined): string {
  return hint === undefined ? message : `${message}: ${hint}`
}
