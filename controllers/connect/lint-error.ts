/** What was posted does not pass the linter: every text with its place, as the contract writes them. */
import { HeadgateError } from '../../engine/error.ts'

export class LintError extends HeadgateError {
  /** `(line,col) text`, in the order of their places. */
  readonly lints: readonly string[]

  constructor(lints: readonly string[]) {
    super('Invalid', `What was posted does not pass the linter: ${lints[0] ?? 'it is empty'}`)
    this.lints = lints
  }
}
