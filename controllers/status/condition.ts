/**
 * Conditions as kstatus reads them: Ready always; Reconciling and Stalled only when true.
 *
 * Reasons are CamelCase and documented in `reasons.ts`; messages are sentences for people and never carry a secret.
 */
export interface Condition {
  readonly type:
    | 'Ready'
    | 'Reconciling'
    | 'Stalled'
    | 'Connected'
    | 'Completed'
    | 'PruneBlocked'
    | 'Orphaned'
    | 'Conflict'
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
  /** RFC 3339; changes only when `status` does. */
  readonly lastTransitionTime?: string
}
