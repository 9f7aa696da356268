/** A folder that somebody named: it must be there, or the command was called wrongly. */
import { statSync } from 'node:fs'
import { HeadgateError } from '../engine/error.ts'

export function requireFolder(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) {
    throw new HeadgateError('Usage', `there is no folder ${path}`, {
      hint: 'Check the name, or create it first: a folder may be empty.',
    })
  }
  if (found.isDirectory()) return path
  throw new HeadgateError('Usage', `expected a folder, got the file ${path}`, {
    hint: 'Name the folder that holds it.',
  })
}
