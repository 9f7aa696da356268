/**
 * Conditions as kstatus reads them: Ready always; Reconciling and Stalled only when true.
 *
 * Reasons are CamelCase and documented in `reasons.ts`; messages are sentences for people and never carry a secret.
 */
import type { ErrorCode } from '../../engine/error-codes.ts'
import type { Reason } from './reasons.ts'

// biome-ignore format: a table reads best as one line an entry
export const CONDITION_TYPES = {
  Ready: 'This generation is as declared: a stream takes appends, a pipeline runs. Always there.',
  Reconciling: 'It is on its way, and needs nobody. Only when true.',
  Stalled: 'It waits for somebody to change something. Only when true.',
  Connected: 'Both ends of a pipeline or a sink are connected; what is away is tried again for ever.',
  Completed: 'The finite input of a pipeline has ended; it is not run again for the same declaration.',
  PruneBlocked: 'It is no longer declared and is kept; the reason says why. Only when true.',
  Orphaned: 'Its source is not configured any more; it keeps running. Only when true.',
  Conflict: 'A second source declares it too. Only when true.',
  Suspended: 'Nothing of it is changed until it is resumed; what runs goes on running. Only when true.',
  Pinned: 'The source is rolled back and held at a revision, until it says something else. Only when true.',
  Drifted: 'Somebody changed it behind our back, and it is left so. Only when true.',
  QuotaPressure: 'The quota of its namespace is nearly full, or refuses appends; the reason says which. Only when true.',
} as const

export interface Condition {
  readonly type: keyof typeof CONDITION_TYPES
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: ConditionReason
  readonly message: string
  /** RFC 3339; changes only when `status` does. */
  readonly lastTransitionTime?: string
}

/** What failed says so with the code of its error. */
export type ConditionReason = Reason | ErrorCode
