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
    const name = thrown.name === 'Error' ? '' : `${thrown.name}: `
    return { message: `${name}${thrown.message}`, stack: String(thrown.stack) }
  }
  // Only an Error knows where it was made.
  const what = typeof thrown === 'string' ? JSON.stringify(thrown) : kindOf(thrown)
  return { message: `${what} was thrown: throw an Error, which tells its place`, stack: '' }
}
