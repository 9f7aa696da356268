/** A mapping that failed on a message: it flags that message, and nothing else. */
import { HeadgateError } from '../error.ts'

export class MappingError extends HeadgateError {
  /** True once the text says where it happened, so that no outer expression says it again. */
  readonly located: boolean

  constructor(message: string, located = false) {
    // A mapping may fail and catch for every message: where in our code that was interests nobody and costs much.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super('MappingFailed', message)
    Error.stackTraceLimit = stackTraceLimit
    this.name = 'MappingError'
    this.located = located
  }
}

/** A value of the wrong type. Who called knows where the value came from, and says it with `located`. */
export class TypeMismatch extends MappingError {
  readonly expected: string
  readonly got: string
  /** The value as it reads in a message, empty when showing it would not help. */
  readonly preview: string

  constructor(expected: string, got: string, preview: string) {
    super(`expected ${expected} value, got ${got}`)
    this.expected = expected
    this.got = got
    this.preview = preview
  }
}

/** The same failure, with the origin of the value: "expected string value, got number from field `this.a` (5)". */
export function locate(failure: MappingError, label: string): MappingError {
  if (failure.located) return failure
  if (failure instanceof TypeMismatch) {
    const preview = failure.preview === '' ? '' : ` (${failure.preview})`
    return new MappingError(`${failure.message} from ${label}${preview}`, true)
  }
  return new MappingError(`${label}: ${failure.message}`, true)
}

/** What a mapping may throw: its own failures as they are, and a stack that ran out, which deep data can cause. */
export function asMappingError(thrown: unknown): MappingError {
  if (thrown instanceof MappingError) return thrown
  if (thrown instanceof RangeError) return new MappingError('the data is nested too deeply')
  throw thrown
}
