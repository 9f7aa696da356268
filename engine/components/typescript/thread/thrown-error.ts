/** What was thrown, in a form that leaves the thread. */
import type { ModuleError } from '../module-protocol.ts'
import { kindOf } from './stream-record.ts'

export function toError(thrown: unknown): ModuleError {
  if (thrown instanceof Error) {
    const name = thrown.name === 'Error' ? '' : `${thrown.name}: `
    return { message: `${name}${thrown.message}`, stack: String(thrown.stack) }
  }
  // Only an Error knows where it was made.
  const what = typeof thrown === 'string' ? JSON.stringify(thrown) : kindOf(thrown)
  return { message: `${what} was thrown: throw an Error, which tells its place`, stack: '' }
}
