/** What was written is wrong: one error that carries all that is, each with its place. */
import { HeadgateError } from '../engine/error.ts'
import type { Problem } from './sets/problem.ts'

export class ProblemsError extends HeadgateError {
  readonly problems: readonly Problem[]
  /** Which field each is about, `spec.retention.age`, where that is known. */
  readonly fields: ReadonlyMap<Problem, string>

  /** `what` begins the sentence: `Stream default/orders`, `The set`. */
  constructor(
    what: string,
    problems: readonly Problem[],
    fields: ReadonlyMap<Problem, string> = new Map(),
  ) {
    const errors = problems.filter(({ severity }) => severity === 'error')
    const [first] = errors
    const others = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
    super('Invalid', `${what} is invalid: ${first?.message ?? 'it cannot be read'}${others}`, {
      ...(first?.hint === undefined ? {} : { hint: first.hint }),
    })
    this.problems = problems
    this.fields = fields
  }
}
