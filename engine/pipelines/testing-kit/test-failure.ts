/** What a test was not satisfied with. */
import type { ConfigPath } from '../component-config.ts'

export interface TestFailure {
  /** From the test: `['output_batches', 0, 1, 'json_equals']`. */
  readonly path: ConfigPath
  readonly message: string
  /** Where it differs, a line each. */
  readonly details: readonly string[]
}

/** The test as a whole cannot be run as it is written. */
export class Refused extends Error {
  readonly failure: TestFailure

  constructor(path: ConfigPath, message: string, hint?: string) {
    super(message)
    this.failure = { path, message, details: hint === undefined ? [] : [hint] }
  }
}
