/** The one error class: a code of the table, a sentence for a person, and the cause for an operator. */
import { ERROR_CODES, type ErrorClass, type ErrorCode } from './error-codes.ts'

export interface ErrorDetails {
  readonly cause?: unknown
  /** How long to wait before the next try, when the thrower knows better than a back-off. */
  readonly retryAfterMs?: number
  /** What to do next, in one sentence; printed after the message. */
  readonly hint?: string
}

export class HeadgateError extends Error {
  readonly code: ErrorCode
  readonly retryAfterMs: number | undefined
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'HeadgateError'
    this.code = code
    this.retryAfterMs = details.retryAfterMs
    this.hint = details.hint
  }

  get class(): ErrorClass {
    return ERROR_CODES[this.code]
  }
}

/** What a caught value is to us: one of ours stays as it is, anything else is a defect of ours. */
export function asHeadgateError(thrown: unknown): HeadgateError {
  if (thrown instanceof HeadgateError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new HeadgateError('Internal', message, { cause: thrown })
}
