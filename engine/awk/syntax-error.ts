/** A text that is no program, and where. */
import { HeadgateError } from '../error.ts'
import type { Place } from './tree.ts'

export class AwkSyntaxError extends HeadgateError {
  constructor(message: string, { line, column }: Place) {
    super('ComponentConfigInvalid', `line ${line} column ${column}: ${message}`)
    this.name = 'AwkSyntaxError'
  }
}
