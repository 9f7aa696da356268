/** What a file that is no longer what it was, or that could not be read, means for completeness. */
import type { Problem } from './problem.ts'
import type { FileReading } from './read-file.ts'

export interface JudgedFile {
  readonly problems: readonly Problem[]
  readonly incompleteBecause: readonly string[]
}

export interface Unreadable {
  readonly path: string
  readonly because: string
}

const NOTHING: JudgedFile = { problems: [], incompleteBecause: [] }

/** `heldBefore`: it is known to have held resources. */
export function judgeFile(path: string, reading: FileReading, heldBefore: boolean): JudgedFile {
  if (isPlain(reading)) return NOTHING
  const own = new Set(reading.declarations.flatMap(({ problems }) => problems))
  const problems = [
    ...reading.problems.filter((problem) => !own.has(problem)),
    ...reading.strangers,
  ]
  const held = heldBefore || reading.declarations.length > 0
  const incompleteBecause = [...reading.incompleteBecause]
  if (held) {
    incompleteBecause.push(
      ...reading.strangers.map(({ file, line, message }) => `${file}:${line}: ${message}`),
    )
  }
  if (heldBefore && reading.documents === 0 && reading.problems.length === 0) {
    const message = 'expected at least one document, as there were some before, got none'
    incompleteBecause.push(`${path}: ${message}`)
    problems.push({
      file: path,
      line: 1,
      column: 1,
      layer: 'syntax',
      severity: 'error',
      code: 'FileEmptied',
      message,
      hint: 'remove the file if its resources are meant to go',
    })
  }
  return { problems, incompleteBecause }
}

function isPlain(reading: FileReading): boolean {
  return (
    reading.documents > 0 &&
    reading.problems.length === 0 &&
    reading.strangers.length === 0 &&
    reading.incompleteBecause.length === 0
  )
}

export function unreadableProblem({ path, because }: Unreadable): Problem {
  return {
    file: path,
    line: 1,
    column: 1,
    layer: 'syntax',
    severity: 'error',
    code: 'SourceUnreadable',
    message: `expected a file or folder that can be read: ${because}`,
    hint:
      path === '.'
        ? 'it is read once it is there and at rest; until then nothing of this source is deleted'
        : 'make it readable or remove it; until then nothing of this source is deleted',
  }
}
