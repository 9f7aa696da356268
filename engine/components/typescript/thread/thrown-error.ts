/** What was thrown, in a form that leaves the thread. */
import type { ModuleError } from '../module-protocol.ts'
import { kindOf } from './stream-record.ts'

/** Whatever it is: what is thrown may throw when one looks at it. */
export function toError(thrown: unknown): ModuleError {
  try {
    return errorOf(thrown)
  } catch {
    return { message: 'something was thrown that does not let itself be read', stack: '' }
  }
}

function errorOf(thrown: unknown): ModuleError {
  if (thrown instanceof Error) {
    return {
      message: [textOf(thrown), ...causesOf(thrown)].join(': '),
      stack: String(thrown.stack),
    }
  }
  // Only an Error knows where it was made.
  const what = typeof thrown === 'string' ? JSON.stringify(thrown) : kindOf(thrown)
  return { message: `${what} was thrown: throw an Error, which tells its place`, stack: '' }
}

const CAUSES_MAX = 3

/** `fetch failed` says nothing without them. */
function causesOf(error: Error): readonly string[] {
  const texts: string[] = []
  let cause = causeOf(error)
  for (let depth = 0; cause instanceof Error && depth < CAUSES_MAX; depth++) {
    const text = textOf(cause)
    if (text !== '') texts.push(text)
    cause = causeOf(cause)
  }
  return texts
}

/** Of several at once, the first. */
function causeOf(error: Error): unknown {
  return error.cause ?? (error instanceof AggregateError ? error.errors[0] : undefined)
}

function textOf({ name, message }: Error): string {
  if (name === 'Error') return message
  return message === '' ? name : `${name}: ${message}`
}
