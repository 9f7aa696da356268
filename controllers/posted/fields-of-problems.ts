/**
 * Which field of a posted object each problem is about, as Kubernetes writes it: `spec.retention.age`.
 *
 * Problems tell lines of the object's text, and that text has each field on a line of its own.
 */
import type { Problem } from '../sets/problem.ts'

/** By problem; what is about the object as a whole has none. */
export function fieldsOfProblems(
  object: unknown,
  problems: readonly Problem[],
): ReadonlyMap<Problem, string> {
  const lines: string[] = []
  walk(object, '', lines)
  return new Map(
    problems.flatMap((problem): [Problem, string][] => {
      const field = lines[problem.line - 1]
      return field === undefined || field === '' ? [] : [[problem, field]]
    }),
  )
}

/** One entry a line of `JSON.stringify(value, undefined, 2)`. */
function walk(value: unknown, path: string, lines: string[]): void {
  lines.push(path)
  if (typeof value !== 'object' || value === null) return
  const isList = Array.isArray(value)
  const entries = Object.entries(value).filter(([, field]) => isList || field !== undefined)
  for (const [name, field] of entries) {
    const step = isList ? `[${name}]` : path === '' ? name : `.${name}`
    walk(field, `${path}${step}`, lines)
  }
  if (entries.length > 0) lines.push(path)
}
