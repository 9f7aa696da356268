/** The mapping that somebody gives on the command line or in a file, compiled; what is wrong is told with a caret. */
import { readFileSync } from 'node:fs'
import type { Mapping, MappingProblem } from '../engine/bloblang/mapping.ts'
import { HeadgateError } from '../engine/error.ts'
import type { Terminal } from './terminal.ts'

export interface GivenMapping {
  readonly text: string
  /** As messages call it. */
  readonly name: string
  readonly path: string | undefined
}

/** Either a text or a file; anything else is a usage error. */
export function givenMapping(text: string | undefined, path: string | undefined): GivenMapping {
  if (text !== undefined && path !== undefined) {
    throw new HeadgateError('Usage', 'expected a mapping or --file, got both')
  }
  if (text !== undefined) return { text, name: 'mapping', path: undefined }
  if (path === undefined) {
    throw new HeadgateError('Usage', 'expected a mapping or --file', {
      hint: "Write for example: headgate blobl 'root.name = this.name.uppercase()'",
    })
  }
  return { text: readMappingFile(path), name: path, path }
}

export function readMappingFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new HeadgateError('Usage', `expected a mapping in a file, and ${path} cannot be read`, {
      cause,
    })
  }
}

/** Undefined once its problems are told. */
export async function compileGiven(
  given: GivenMapping,
  terminal: Terminal,
): Promise<Mapping | undefined> {
  const [{ compileMapping }, { processEnvironment }, { personalFiles }] = await Promise.all([
    import('../engine/bloblang/bloblang.ts'),
    import('./bloblang-environment.ts'),
    import('./mapping-files.ts'),
  ])
  const environment = { ...processEnvironment(), files: personalFiles(given.path) }
  const compiled = compileMapping(given.text, environment)
  const found = compiled.ok ? compiled.warnings : compiled.problems
  for (const problem of found) {
    terminal.say(problemText(given, problem, compiled.ok ? 'warning' : 'error'))
  }
  return compiled.ok ? compiled.value : undefined
}

/** The line of the mapping with a caret beneath the place. */
export function problemText(
  { text, name }: GivenMapping,
  problem: MappingProblem,
  severity: 'error' | 'warning',
): string {
  const source = text.split('\n')[problem.line - 1] ?? ''
  const gutter = `${problem.line} | `
  const caret = `${' '.repeat(gutter.length + problem.column - 1)}^`
  const lines = [
    `${name}:${problem.line}:${problem.column}: ${severity}: ${problem.message}`,
    `${gutter}${source}`,
    caret,
  ]
  if (problem.expected !== undefined && !problem.message.includes(problem.expected))
    lines.push(`  expected ${problem.expected}`)
  if (problem.hint !== undefined) lines.push(`  ${problem.hint}`)
  return lines.join('\n')
}
