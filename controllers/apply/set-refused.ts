/** A set that was refused in whole, or failed and was taken back: nothing has changed, and here is why, one by one. */
import type { Identity } from '../../crds/resource.ts'
import { type ErrorDetails, HeadgateError } from '../../engine/error.ts'
import type { Verb } from '../plan/plan.ts'

export interface RefusedAction {
  readonly identity: Identity
  readonly verb: Verb
  /** The planner holds it back, or it was tried and failed. */
  readonly because: 'held' | 'failed'
  readonly message: string
  /** What to do about it. */
  readonly hint?: string | undefined
}

export class SetRefused extends HeadgateError {
  readonly refused: readonly RefusedAction[]

  constructor(message: string, refused: readonly RefusedAction[], details: ErrorDetails = {}) {
    super('ApplyFailed', message, details)
    this.refused = refused
  }
}
