/** What was thrown, in a form that leaves the thread. */
import type { ModuleError } from '../module-protocol.ts'

export function toError(thrown: unknown): ModuleError {
  if (thrown instanceof Error) {
    const name = thrown.name === 'Error' ? '' : `${thrown.name}: `
    return { message: `${name}${thrown.message}`, stack: String(thrown.stack) }
  }
  return { message: `${String(thrown)} was thrown`, stack: '' }
}
